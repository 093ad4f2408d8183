/**
 * What a client of EventStore asked of a real server about projections, and what that answered
 * (EventStoreDB 4.1, `recorded/projections.json`), asked here in the same order. What differs is
 * named, with the departure that says so.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Json, Reply } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";
import { Asker } from "../http/projections/asker.ts";

type Listed = { readonly name: string; readonly status: string; readonly mode: string };
type Recorded = {
	readonly request: string;
	readonly body?: string;
	readonly type?: string;
	readonly status: number;
	readonly answered: string;
	readonly answer?: unknown;
	readonly listed?: readonly Listed[];
	/** Of an entry of a list. */
	readonly members?: readonly string[];
};

const FILE = new URL("recorded/projections.json", import.meta.url);
const RECORDED = JSON.parse(readFileSync(FILE, "utf8")) as readonly Recorded[];
const FORM = "application/x-www-form-urlencoded";

let servers: Servers;
let admin: Asker;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, insecure: false });
	admin = new Asker(servers);
});
afterAll(() => servers.close());

/** As the client sent it, whose bodies are said to be forms, whatever they are. */
function replay({ request, body, type = FORM }: Recorded): Promise<Reply> {
	const [method = "", path = ""] = request.split(" ");
	return admin.ask(method, path, body, method === "GET" ? {} : { "Content-Type": type });
}

const membersOf = ({ json }: Reply) => (json.projections as Json[]).map((one) => Object.keys(one));
const listedIn = ({ json }: Reply) =>
	(json.projections as Json[]).map(({ name, status, mode }) => ({ name, status, mode }));

test("the exchanges of a client about projections end as they did with EventStore", async () => {
	for (const recorded of RECORDED) {
		const { request, status, answered, answer, listed, members } = recorded;
		const reply = await replay(recorded);
		expect([request, reply.status]).toEqual([request, status]);
		if (status === 404) {
			// Departure 5: a problem document in place of a text.
			expect(reply.headers["content-type"]).toBe("application/problem+json");
			continue;
		}
		// An append answers with no body here, and so says no type.
		if (!request.includes("/streams/")) expect(reply.headers["content-type"]).toBe(answered);
		for (const member of members ?? []) {
			expect([member, membersOf(reply).every((one) => one.includes(member))]).toEqual([
				member,
				true,
			]);
		}
		if (listed) await untilListed(recorded, listed);
		else if (/\/(?:state|result)/.test(request)) await untilState(recorded, answer);
		// Members that we have besides are ours; those that are recorded have the same values.
		else if (answer !== undefined) expect(reply.json).toMatchObject(answer as object);
	}
}, 120_000);

/** The list has those that EventStore lists, as soon as they have come to what they are. */
async function untilListed(recorded: Recorded, listed: readonly Listed[]): Promise<void> {
	await until(async () => {
		const found = listedIn(await replay(recorded));
		return listed.every(({ name, status, mode }) => {
			const [word = ""] = status.split(/[/ ]/);
			return found.some((one) => {
				return one.name === name && one.mode === mode && String(one.status).startsWith(word);
			});
		});
	});
}

/** A state comes when the projection has come to its event. */
async function untilState(recorded: Recorded, answer: unknown): Promise<void> {
	const { text } = await until(async () => {
		const reply = await replay(recorded);
		return reply.text === "" || reply.text === '{"data":{}}' ? undefined : reply;
	});
	expect(JSON.parse(text)).toEqual(answer);
}

test("the sample of the contract: a counter is made, looked at, stopped, and then deleted", async () => {
	for (let n = 0; n < 3; n++) await admin.append(`counted-${randomUUID()}`, "Counted", {});
	const query =
		"fromAll().when({$init:()=>({count:0}), $any:(s,e)=>{ if (e.eventType === 'Counted') s.count++ }})";
	const made = await admin.create("continuous", { name: "counter", emit: "yes" }, query);
	expect([made.status, made.json.name]).toEqual([201, "counter"]);
	expect(made.headers.location).toBe(`${servers.url}/projection/counter`);
	await admin.atHead("counter");
	const state = await admin.ask("GET", "/projection/counter/state");
	expect(state.json).toEqual({ count: 3 });
	expect(JSON.parse(String(state.headers["es-position"]))).toEqual({
		$c: expect.any(Number),
		$p: expect.any(Number),
	});
	// The contract answers 500; 409 says that the client can do something about it.
	const running = await admin.ask("DELETE", "/projection/counter");
	expect([running.status, running.json.type]).toEqual([409, "urn:varve:problem:projection-busy"]);
	const stopped = await admin.ask("POST", "/projection/counter/command/disable");
	expect([stopped.status, stopped.json.name]).toEqual([200, "counter"]);
	expect((await admin.ask("DELETE", "/projection/counter")).status).toBe(200);
});
