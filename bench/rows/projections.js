// Projections: scripts of users, run in their sandbox.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { compare } from "../compare.js";
import { runScript, startVarve } from "../processes.js";

const EVENTS = 100_000;
/** A million events in all. */
const TIMES = 10;
const COUNT = `fromAll().when({
	$any(s, e) { s[e.category] = (s[e.category] || 0) + 1; },
})`;

export const rows = [
	{
		name: "projection-count",
		what: "a projection that counts by category, over 1 M events of a log, state handed out by 500",
		floorIs: "plain Node.js: better-sqlite3 SELECT of the same rows, each parsed and counted",
		unit: "events/s",
		target: { ratio: 0.25 },
		run: count,
	},
	{
		name: "projection-server",
		what: "the same projection in a server, from the answer to its creation until it is at the head of 500,000 events",
		floorIs: "the same plain Node.js",
		unit: "events/s",
		target: { ratio: 0.25 },
		run: countInServer,
	},
];

async function count(bench) {
	const directory = await ordersOf(bench, EVENTS);
	const rateOf = async (script) => Number(await runScript(script, [directory, String(TIMES)]));
	return compare(
		bench,
		() => rateOf("bench/floors/fold.js"),
		() => rateOf("bench/load/project.js"),
	);
}

async function countInServer(bench) {
	const events = 5 * EVENTS;
	const directory = await ordersOf(bench, events);
	// The other log, in which no projection has written anything.
	const plain = await ordersOf(bench, EVENTS);
	return compare(
		bench,
		async () => Number(await runScript("bench/floors/fold.js", [plain, "5"])),
		() => rateInServer(directory, events),
	);
}

function ordersOf(bench, events) {
	const directory = join(bench.workDir, `orders-${events}`);
	const size = [directory, String(events), "1000"];
	return bench.once(directory, () => runScript("bench/load/fill.js", size));
}

/** The log grows by the few events of the projection itself. */
async function rateInServer(directory, events) {
	const args = ["--insecure", "--allow-anonymous", "--insecure-defaults"];
	const server = await startVarve(directory, args);
	try {
		const ask = async (method, path, body) =>
			(await fetch(server.url + path, { method, body })).json();
		const name = `count-${Date.now()}`;
		await fetch(`${server.url}/projections/continuous?name=${name}`, {
			method: "POST",
			body: COUNT,
		});
		const startedAt = performance.now();
		for (;;) {
			await sleep(20);
			const { status, lagEvents } = await ask("GET", `/projection/${name}`);
			if (status.startsWith("Faulted")) throw new Error(status);
			if (status === "Running" && lagEvents === 0) break;
		}
		const seconds = (performance.now() - startedAt) / 1000;
		const counted = await ask("GET", `/projection/${name}/state`);
		if (counted.order !== events) throw new Error(`${counted.order} of ${events} were counted`);
		return events / seconds;
	} finally {
		await server.stop();
	}
}
