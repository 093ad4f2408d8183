/** The small endpoints: is it there, what is it, can it work. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { DEFAULT_LOG_LIMITS } from "../../src/log/log.ts";
import { batch, get } from "./ask.ts";
import { type Servers, startServers, until } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

test("/ping answers", async () => {
	const reply = await servers.ask(get("/ping", "*/*"));
	expect([reply.status, reply.headers["cache-control"]]).toEqual([200, "no-store"]);
	expect(reply.json).toEqual({ text: "Ping request successfully handled" });
});

test("what tools of EventStore look for is there, or is said not to be there", async () => {
	expect((await servers.ask(get("/sys/subsystems", "*/*"))).json).toEqual(["Projections"]);
	const { features } = (await servers.ask(get("/info", "*/*"))).json as { features: object };
	expect(features).toMatchObject({ projections: true, atomPub: true });
	await servers.ask(batch("a-1", [{ eventId: randomUUID(), eventType: "T", data: {} }]));
	for (const path of [
		"/stats",
		"/stats/proc",
		"/streams/%24all",
		"/streams/%24streams/0/forward/20",
	]) {
		expect((await servers.ask(get(path, "application/json"))).status).toBe(200);
	}
	// A server that runs no projections shows them all the same.
	const { express } = servers;
	for (const path of ["/projections/any", "/projections/continuous"]) {
		expect((await express.ask(get(path, "application/json"))).status).toBe(200);
	}
});

test("/gossip has this server as the only member, and the leader, at the address it was asked by", async () => {
	const { port } = new URL(servers.url);
	const reply = await servers.ask(get("/gossip", "*/*"));
	expect([reply.status, reply.headers["cache-control"]]).toEqual([200, "no-store"]);
	expect(reply.json.members).toEqual([
		expect.objectContaining({
			state: "Leader",
			isAlive: true,
			httpEndPointIp: "127.0.0.1",
			httpEndPointPort: Number(port),
			externalHttpIp: "127.0.0.1",
			externalHttpPort: Number(port),
		}),
	]);
	const named = await servers.ask(get("/gossip", "*/*", { Host: "store.localhost" }));
	expect(named.json).toMatchObject({ serverIp: "store.localhost", serverPort: 80 });
	expect((await servers.ask(get("/gossip", "*/*", { Host: "a b" }))).status).toBe(400);
});

test("--info-state master is what clients of version 5 look for", async () => {
	const own = await startServers({ infoState: "master", publicUrl: "https://store.example" });
	expect((await own.ask(get("/info"))).json.state).toBe("master");
	expect((await own.ask(get("/gossip"))).json.members).toMatchObject([
		{ state: "Master", externalHttpIp: "store.example", externalHttpPort: 443 },
	]);
	// One of them has an attribute for each name of its age, and fails at any other.
	const [member = {}] = (await own.ask(get("/gossip"))).json.members as object[];
	const address = /^(?:in|ex)ternal(?:Tcp|SecureTcp|Http)(?:Ip|Port)$/;
	expect(Object.keys(member).filter((name) => !address.test(name))).toEqual([
		"instanceId",
		"timeStamp",
		"state",
		"isAlive",
		"nodePriority",
	]);
	await own.close();
});

test("/info says version, features and limits", async () => {
	const reply = await servers.ask(get("/info"));
	const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
	expect(reply.json).toMatchObject({
		varveVersion: manifest.version,
		features: { atomPub: true, projections: true },
		limits: { pageSize: 20, pageCountMax: 4096, pageBytesMax: DEFAULT_LOG_LIMITS.pageBytesMax },
	});
	// A log in a file has no standby.
	if (process.env.VARVE_TEST_STORE === undefined) expect(reply.json).not.toHaveProperty("standby");
});

test.each([
	["/health/live", 204],
	["/health/ready", 204],
	["/health/live?liveCode=200", 200],
	["/health/live?liveCode=500", 204],
	["/health/other", 404],
])("%s is %d", async (path, status) => {
	const reply = await servers.ask(get(path));
	expect(reply.status).toBe(status);
	expect((await servers.ask({ ...get(path), method: "HEAD" })).status).toBe(status);
	expect(reply.headers["cache-control"]).toBe("no-store");
});

test.each(["POST", "PUT", "DELETE", "PATCH", "TRACE"])(
	"%s is no way to ask after health",
	async (method) => {
		for (const path of ["/health/live", "/health/ready"]) {
			const reply = await servers.ask({ path, method });
			expect([reply.status, reply.headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"]);
		}
	},
);

test("/health/ready is 503 while the writer hangs, in bounded time, and 204 when it is well", async () => {
	const own = await startServers();
	const ready = async () => (await own.ask(get("/health/ready"))).status;
	expect(await ready()).toBe(204);
	// What holds the database keeps the writer waiting for it, as a disk that hangs would.
	const foreign = new Database(join(own.directory, "log.sqlite"));
	foreign.exec("BEGIN IMMEDIATE");
	const append = own.ask(batch("s", [{ eventId: randomUUID(), eventType: "t", data: {} }]));
	await until(async () => (await ready()) === 503);
	foreign.exec("ROLLBACK");
	foreign.close();
	expect((await append).status).toBe(201);
	await until(async () => (await ready()) === 204);
	await own.close();
});
