/**
 * What watches EventStore watches Varve: the requests of the Prometheus exporter for EventStore and
 * of the admin UI of version 5, with the members that they read of each answer. What is not there
 * answers as both of them take it.
 */
import { get, type Json } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { Asker, COUNTER } from "../http/projections/asker.ts";
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
	await new Asker(servers).made("counter", COUNTER);
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

	test("finds each projection that is kept, those of the system too", async () => {
		const { json } = await servers.ask(get("/projections/all-non-transient", JSON_TYPE));
		const projections = json.projections as Json[];
		expect(projections.map(({ effectiveName }) => effectiveName)).toEqual(
			expect.arrayContaining(["counter", "$streams", "$by_category"]),
		);
		for (const one of projections) {
			expect(one.status).toBe("Running");
			for (const name of ["progress", "eventsProcessedAfterRestart"]) {
				expect([name, typeof at(one, name)]).toEqual([name, "number"]);
			}
		}
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

	test.each([
		["/projections/any", ["projections.0.name", "projections.0.status", "projections.0.mode"]],
		["/projections/all-non-transient", ["projections.0.statusUrl", "projections.0.progress"]],
		["/projection/counter", ["name", "status", "stateReason", "mode", "position", "epoch"]],
		["/projection/counter/statistics", ["projections.0.eventsProcessedAfterRestart"]],
		["/projection/counter/query?config=yes", ["name", "query", "type", "definition"]],
		["/projection/counter/config", ["checkpointHandledThreshold", "maxWriteBatchLength"]],
		["/projection/counter/state", ["count"]],
		["/projection/counter/result", ["count"]],
		["/users/", ["success", "data.0.loginName", "data.0.groups", "data.0.links"]],
		["/users/admin", ["data.loginName", "data.fullName", "data.disabled", "data.groups"]],
		["/info", ["esVersion", "state", "features.projections", "features.userManagement"]],
	])("shows of %s each of %j", async (path, members) => {
		const { status, json } = await servers.ask(get(path, JSON_TYPE));
		expect(status).toBe(200);
		for (const member of members)
			expect([member, at(json, member)]).not.toEqual([member, undefined]);
	});

	test("stops a projection and starts it, creates a user and deletes it", async () => {
		const post = (path: string, body = "") =>
			servers.ask({ method: "POST", path, headers: { "Content-Type": JSON_TYPE }, body });
		expect((await post("/projection/counter/command/disable")).status).toBe(200);
		expect((await post("/projection/counter/command/enable")).status).toBe(200);
		const user = { loginName: "ouro", fullName: "Ouro", groups: [], password: "Pa55w0rd!" };
		expect((await post("/users/", JSON.stringify(user))).status).toBe(201);
		expect((await post("/users/ouro/command/disable")).status).toBe(200);
		expect((await servers.ask({ method: "DELETE", path: "/users/ouro" })).status).toBe(200);
	});
});
