/** More than there is room for, and the way out. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSettings } from "../../src/config.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { startServer } from "../../src/main.ts";
import { allOf, ask, batch, get, head, open, raw } from "./ask.ts";
import { startServers, until } from "./harness.ts";

const event = (data: unknown = 1) => ({ eventId: randomUUID(), eventType: "t", data });

test("more appends than may wait are told to come back, and nothing of them is kept", async () => {
	const servers = await startServers({ appendQueueMax: 2 });
	const sent = Array.from({ length: 60 }, (_, i) => servers.ask(batch(`s-${i}`, [event()])));
	const replies = await Promise.all(sent);
	const busy = replies.filter(({ status }) => status === 503);
	expect(busy.length).toBeGreaterThan(0);
	for (const reply of busy) {
		expect([reply.reason, reply.headers["retry-after"]]).toEqual(["Server Is Too Busy", "1"]);
		expect(reply.json).toMatchObject({ type: "urn:varve:problem:overloaded", limit: 2 });
	}
	const created = replies.filter(({ status }) => status === 201);
	expect(created.length + busy.length).toBe(60);
	expect(await servers.log.last("$all" as never)).toBe(created.length - 1);
	// Who comes back as told is served: nobody has to mend anything.
	const refused = replies.findIndex(({ status }) => status === 503);
	expect((await servers.ask(batch(`s-${refused}`, [event()]))).status).toBe(201);
	await servers.close();
});

test("more bytes than may wait are told to come back", async () => {
	const servers = await startServers({ appendQueueBytesMax: 100_000 });
	const big = () => [event("x".repeat(80_000))];
	const sent = Array.from({ length: 20 }, (_, i) => servers.ask(batch(`s-${i}`, big())));
	const statuses = (await Promise.all(sent)).map(({ status }) => status);
	expect(new Set(statuses)).toEqual(new Set([201, 503]));
	await servers.close();
});

test("a page of more bytes than may be shown is refused, and a smaller one is not", async () => {
	const servers = await startServers({ pageBytesMax: 10_000 });
	await servers.ask(
		batch(
			"s",
			Array.from({ length: 20 }, () => event("x".repeat(1000))),
		),
	);
	const large = await servers.ask(get("/streams/s?embed=body"));
	expect([large.status, large.json]).toMatchObject([400, { pageBytesMax: 10_000 }]);
	expect((await servers.ask(get("/streams/s/0/forward/5?embed=body"))).status).toBe(200);
	// Without data there is nothing too large about it.
	expect((await servers.ask(get("/streams/s"))).status).toBe(200);
	await servers.close();
});

test("connections beyond the limit are closed, and others go on", async () => {
	const servers = await startServers({ connectionsMax: 5 });
	const sockets = Array.from({ length: 5 }, () => open(servers.port));
	await Promise.all(
		sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve))),
	);
	expect(await raw(servers.port, head("GET /ping"))).toBe("");
	const [first] = sockets;
	first?.write(head("GET /ping"));
	expect(first && (await allOf(first))).toMatch(/^HTTP\/1\.1 200 OK/);
	for (const socket of sockets) socket.destroy();
	await servers.close();
});

test("a reader that takes its time gets a large page whole", async () => {
	const servers = await startServers();
	await servers.ask(
		batch(
			"s",
			Array.from({ length: 20 }, () => event({ text: "x".repeat(400_000) })),
		),
	);
	const socket = open(servers.port);
	socket.write(head("GET /streams/s/0/forward/20?embed=body", "Accept: application/json"));
	const closed = new Promise((resolve) => socket.once("close", resolve));
	let bytes = 0;
	socket.on("data", (chunk) => {
		bytes += chunk.length;
		socket.pause();
		setImmediate(() => socket.resume());
	});
	// Others are served meanwhile.
	await until(() => bytes > 0);
	expect((await servers.ask(get("/ping", "*/*"))).status).toBe(200);
	await closed;
	expect(bytes).toBeGreaterThan(8_000_000);
	await servers.close();
});

