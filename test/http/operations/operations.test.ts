/** What programs learn of the server, and start on it: /admin, /admin/…, /info/options. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { OPTIONS, OptionsInForce, parseSettings } from "../../../src/config.ts";
import { LogLines } from "../../../src/observe/lines.ts";
import { RecentLines } from "../../../src/observe/recent-lines.ts";
import { batch, get } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	await servers.ask(batch("order-1", [{ eventId: ID, eventType: "t", data: 1 }]));
});
afterAll(() => servers.close());

const ID = "0d9b7f3e-7a3c-4f0e-8f52-3a6c1f5a2b11";
const json = (path: string) => get(path, "application/json");

describe("/admin/verification", () => {
	const path = "/admin/verification";

	test("a run is started, followed to its end, and its result stays", async () => {
		const started = await servers.ask({ method: "POST", path: `${path}?throttlePercent=50` });
		expect([started.status, started.headers["cache-control"]]).toEqual([202, "no-store"]);
		await until(async () => (await servers.ask(json(path))).json.running === null);
		const { runs } = (await servers.ask(json(path))).json as { runs: object[] };
		const id = started.json.verificationId;
		expect(runs[0]).toMatchObject({ id, throttlePercent: 50, result: "Sound" });
		const { text } = await servers.ask({ path: "/metrics" });
		expect(text).toMatch(/^varve_verification_last_faults 0$/m);
		expect(text).toMatch(/^varve_verification_last_time_seconds \d/m);
	});

	test("a second one is refused while one runs, and it is stopped", async () => {
		const { json: first } = await servers.ask({
			method: "POST",
			path: `${path}?throttlePercent=1`,
		});
		const second = await servers.ask({ method: "POST", path });
		expect([second.status, second.json.verificationId]).toEqual([409, first.verificationId]);
		const { running } = (await servers.ask(json(path))).json as { running: object };
		expect(running).toMatchObject({ id: first.verificationId, fraction: expect.any(Number) });
		const stopped = await servers.ask({ method: "DELETE", path });
		expect([stopped.status, stopped.json]).toEqual([200, first]);
		expect((await servers.ask({ method: "DELETE", path })).status).toBe(404);
	});

	test.each(["0", "101", "1e1", "-1", "x", ""])("throttlePercent=%s is refused", async (value) => {
		const asked = { method: "POST", path: `${path}?throttlePercent=${value}` };
		const { status, json } = await servers.ask(asked);
		expect([status, json.parameter]).toEqual([400, "throttlePercent"]);
	});
});

test("/admin has the state of everything, and of what runs", async () => {
	const { status, json: state, headers } = await servers.ask(json("/admin"));
	expect(status).toBe(200);
	expect(headers["access-control-allow-origin"]).toBeUndefined();
	expect(state).toMatchObject({
		writer: { state: "writing" },
		log: { events: 1, streams: expect.any(Number), incarnation: 1, erasures: 0 },
		scavenge: {},
		backups: [],
	});
});

test("/admin/backups leaves out what is no note", async () => {
	writeFileSync(join(servers.directory, "upkeep/backup-0123456789abcdef.json"), "[]");
	expect((await servers.ask(json("/admin/backups"))).json).toEqual({ backups: [] });
});

describe("/admin/log", () => {
	test("has the newest lines from a level on, the newest first, with the facts of each", async () => {
		const { lines } = servers.server.context;
		const log = new LogLines("text", "info", () => undefined);
		log.info("one", { url: "http://a" });
		log.warn("two", { "\u001b[2J": "\u202e" });
		log.error("three");
		for (const line of log.recent.newest("info", 9).toReversed()) {
			const { message: msg, facts, ...rest } = line;
			lines.add(JSON.stringify({ ...rest, msg, ...facts }));
		}
		const { json: all } = await servers.ask(json("/admin/log"));
		const messages = (reply: { lines?: { message: string }[] }) =>
			reply.lines?.map(({ message }) => message);
		expect(messages(all)).toEqual(["three", "two", "one"]);
		const { json: few } = await servers.ask(json("/admin/log?level=warn&limit=1"));
		expect(few).toMatchObject({ count: 3, lines: [{ level: "error", message: "three" }] });
	});

	test.each(["level=loud", "level=", "limit=0", "limit=1001", "limit=x"])(
		"%s is refused",
		async (query) => {
			expect((await servers.ask(json(`/admin/log?${query}`))).status).toBe(400);
		},
	);

	test("the oldest lines make room: by their number and by their length", () => {
		const recent = new RecentLines();
		const line = (msg: string) => JSON.stringify({ time: "t", level: "info", msg });
		for (let n = 0; n < 1200; n++) recent.add(line(`${n}`));
		expect(recent.newest("info", 9999)).toHaveLength(1000);
		for (let n = 0; n < 10; n++) recent.add(line("x".repeat(100_000)));
		expect(recent.newest("info", 9999)).toHaveLength(5);
		expect(recent.count).toBe(1210);
	});
});

describe("the options in force", () => {
	const secret = { VARVE_PURGE_URL: "http://user:secret@cache:6081" };
	const argv = ["--port", "3000", "--log-level", "warn", "--cache-bytes-max", "64MiB"];
	const settings = parseSettings(argv, secret);
	const sources = {
		...Object.fromEntries(OPTIONS.map(({ name }) => [name, "default" as const])),
		port: "argument",
		logLevel: "file",
		purgeUrl: "environment",
	} as const;

	test("say where each came from, and never show a secret", () => {
		const list = new OptionsInForce(OPTIONS, settings, sources).list();
		const of = (flag: string) => list.find(({ option }) => option.flag === flag);
		expect(of("port")).toMatchObject({ value: "3000", source: "argument" });
		expect(of("log-level")).toMatchObject({ value: "warn", source: "file" });
		expect(of("cache-bytes-max")).toMatchObject({ value: "64MiB" });
		expect(of("public-url")).toMatchObject({ value: "", source: "default" });
		expect(of("purge-url")).toMatchObject({ value: "********", source: "environment" });
		expect(JSON.stringify(list)).not.toContain("secret@");
	});

	test("a reload changes what a running server takes; the rest waits for the next start", () => {
		const options = new OptionsInForce(OPTIONS, settings, sources);
		const later = { ...settings, port: 4000, logLevel: "error" };
		options.reload(later, { ...sources, logLevel: "environment" });
		const of = (flag: string) => options.list().find(({ option }) => option.flag === flag);
		expect(of("port")).toMatchObject({ value: "3000", source: "argument", isWaiting: true });
		expect(of("log-level")).toMatchObject({
			value: "error",
			source: "environment",
			isWaiting: false,
		});
	});

	test("/info/options has them all in the contract's shape", async () => {
		const { json: list } = await servers.ask(json("/info/options"));
		const options = list as unknown as { name: string }[];
		expect(options.map(({ name }) => name)).toEqual(OPTIONS.map(({ flag }) => flag));
		expect(options.find(({ name }) => name === "page-bytes-max")).toMatchObject({
			group: "Server",
			value: "96MiB",
			configurationSource: "default",
			schema: { type: "string" },
		});
		expect(options.find(({ name }) => name === "port")).toMatchObject({
			value: "0",
			configurationSource: "program",
		});
	});
});

test("a body that curl says is a form starts a scavenge, as programs of EventStore send it", async () => {
	const headers = { "Content-Type": "application/x-www-form-urlencoded" };
	const asked = { method: "POST", path: "/admin/scavenge", headers, body: "{}" };
	expect((await servers.ask(asked)).status).toBe(200);
	await until(() => servers.scavenger.current() === undefined);
	const foreign = { ...asked, headers: { ...headers, Origin: "null" } };
	expect((await servers.ask(foreign)).status).toBe(403);
});
