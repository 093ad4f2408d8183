// What the server keeps for readers that do nothing now: appends beside it, and without it.
import { join } from "node:path";
import { compare } from "../compare.js";
import { append } from "../load/load.js";
import { startVarve } from "../processes.js";

const GROUPS = 1000;
const CONNECTIONS = 32;
const AT_ONCE = 16;

export const rows = [
	{
		name: "idle-readers",
		what: `durable append, ${CONNECTIONS} connections, beside ${GROUPS.toLocaleString("en")} idle groups of 16 partitions and as many positions`,
		floorIs: "the same server without groups and positions",
		unit: "events/s",
		target: { ratio: 0.95 },
		run: measure,
	},
];

async function measure(bench) {
	const floor = await startVarve(join(bench.workDir, "idle-readers-floor"), ["--insecure"]);
	const server = await startVarve(join(bench.workDir, "idle-readers-ours"), ["--insecure"]);
	const appends = (url) => () => append(url, { connections: CONNECTIONS, seconds: bench.seconds });
	try {
		await makeReaders(server.url);
		return await compare(bench, appends(floor.url), appends(server.url));
	} finally {
		await floor.stop();
		await server.stop();
	}
}

/** Groups that had a member once, and positions that were saved. */
async function makeReaders(url) {
	const event = [{ eventId: crypto.randomUUID(), eventType: "T", data: 1 }];
	await send(url, "POST", "/streams/read-1", event, "application/vnd.eventstore.events+json");
	for (let number = 0; number < GROUPS; number += AT_ONCE) {
		const some = Array.from({ length: AT_ONCE }, (_, n) => makeReader(url, number + n));
		await Promise.all(some);
	}
}

async function makeReader(url, number) {
	await send(url, "PUT", `/groups/group-${number}`, { stream: "read-1", partitions: 16 });
	const member = await send(url, "POST", `/groups/group-${number}/members`, {});
	await send(url, "DELETE", `/groups/group-${number}/members/${member.member}`);
	await send(url, "PUT", `/positions/position-${number}`, { stream: "read-1", at: 0 });
}

async function send(url, method, path, body, type = "application/json") {
	const headers = body === undefined ? {} : { "content-type": type };
	const sent = body === undefined ? {} : { body: JSON.stringify(body) };
	const response = await fetch(url + path, { method, headers, ...sent });
	if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
	const text = await response.text();
	return text === "" ? undefined : JSON.parse(text);
}
