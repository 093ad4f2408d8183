/** Names that are nearly those of conditions: refused where something would change (departure 28). */
import { randomUUID } from "node:crypto";
import { batch, get } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	await servers.ask(batch("s", [event()]));
});
afterAll(() => servers.close());

const event = () => ({ eventId: randomUUID(), eventType: "t", data: 1 });
const last = async () => (await servers.ask(get("/streams/$all"))).headers.etag;

const HEADERS = [
	["ES-ExpectedVerison", "ES-ExpectedVersion"],
	["ES-Expected-Version", "ES-ExpectedVersion"],
	["Kurrent-Expected-Version", "ES-ExpectedVersion"],
	["Kurrent-ExpectdVersion", "ES-ExpectedVersion"],
	["ES-Expected", "ES-ExpectedVersion"],
	["ESExpectedVersion", "ES-ExpectedVersion"],
	["EventStore-ExpectedVersion", "ES-ExpectedVersion"],
	["Varve-ExpectedVersion", "ES-ExpectedVersion"],
	["X-ES-ExpectedVersion", "ES-ExpectedVersion"],
	["ExpectedVersion", "ES-ExpectedVersion"],
	["Expected-Version", "ES-ExpectedVersion"],
	["Expected_Verison", "ES-ExpectedVersion"],
	["ES-HardDeleted", "ES-HardDelete"],
	["Hard-Delete", "ES-HardDelete"],
	["ES-EventID2", "ES-EventId"],
	["Event-Type", "ES-EventType"],
	["If-None-Matches", "If-None-Match"],
	["IfMatch", "If-Match"],
] as const;

test.each(HEADERS)(
	"an append and a delete with the header %s are refused, which names %s",
	async (name, meant) => {
		const before = await last();
		const headers = { [name]: "0" };
		for (const sent of [
			batch("s", [event()], headers),
			{ path: "/streams/s", method: "DELETE", headers },
			{ path: "/streams/s/0/data", method: "DELETE", headers },
		]) {
			const reply = await servers.ask(sent);
			expect([reply.status, reply.json]).toMatchObject([
				400,
				{ type: "urn:varve:problem:misspelt-name", kind: "header", name, meant },
			]);
			expect(reply.json.detail).toContain(meant);
		}
		expect(await last()).toBe(before);
	},
);

test.each([
	["expectedVersion=0", "ES-ExpectedVersion"],
	["expected_version=0", "ES-ExpectedVersion"],
	["ES-ExpectedVersion=0", "ES-ExpectedVersion"],
	["a=1&expectedVerison=0", "ES-ExpectedVersion"],
	["hardDelete=true", "ES-HardDelete"],
	["eventType=t", "ES-EventType"],
	["metdata=true", "metadata"],
])("the query parameter of ?%s is refused, too", async (query, meant) => {
	const before = await last();
	for (const path of ["/streams/s", "/streams/s/0/data"]) {
		const reply = await servers.ask({ path: `${path}?${query}`, method: "DELETE" });
		expect([reply.status, reply.json]).toMatchObject([400, { kind: "query parameter", meant }]);
	}
	const written = batch("s", [event()]);
	const reply = await servers.ask({ ...written, path: `/streams/s?${query}` });
	expect([reply.status, reply.json.meant]).toEqual([400, meant]);
	expect(await last()).toBe(before);
});

test.each([
	{ "ES-RequiresMaster": "True", "ES-RequireMaster": "True", "ES-ResolveLinkTo": "false" },
	{ "ES-TrustedAuth": "x", "ES-LongPoll": "5", "Kurrent-HardDelete": "False" },
	{ "X-Request-Id": "1", "X-PINGOTHER": "1", "X-Requested-With": "x", "Event-Time": "1" },
	{ "If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT", Expect: "100-continue", Via: "1.1 a" },
	{ "ES-Position": "4", "ES-CurrentVersion": "4", "X-Event-Source": "a", traceparent: "00" },
])("headers that clients and hops do send are no misspellings: %j", async (headers) => {
	expect((await servers.ask(batch("ok", [event()], headers))).status).toBe(201);
});

test("nor are the parameters of links", async () => {
	const sent = { ...batch("ok", [event()]), path: "/streams/ok?embed=body&format=json&_=1" };
	expect((await servers.ask(sent)).status).toBe(201);
});

test("a read stays lenient", async () => {
	const path = "/streams/s?expectedVersion=0&embd=body";
	const reply = await servers.ask(
		get(path, "*/*", { "ES-ExpectedVerison": "0", ExpectedVersion: "0" }),
	);
	expect(reply.status).toBe(200);
});