describe("closing", () => {
	let directory: string;
	beforeEach(() => {
		directory = mkdtempSync(join(tmpdir(), "varve-close-"));
	});
	afterEach(() => rmSync(directory, { recursive: true }));

	const start = () =>
		startServer({ ...parseSettings(["--log-level", "error"], {}), data: directory, port: 0 });

	test("lets running appends and long polls end, and loses nothing that was acknowledged", async () => {
		const server = await start();
		const port = Number(new URL(server.url).port);
		await ask(port, batch("seed", [event()]));
		const polls = [1, 2, 3].map(() =>
			ask(port, { ...get("/streams/seed/1/forward/20"), headers: { "ES-LongPoll": "100" } }),
		);
		const appends = Array.from({ length: 200 }, (_, i) =>
			ask(port, batch(`s-${i}`, [event()])).then(
				({ status }) => status,
				// Not accepted any more: nothing was promised.
				() => 0,
			),
		);
		await Promise.any(appends);
		await Promise.all([server.close(), server.close()]);
		for (const poll of await Promise.all(polls)) expect(poll.status).toBe(200);
		const statuses = await Promise.all(appends);
		const created = statuses.filter((status) => status === 201).length;
		expect(created).toBeGreaterThan(0);
		expect(statuses.filter((status) => ![0, 201, 503].includes(status))).toEqual([]);

		const log = await openSqliteLog(directory);
		expect((await log.verify()).ok).toBe(true);
		expect(await log.last("$all" as never)).toBeGreaterThanOrEqual(created);
		for (const [i, status] of statuses.entries()) {
			if (status === 201) expect(await log.last(`s-${i}` as never)).toBe(0);
		}
		await log.close();
	});

	test("does not wait for connections on which nothing runs, or never did", async () => {
		const server = await start();
		const port = Number(new URL(server.url).port);
		const silent = open(port);
		const idle = open(port);
		idle.write("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
		const half = open(port);
		half.write("GET /ping HT");
		await until(() => idle.bytesRead > 0 && silent.readyState === "open" && half.bytesWritten > 0);
		const ends = [silent, idle, half].map(allOf);
		const before = performance.now();
		await server.close();
		await Promise.all(ends);
		// Below the ten seconds that running requests are given.
		expect(performance.now() - before).toBeLessThan(10_000);
	});

	test("sends a large answer to its end", async () => {
		const server = await start();
		const port = Number(new URL(server.url).port);
		const events = Array.from({ length: 20 }, () => event({ text: "x".repeat(400_000) }));
		await ask(port, batch("s", events));
		const socket = open(port);
		socket.write(
			"GET /streams/s?embed=body HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n",
		);
		await until(() => socket.bytesRead > 0);
		const text = allOf(socket);
		await server.close();
		const [top = "", body = ""] = (await text).split("\r\n\r\n");
		const announced = Number(/content-length: (\d+)/i.exec(top)?.[1]);
		expect(announced).toBeGreaterThan(8_000_000);
		expect(body.length).toBe(announced);
	});

	test("a server that cannot start gives the directory back", async () => {
		const settings = { ...parseSettings(["--log-level", "error"], {}), data: directory, port: 0 };
		// No parser lets this one through, and node:http takes it when the log is open already.
		await expect(startServer({ ...settings, requestTimeoutMs: -1 })).rejects.toThrow(
			"headersTimeout",
		);
		const server = await startServer(settings);
		const elsewhere = { ...settings, data: join(directory, "other") };
		const port = Number(new URL(server.url).port);
		await expect(startServer({ ...elsewhere, port })).rejects.toThrow("EADDRINUSE");
		const other = await startServer(elsewhere);
		await other.close();
		await server.close();
	});

	test("gives the address and the directory back", async () => {
		const first = await start();
		await first.close();
		const second = await start();
		expect((await ask(Number(new URL(second.url).port), get("/health/ready"))).status).toBe(204);
		await second.close();
	});
});
