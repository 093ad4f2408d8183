/** Servers in one process: what each keeps in mind is its own. */
import { openScavenger } from "../../src/commands/scavenge/scavenger.ts";
import { parseSettings } from "../../src/config.ts";
import { Refusal } from "../../src/errors.ts";
import { Serving } from "../../src/http/serving.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { replacing } from "../log/asking.ts";
import { bare } from "../log/bare.ts";
import { quietRoom } from "../log/room/quiet.ts";
import { toldTo } from "../observe/told.ts";
import { ask, get } from "./ask.ts";

test("each of two servers in a process reports damage, once", async () => {
	const settings = { ...parseSettings([], {}), port: 0 };
	const inner = createMemoryLog();
	const facts = { part: "page 7 of log.db", reason: "a checksum is wrong" };
	const read = async () => {
		throw new Refusal("log-damaged", facts);
	};
	const scavenger = await openScavenger(inner, "test", toldTo(console.error));
	const log = replacing(inner, { read });
	const room = quietRoom();
	const stored = { ...bare(inner), log, room, scavenger };
	const told: unknown[][] = [[], []];
	const servers = told.map(
		(lines) =>
			new Serving(
				stored,
				settings,
				toldTo((what) => lines.push(what)),
			),
	);
	for (const server of servers) {
		const port = await server.listen();
		for (const path of ["/streams/a", "/streams/b"]) {
			const reply = await ask(port, get(path));
			expect([reply.status, reply.json.type]).toEqual([500, "urn:varve:problem:log-damaged"]);
		}
	}
	expect(told).toEqual([
		[expect.stringContaining(facts.part)],
		[expect.stringContaining(facts.part)],
	]);
	for (const server of servers) await server.close();
	room.close();
	await scavenger.close();
	await inner.close();
});
