// The memory of a server that does all kinds of work at once.
import { join } from "node:path";
import { mixed } from "../load/load.js";
import { residentNow, runScript, startVarve } from "../processes.js";

const STREAMS = 20_000;
const CONNECTIONS = 16;
const SECONDS = { quick: 60, full: 300 };
const SAMPLES = 4;

export const rows = [
	{
		name: "mixed-memory",
		what: `memory under a mixed load, ${STREAMS.toLocaleString("en")} streams, ${CONNECTIONS} connections`,
		floorIs: "the server before the load",
		unit: "MB",
		target: { max: 200 },
		run: measure,
	},
];

/** The largest of some looks, in the second half of the load and after it. */
async function measure(bench) {
	const directory = join(bench.workDir, "mixed-memory");
	await runScript("bench/load/fill.js", [directory, String(5 * STREAMS), "5"]);
	const server = await startVarve(directory);
	try {
		const floor = residentNow(server.pid);
		const seconds = (bench.full ? SECONDS.full : SECONDS.quick) / SAMPLES;
		const looks = [];
		let requests = 0;
		for (let sample = 0; sample < SAMPLES; sample++) {
			const load = { connections: CONNECTIONS, seconds, streams: STREAMS };
			requests += seconds * (await mixed(server.url, load));
			looks.push(residentNow(server.pid));
		}
		const ours = Math.max(...looks.slice(SAMPLES / 2));
		const note = `${Math.round(requests).toLocaleString("en")} requests in ${SAMPLES * seconds} s`;
		return { floor: floor / 1e6, ours: ours / 1e6, note };
	} finally {
		await server.stop();
	}
}
