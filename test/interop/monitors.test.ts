/**
 * What watches EventStore watches Varve: the requests of the Prometheus exporter for EventStore and
 * of the admin UI of version 5, with the members that they read of each answer. What is not there
 * answers as both of them take it.
 */
import { get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { Consumer, counted } from "../http/subscriptions/consumer.ts";

const ATOM = "application/vnd.eventstore.atom+json";
const JSON_TYPE = "application/json";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	await servers.ask(counted("order-1", 3));
	const consumer = new Consumer(servers, "order-1", "billing");
	await consumer.create();
	await consumer.answer("nack?action=park", await consumer.take(1));
});
afterAll(() => servers.close());

function at(value: unknown, path: string): unknown {
	return path.split(".").reduce((of, key) => (of as Record<string, unknown>)?.[key], value);
}

describe("the exporter", () => {
	test.each([
		["/stats", "number", ["proc.cpu", "proc.mem", "proc.diskIo.readBytes"]],
		["/stats", "number", ["proc.diskIo.writtenBytes", "proc.diskIo.readOps"]],
		["/stats", "number", ["proc.diskIo.writeOps", "proc.tcp.connections"]],
		["/stats", "number", ["proc.tcp.sentBytesTotal", "proc.tcp.receivedBytesTotal"]],
		["/info", "string", ["esVersion", "state"]],
		["/gossip", "string", ["members.0.state", "members.0.httpEndPointIp"]],
		["/gossip", "boolean", ["members.0.isAlive"]],
		["/subscriptions", "string", ["0.eventStreamId", "0.groupName"]],
		["/subscriptions", "number", ["0.totalItemsProcessed", "0.connectionCount"]],
		["/subscriptions", "number", ["0.lastKnownEventNumber", "0.lastProcessedEventNumber"]],
		["/subscriptions", "number", ["0.totalInFlightMessages"]],
		["/subscriptions/order-1/billing/info", "number", ["parkedMessageCount"]],
		["/streams/$all/head/backward/1", "string", ["entries.0.updated"]],
	])("finds in %s each %s that it reads: %j", async (path, kind, members) => {
		const { status, json } = await servers.ask(get(path, JSON_TYPE));
		expect(status).toBe(200);
		for (const member of members) expect([member, typeof at(json, member)]).toEqual([member, kind]);
	});

	test("finds the length of each queue, and the room of each drive", async () => {
		const { json } = await servers.ask(get("/stats", JSON_TYPE));
		for (const [place, ...members] of [
			["es.queue", "length", "totalItemsProcessed"],
			["sys.drive", "totalBytes", "availableBytes"],
		] as const) {
			const all = Object.values(at(json, place) as object);
			expect(all.length).toBeGreaterThan(0);
			for (const one of all)
				for (const name of members) expect(typeof at(one, name)).toBe("number");
		}
	});

	test("counts parked messages by the stream that holds them, from its ETag on", async () => {
		const parked = "/streams/$persistentsubscription-order-1::billing-parked";
		const head = await servers.ask(get(`${parked}/head/backward/1`, JSON_TYPE));
		expect(String(head.json.eTag).split(";")[0]).toBe("0");
		const oldest = await servers.ask(get(`${parked}/0/forward/1`, JSON_TYPE));
		expect(Date.parse(String(at(oldest.json, "entries.0.updated")))).not.toBeNaN();
		expect((await servers.ask(get(`${parked}/metadata`, JSON_TYPE))).status).toBe(200);
	});

	test("takes 404 for no projections", async () => {
		const { status } = await servers.ask(get("/projections/all-non-transient", JSON_TYPE));
		expect([200, 404]).toContain(status);
	});
});

describe("the admin UI of version 5", () => {
	test.each([
		["/streams/$all/head/100?embed=rich", ["eventType", "eventNumber", "streamId", "updated"]],
		["/streams/$streams/head/50?embed=rich", ["streamId", "updated"]],
		["/streams/order-1?embed=tryharder", ["eventType", "data", "isJson", "title", "links"]],
	])("lists %s with what its rows show: %j", async (path, members) => {
		const { status, json } = await servers.ask(get(path, ATOM));
		expect(status).toBe(200);
		for (const member of members) expect(at(json, `entries.0.${member}`)).toBeDefined();
	});

	test.each([
		["/streams/order-1/0?embed=tryharder", ATOM],
		["/streams/order-1/metadata/head", ATOM],
		["/stats/tcp", JSON_TYPE],
		["/stats/replication", JSON_TYPE],
		["/sys/subsystems", JSON_TYPE],
		["/info/options", JSON_TYPE],
		["/users/", JSON_TYPE],
		["/users/admin", JSON_TYPE],
		["/subscriptions", JSON_TYPE],
		["/subscriptions/order-1/billing/info", JSON_TYPE],
	])("gets %s", async (path, accept) => {
		const { status, headers } = await servers.ask(get(path, accept));
		expect([status, headers["content-type"]]).toEqual([200, expect.stringContaining(accept)]);
	});
});
