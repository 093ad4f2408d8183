/** What metadata may be sent as: the types of the contract (5.1), and nothing that names an event of its own. */
import { randomUUID } from "node:crypto";
import { ATOM_JSON, get } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

function post(headers: Record<string, string>, body: string) {
	return servers.ask({ path: "/streams/s/metadata", headers, body });
}

const ENTRY = `<entry xmlns="http://www.w3.org/2005/Atom"><title>t</title><content type="application/json">{"$maxCount":1}</content></entry>`;
const EVENT = {
	specversion: "1.0",
	id: "1",
	source: "/x",
	type: "$metadata",
	data: { $maxCount: 1 },
};

test.each([
	["application/cloudevents+json", {}, JSON.stringify(EVENT)],
	["application/cloudevents-batch+json", {}, JSON.stringify([EVENT])],
	[
		"application/json",
		{ "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x", "ce-type": "$metadata" },
		'{"$maxCount":1}',
	],
	["application/atom+xml;type=entry", {}, ENTRY],
	["text/csv", {}, "a"],
])("%s is refused, and changes nothing", async (type, more, body) => {
	const id = { "ES-EventId": randomUUID() };
	const reply = await post({ "Content-Type": type, ...id, ...more }, body);
	expect([reply.status, reply.reason]).toEqual([415, "Invalid or missing Content-Type"]);
	expect(reply.json.available).not.toContain("application/cloudevents+json");
	expect((await servers.ask(get("/streams/s/metadata"))).status).toBe(404);
});

test("nothing at all is no metadata, and given back as it was sent (departure 30)", async () => {
	const json = () => ({ "Content-Type": "application/json", "ES-EventId": randomUUID() });
	const path = "/streams/bare/metadata";
	const send = (body: string) => servers.ask({ path, headers: json(), body });
	expect((await send('{"$maxCount":1}')).status).toBe(201);
	expect((await send("")).status).toBe(201);
	for (const accept of ["application/json", "*/*"]) {
		const shown = await servers.ask(get(path, accept));
		expect([accept, shown.status]).toEqual([accept, 200]);
	}
	expect((await servers.ask(get(path, "application/json"))).text).toBe("");
	const feed = await servers.ask(get("/streams/$$bare/head/backward/5?embed=body"));
	expect(feed.json.entries).toHaveLength(1);
	expect((await send(" ")).status).toBe(400);
	expect((await servers.ask({ method: "DELETE", path: "/streams/bare" })).status).toBe(204);
	const event = { "Content-Type": "application/json", "ES-EventType": "t" };
	const alone = { ...event, "ES-EventId": randomUUID() };
	const refused = await servers.ask({ path: "/streams/bare", headers: alone, body: "" });
	expect(refused.status).toBe(400);
});

const TYPES = [
	"application/json",
	"text/xml",
	"application/xml",
	"application/octet-stream",
	"application/vnd.eventstore.events+json",
	"application/vnd.kurrent.event+json",
	"application/vnd.eventstore.events+xml",
	"application/atom+xml",
	"application/vnd.eventstore.atom+json",
];

test.each(TYPES)(
	"nothing at all, as %s, is no metadata, and given back as it was",
	async (type) => {
		const stream = `none-${TYPES.indexOf(type)}`;
		const path = `/streams/${stream}/metadata`;
		const json = { "Content-Type": "application/json" };
		const some = {
			path,
			headers: { ...json, "ES-EventId": randomUUID() },
			body: '{"$maxCount":1}',
		};
		expect((await servers.ask(some)).status).toBe(201);
		const headers = { "Content-Type": type, "ES-EventId": randomUUID() };
		const none = await servers.ask({ path, headers, body: "" });
		expect([none.status, none.headers["varve-ignored"]]).toEqual([201, undefined]);
		expect((await servers.ask({ path, headers, body: "" })).headers["varve-repeated"]).toBe("true");
		const kept = await servers.ask(get(path, "application/json"));
		expect([kept.status, kept.text]).toEqual([200, ""]);
		const whole = await servers.ask(get(`${path}?embed=body`, ATOM_JSON));
		expect(whole.json).toMatchObject({ eventType: "$metadata", isJson: true, eventNumber: 1 });
		// Only metadata can be nothing.
		const event = { ...headers, "ES-EventType": "t", "ES-EventId": randomUUID() };
		const alone = await servers.ask({ path: `/streams/${stream}`, headers: event, body: "" });
		expect(alone.status).toBe(/xml$|octet/.test(type) && !/\+xml$/.test(type) ? 201 : 400);
	},
);

test("nothing at all, as a batch, needs no id, as no batch does", async () => {
	const headers = { "Content-Type": "application/vnd.eventstore.events+json" };
	expect((await servers.ask({ path: "/streams/n/metadata", headers, body: "" })).status).toBe(201);
	const json = { "Content-Type": "application/json" };
	const refused = await servers.ask({ path: "/streams/n/metadata", headers: json, body: "" });
	expect([refused.status, refused.json.detail]).toEqual([400, expect.stringContaining("eventId")]);
});

test.each(["text/xml", "application/xml", "application/octet-stream"])(
	"a document sent as %s is JSON, or refused",
	async (type) => {
		const send = (body: string) => {
			const headers = { "Content-Type": type, "ES-EventId": randomUUID() };
			return servers.ask({ path: "/streams/typed/metadata", headers, body });
		};
		expect((await send('{"$maxCount":3}')).status).toBe(201);
		for (const body of ["<metadata/>", " ", '{"$maxCount":']) {
			const { status, json } = await send(body);
			expect([status, json.type]).toEqual([400, "urn:varve:problem:malformed-json"]);
		}
		const shown = await servers.ask(get("/streams/typed/metadata", "application/json"));
		expect(shown.text).toBe('{"$maxCount":3}');
	},
);

test("JSON and batches are what it is sent as", async () => {
	const json = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
	expect((await post(json, '{"a":1}')).status).toBe(201);
	const events = [{ eventId: randomUUID(), eventType: "$user-updated", data: { a: 2 } }];
	const batch = { "Content-Type": "application/vnd.eventstore.events+json" };
	expect((await post(batch, JSON.stringify(events))).status).toBe(201);
	const shown = await servers.ask(get("/streams/s/metadata", "application/json"));
	expect(shown.json).toEqual({ a: 2 });
});
