/** The traceparent of an append, kept with its events: with --keep-traceparent, and only then. */
import { randomUUID } from "node:crypto";
import { batch, get } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const KEPT = `{"traceparent":"${TRACEPARENT}"}`;

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ keepTraceparent: true, eventBytesMax: 200 });
});
afterAll(() => servers.close());

async function append(stream: string, event: object, traceparent: string, to = servers) {
	const events = [{ eventId: randomUUID(), eventType: "t", data: 1, ...event }];
	const reply = await to.ask(batch(stream, events, { traceparent }));
	expect(reply.status).toBe(201);
	const from = "head";
	const range = { stream, from, limit: 1, direction: "backward", content: true } as const;
	const { entries } = await to.log.read(range as never);
	return Buffer.from(entries[0]?.event?.metadata ?? []).toString();
}

test("an event without metadata gets it", async () => {
	expect(await append("a", {}, TRACEPARENT)).toBe(KEPT);
	const { json } = await servers.ask(get("/streams/a/0", "application/cloudevents+json"));
	expect(json.metadata).toBe(KEPT);
});

test("an event with metadata keeps the bytes that were sent", async () => {
	const events = `[{"eventId":"${randomUUID()}","eventType":"t","data":1,"metadata":{"a": 1.10}}]`;
	await servers.ask(batch("b", events, { traceparent: TRACEPARENT }));
	const read = await servers.ask(get("/streams/b?embed=body"));
	expect(read.text).toContain(JSON.stringify('{"a": 1.10}'));
	expect(read.text).not.toContain("traceparent");
});

test.each([
	"nonsense",
	"00-00000000000000000000000000000000-b7ad6b7169203331-01",
	"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
	"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	`${TRACEPARENT}","b":"`,
])("%s is no traceparent, and is not kept", async (traceparent) => {
	expect(await append("c", {}, traceparent)).toBe("");
});

test("an event that would become too large stays as it is", async () => {
	expect(await append("d", { data: "x".repeat(199) }, TRACEPARENT)).toBe("");
});

test("the metadata of a stream stays as it is", async () => {
	expect(await append("$$a", { data: { $maxCount: 5 } }, TRACEPARENT)).toBe("");
});

test("without the option, nothing is kept", async () => {
	const usual = await startServers();
	expect(await append("a", {}, TRACEPARENT, usual)).toBe("");
	await usual.close();
});
