// A consumer that starts from nothing: every event of $all through feeds, with our reader.
import { join } from "node:path";
import { compare } from "../compare.js";
import { runScript, startVarve } from "../processes.js";

export const rows = [
	{
		name: "catch-up",
		what: "catch-up of one consumer, pages not in the cache",
		floorIs: "better-sqlite3 SELECT of the same rows",
		unit: "events/s",
		target: { ratio: 0.25 },
		run: (bench) => catchUp(bench, ["--cache-pages-max", "1"]),
	},
	{
		name: "catch-up-cached",
		what: "the same, pages in the cache",
		floorIs: "the same",
		unit: "events/s",
		target: {},
		run: (bench) => catchUp(bench, ["--cache-bytes-max", String(1024 ** 3)]),
	},
];

async function catchUp(bench, args) {
	const events = bench.full ? 1_000_000 : 100_000;
	const directory = await orders(bench, events);
	const server = await startVarve(directory, args);
	const consume = [server.url, "1", String(events)];
	try {
		const result = await compare(
			{ ...bench, rounds: Math.min(3, bench.rounds) },
			async () => Number(await runScript("bench/floors/select.js", [directory])),
			async () => Number(await runScript("bench/load/consume.js", consume)),
		);
		return { ...result, note: `${events.toLocaleString("en")} events` };
	} finally {
		await server.stop();
	}
}

async function orders(bench, events) {
	const directory = join(bench.workDir, `orders-${events}`);
	const size = [directory, String(events), "1000"];
	return bench.once(directory, () => runScript("bench/load/fill.js", size));
}
