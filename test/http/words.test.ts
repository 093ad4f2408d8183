/** What the server remembers a request by holds every header that a page depends on. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { changesRead, READ_CHANGING_HEADERS } from "../../src/http/request/headers.ts";
import { batch, get } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

/** In the words of a request; `remembered` pages answer `If-None-Match` anew each time. */
const IN_WORDS = ["host", "accept", "accept-encoding", "if-none-match", "varve-if-none-match"];
/** Read of every request by its connection, before and behind the answer. */
const OF_THE_CONNECTION = ["content-length", "transfer-encoding", "connection", "expect"];
/** The door asks these of every request: who sends it, and what a browser does with the answer. */
const AT_THE_DOOR = ["authorization", "cookie", "sec-fetch-dest"];

let servers: Servers;
beforeEach(async () => {
	servers = await startServers();
});
afterEach(() => servers.close());

test.each([
	["the head of a stream", "/streams/s"],
	["a forward page", "/streams/s/0/forward/1?embed=body"],
	["a backward page", "/streams/s/0/backward/1"],
])("%s depends on no other header", async (_, path) => {
	await servers.ask(batch("s", [{ eventId: crypto.randomUUID(), eventType: "T", data: {} }]));
	const read = await headersReadBy(() => servers.ask(get(path)));
	const known = [...IN_WORDS, ...OF_THE_CONNECTION, ...AT_THE_DOOR, ...READ_CHANGING_HEADERS];
	expect(read.size).toBeGreaterThan(0);
	expect([...read].filter((name) => !known.includes(name))).toEqual([]);
});

test("a request with any header that changes a read is read in full", () => {
	for (const name of READ_CHANGING_HEADERS)
		expect([name, changesRead({ [name]: "" })]).toEqual([name, true]);
	expect(changesRead({ accept: "*/*", "es-eventid": "1", "es-expectedversion": "0" })).toBe(false);
});

test("what HEAD asked for is not remembered for GET", async () => {
	await servers.ask(batch("s", [{ eventId: crypto.randomUUID(), eventType: "T", data: {} }]));
	for (const method of ["HEAD", "GET", "HEAD", "GET"]) {
		const reply = await servers.ask({ ...get("/streams/s/0/forward/1"), method });
		expect([reply.status, reply.body.length > 0]).toEqual([200, method === "GET"]);
	}
});

/** The names of all headers that the server reads of its requests while `work` runs. */
async function headersReadBy(work: () => Promise<unknown>): Promise<Set<string>> {
	const read = new Set<string>();
	const watch = (message: unknown) => {
		const { request } = message as { request: IncomingMessage };
		const headers = new Proxy(request.headers, {
			get(target, name: string) {
				read.add(name);
				return target[name];
			},
		});
		Object.defineProperty(request, "headers", { value: headers });
	};
	subscribe("http.server.request.start", watch);
	try {
		await work();
	} finally {
		unsubscribe("http.server.request.start", watch);
	}
	return read;
}
