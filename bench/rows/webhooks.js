// What ten thousand webhooks cost that have nothing to send: appends, memory, and the next start.
import { join } from "node:path";
import { compare } from "../compare.js";
import { append } from "../load/load.js";
import { residentNow, startVarve } from "../processes.js";

const WEBHOOKS = 10_000;
const AT_ONCE = 32;

export const rows = [
	{
		name: "webhooks-idle",
		what: `append, 32 connections, with ${WEBHOOKS.toLocaleString("en")} webhooks that have nothing to send`,
		floorIs: "ours without a webhook",
		unit: "events/s",
		target: { ratio: 0.95 },
		run: measure,
	},
];

async function measure(bench) {
	const start = (name) => startVarve(join(bench.workDir, name), ["--insecure"]);
	const floor = await start("webhooks-floor");
	let ours = await start("webhooks-ours");
	try {
		await makeAll(ours.url);
		await ours.stop();
		ours = await start("webhooks-ours");
		const load = { connections: 32, seconds: bench.seconds };
		const rate = (server) => () => append(server.url, load);
		const result = await compare(bench, rate(floor), rate(ours));
		const more = (residentNow(ours.pid) - residentNow(floor.pid)) / 1e6;
		const [early, late] = [floor, ours].map(({ startMs }) => Math.round(startMs));
		const note = `start in ${late} ms against ${early}; ${Math.round(more)} MB more after the load`;
		return { ...result, note };
	} finally {
		await floor.stop();
		await ours.stop();
	}
}

/** A third of a stream each, a third of `$all` by names, a third by types: none of what is appended. */
async function makeAll(url) {
	let next = 0;
	const work = async () => {
		for (let at = next++; at < WEBHOOKS; at = next++) {
			const context = at % 3 === 1 ? "streamid" : "eventtype";
			const filter = { context, type: "prefix", data: `idle-${at}` };
			const source = at % 3 === 0 ? { stream: `idle-${at}` } : { stream: "$all", filter };
			const body = JSON.stringify({ url: "https://192.0.2.1/", ...source });
			const headers = { "Content-Type": "application/json" };
			const reply = await fetch(`${url}/webhooks/idle-${at}`, { method: "PUT", headers, body });
			if (reply.status !== 201) throw new Error(`${reply.status} ${await reply.text()}`);
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
}
