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

test("JSON and batches are what it is sent as", async () => {
	const json = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
	expect((await post(json, '{"a":1}')).status).toBe(201);
	const events = [{ eventId: randomUUID(), eventType: "$user-updated", data: { a: 2 } }];
	const batch = { "Content-Type": "application/vnd.eventstore.events+json" };
	expect((await post(batch, JSON.stringify(events))).status).toBe(201);
	const shown = await servers.ask(get("/streams/s/metadata", "application/json"));
	expect(shown.json).toEqual({ a: 2 });
});
