// The command line imports a log over HTTP, one append an event; and how much memory the server
// takes meanwhile.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { residentMax, runScript, startVarve } from "../processes.js";

export const rows = [
	{
		name: "import",
		what: "varve import of the real log over HTTP",
		unit: "events/s",
		target: { min: 5000 },
		run: importFile,
		skip: ({ dataFile }) => (dataFile ? undefined : "there is no file; --data names one"),
	},
	{
		name: "memory",
		what: "most memory of varve serve while events are imported and read back",
		unit: "MB",
		target: { max: 200 },
		run: memory,
		skip: () => (existsSync("/proc/self/status") ? undefined : "the system has no /proc"),
	},
];

async function importFile(bench) {
	const server = await startVarve(join(bench.workDir, "import"));
	try {
		const said = await runScript("bin/varve", ["import", "--url", server.url, bench.dataFile]);
		return { ours: rateIn(said), note: said };
	} finally {
		await server.stop();
	}
}

async function memory(bench) {
	const events = bench.full ? 1_000_000 : 200_000;
	const server = await startVarve(join(bench.workDir, "memory"));
	try {
		const args = ["import", "--url", server.url, "--source", "bench", "-"];
		const said = await runScript("bin/varve", args, lines(events));
		const imported = residentMax(server.pid);
		await runScript("bench/load/consume.js", [server.url, "1", String(events)]);
		const note = `${said}; ${Math.round(imported / 1e6)} MB after the import`;
		return { ours: residentMax(server.pid) / 1e6, note };
	} finally {
		await server.stop();
	}
}

function rateIn(said) {
	return Number(/([\d,]+) events\/s/.exec(said)[1].replaceAll(",", ""));
}

/** Orders of 20 events each, as NDJSON, a thousand lines a chunk. */
function* lines(events) {
	for (let first = 0; first < events; first += 1000) {
		const chunk = Array.from({ length: Math.min(1000, events - first) }, (_, index) =>
			line(first + index),
		);
		yield chunk.join("");
	}
}

function line(number) {
	const order = Math.floor(number / 2000) * 100 + (number % 100);
	const data = { order, number, customer: `c-${(number * 7919) % 100_000}`, note: "x".repeat(100) };
	return `${JSON.stringify({ stream: `order-${order}`, type: "OrderPlaced", data })}\n`;
}
