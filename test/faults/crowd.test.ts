/** Connections by the thousand, and clients that send or read as slowly as they can. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { removeDirectories } from "../cli/varve.ts";
import { allOf, get, head, open, raw } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { closeStore, event, events, openStore } from "./store.ts";

afterAll(removeDirectories);

const MIB = 1024 * 1024;
/** What this process may open, less what it has open for other reasons. */
const ROOM = openFilesMax() - 500;
const CONNECTIONS = Math.min(10_000, ROOM);
if (CONNECTIONS < 10_000) console.warn(`SKIPPED: only ${CONNECTIONS} connections of 10,000`);

const PING = "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n";

test("ten thousand connections are held, and one more is closed at once", async () => {
	const store = await openStore({ options: ["--connections-max", String(CONNECTIONS)] });
	const sockets: Socket[] = [];
	// As many at a time as wait in the line of a socket that listens.
	while (sockets.length < CONNECTIONS) {
		const more = Math.min(250, CONNECTIONS - sockets.length);
		const opened = Array.from({ length: more }, () => open(store.port));
		await Promise.all(opened.map(connected));
		sockets.push(...opened);
	}
	const some = sockets.filter((_, i) => i % 20 === 0);
	const answered = some.map(readable);
	for (const socket of some) socket.write(PING);
	await Promise.all(answered);
	// They are accepted in their order, so this one is behind them all.
	expect(await raw(store.port, PING)).toBe("");

	const [first, ...others] = sockets as [Socket, ...Socket[]];
	first.write(head("GET /health/ready"));
	expect(await allOf(first)).toMatch(/HTTP\/1\.1 204 /);
	// Its place is free again, and so are those of the others.
	await until(async () => (await raw(store.port, head("GET /ping"))) !== "");
	expect(memoryOf(store.server.pid)).toBeLessThan(700 * MIB);
	for (const socket of others) socket.destroy();
	await until(
		async () => (await store.append("a", [event()]).catch(() => undefined))?.status === 201,
	);
	await closeStore(store);
});

const canLimit = spawnSync("prlimit", ["--version"]).status === 0;
if (!canLimit) console.warn("SKIPPED: a server without file descriptors needs prlimit");

(canLimit ? test : test.skip)(
	"a server that may open no more files goes on with those it has, and recovers",
	async () => {
		const store = await openStore();
		expect((await store.append("a", [event()])).status).toBe(201);
		const { status } = spawnSync("prlimit", [
			"--pid",
			String(store.server.pid),
			"--nofile=100:100",
		]);
		expect(status).toBe(0);
		const sockets = Array.from({ length: 200 }, () => open(store.port));
		const closed = new Set<Socket>();
		for (const socket of sockets) socket.on("close", () => closed.add(socket)).resume();
		// Those there is no room for are closed.
		await until(() => closed.size > 0);
		expect((await store.append("a", [event()])).status).toBe(201);
		for (const socket of sockets) socket.destroy();
		await until(async () => (await raw(store.port, head("GET /ping"))) !== "");
		expect((await store.append("a", [event()])).status).toBe(201);
		await closeStore(store);
	},
);

test("clients that send a byte now and then are shown out, and do not hold up the others", async () => {
	const store = await openStore({ options: ["--request-timeout-ms", "2000"] });
	const slow = Array.from({ length: 100 }, (_, i) => {
		const socket = open(store.port);
		// Half of them never finish their headers, half their body.
		const type = "Content-Type: application/vnd.eventstore.events+json";
		const start = head("POST /streams/s", type, "Content-Length: 1000");
		socket.write(i % 2 === 0 ? `${start.slice(0, -2)}X-Slow: ` : start);
		const drip = setInterval(() => socket.write(i % 2 === 0 ? "a" : " "), 50);
		const answer = allOf(socket).finally(() => clearInterval(drip));
		return answer;
	});
	expect((await store.append("a", [event()])).status).toBe(201);
	expect((await store.ask(get("/streams/a"))).status).toBe(200);
	for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
	expect((await store.ask(get("/streams/s"))).status).toBe(404);
	await closeStore(store);
});

test("readers that do not read cost no more than what is on its way to them", async () => {
	const store = await openStore();
	for (let i = 0; i < 8; i++) {
		expect((await store.append("s", events(20, "x".repeat(100_000)))).status).toBe(201);
	}
	const before = memoryOf(store.server.pid);
	const readers = Array.from({ length: 60 }, (_, i) => {
		const socket = open(store.port);
		const accept = i % 2 === 0 ? "application/x-ndjson" : "text/event-stream";
		socket.pause();
		socket.write(head("GET /streams/s?embed=body", `Accept: ${accept}`));
		return socket;
	});
	// What they asked for is 60 times 16 MB; each gets its first bytes, and then takes no more.
	await Promise.all(readers.map(readable));
	expect((await store.append("a", [event()])).status).toBe(201);
	expect((await store.ask(get("/streams/a"))).status).toBe(200);
	expect(memoryOf(store.server.pid) - before).toBeLessThan(600 * MIB);
	for (const socket of readers) socket.destroy();
	expect((await store.append("a", [event()])).status).toBe(201);
	await closeStore(store);
});

function connected(socket: Socket): Promise<void> {
	return new Promise((resolve, reject) => {
		socket.once("connect", resolve);
		socket.once("close", () => reject(new Error("a connection was refused")));
	});
}

/** Resolves when the first byte is here; no more than a buffer of them is read. */
function readable(socket: Socket): Promise<void> {
	return new Promise((resolve) => {
		socket.once("readable", resolve);
	});
}

/** Bytes of memory a process has. */
function memoryOf(pid: number): number {
	const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
	return Number(kib) * 1024;
}

function openFilesMax(): number {
	const limits = process.platform === "linux" ? readFileSync("/proc/self/limits", "utf8") : "";
	return Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? 1024);
}
