/** What metadata may be sent as: the types of the contract (5.1), and nothing that names an event of its own. */
import { randomUUID } from "node:crypto";
import { get } from "./ask.ts";
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

test("JSON and batches are what it is sent as", async () => {
	const json = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
	expect((await post(json, '{"a":1}')).status).toBe(201);
	const events = [{ eventId: randomUUID(), eventType: "$user-updated", data: { a: 2 } }];
	const batch = { "Content-Type": "application/vnd.eventstore.events+json" };
	expect((await post(batch, JSON.stringify(events))).status).toBe(201);
	const shown = await servers.ask(get("/streams/s/metadata", "application/json"));
	expect(shown.json).toEqual({ a: 2 });
});
