// Projections: scripts of users, run in their sandbox.
import { join } from "node:path";
import { compare } from "../compare.js";
import { runScript } from "../processes.js";

const EVENTS = 100_000;
/** A million events in all. */
const TIMES = 10;

export const rows = [
	{
		name: "projection-count",
		what: "a projection that counts by category, over 1 M events of a log, state handed out by 2,000",
		floorIs: "plain Node.js: better-sqlite3 SELECT of the same rows, each parsed and counted",
		unit: "events/s",
		target: { ratio: 0.25 },
		run: count,
	},
];

async function count(bench) {
	const directory = join(bench.workDir, `orders-${EVENTS}`);
	const size = [directory, String(EVENTS), "1000"];
	await bench.once(directory, () => runScript("bench/load/fill.js", size));
	const rateOf = async (script) => Number(await runScript(script, [directory, String(TIMES)]));
	return compare(
		bench,
		() => rateOf("bench/floors/fold.js"),
		() => rateOf("bench/load/project.js"),
	);
}
