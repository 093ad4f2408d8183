/** Files that are not as they were left: damaged, cut short, in part missing, or not to be written. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
	chmodSync,
	copyFileSync,
	cpSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { idKeyOf } from "../../src/log/sqlite/ids/keys.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { randomFrom, runSeed } from "../../test/feeds/random.ts";
import { type Finished, newDirectory, removeDirectories, varve } from "../cli/varve.ts";
import { get } from "../http/ask.ts";
import * as log from "../log/asking.ts";
import { closeStore, event, events, expectSound, idsOf, openStore, type Store } from "./store.ts";

const BIN = fileURLToPath(new URL("../../bin/varve", import.meta.url));
const PAGE_BYTES = 4096;
/** The user `nobody`: root may write anywhere. */
const NOBODY = 65_534;

afterAll(removeDirectories);

describe("a damaged page of the database", () => {
	test("fails the reads that need it, and those alone; the log and verify name it", async () => {
		const filled = await fill();
		const spoiled = await spoil(filled, "events", (pages) => pages / 2);
		const store = await openStore({ data: spoiled.data });
		expect(await statuses(store, ["a-1", "b-1", "c-1"])).toEqual([200, 500, 200]);
		const failed = await store.ask(page("b-1"));
		expect(failed.json).toMatchObject({
			type: "urn:varve:problem:log-damaged",
			part: "b-1 at 0",
			reason: expect.stringContaining("SQLITE_CORRUPT"),
		});
		// What is damaged is no newer event, so the log goes on.
		expect((await store.ask(get("/health/ready"))).status).toBe(204);
		expect((await store.append("c-1", [event()])).status).toBe(201);
		expect((await store.append("b-1", [event()])).status).toBe(201);
		expect((await store.ask(get("/streams/b-1/200"))).status).toBe(200);
		const { code, stderr } = await store.server.stop();
		expect([code, stderr]).toEqual([
			0,
			expect.stringContaining("the log is damaged: b-1 at 0 cannot be read: SQLITE_CORRUPT"),
		]);
		await expectNamed(spoiled.data, /^positions? (2|3)\d\d.*: cannot be read: SQLITE_CORRUPT/m);
	});

	test("is passed over by a search, which says how many events it could not read", async () => {
		const { data } = await spoil(await fill(), "events", (pages) => pages / 2);
		const store = await openStore({ data });
		const { text } = await store.ask({ path: "/search" });
		const lines = text.trimEnd().split("\n");
		const { end } = JSON.parse(lines.at(-1) ?? "");
		expect([end.reason, end.searched]).toEqual(["all-searched", end.of]);
		expect(end.unreadable).toBeGreaterThan(0);
		expect(lines.filter((line) => line.startsWith('{"event"')).length).toBe(end.found);
		expect(end.found).toBeGreaterThan(0);
		await store.server.stop();
	});

	test("breaks off a replay at the first event it holds, which the log names", async () => {
		const { data } = await spoil(await fill(), "events", (pages) => pages / 2);
		const store = await openStore({ data });
		const headers = { Accept: "application/x-ndjson" };
		const answer = await fetch(`${store.server.url}/streams/$all`, { headers });
		let text = "";
		const reading = async () => {
			for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString();
		};
		await expect(reading()).rejects.toThrow();
		const { stderr } = await store.server.stop();
		const [, first] = /the log is damaged: \$all at (\d+) cannot be read/.exec(stderr) ?? [];
		// What was on its way when the connection broke off may be lost.
		expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(Number(first));
		await expectNamed(data, new RegExp(`^positions? ${first}( to \\d+)?: cannot be read`, "m"));
	});

	test.each(["export", "read", "follow"])(
		"varve %s prints all before it, and says how to go on",
		async (verb) => {
			const { data } = await spoil(await fill(), "events", (pages) => pages / 2);
			const { server } = await openStore({ data });
			const run = (...args: string[]) => varve([verb, "$all", "--url", server.url, ...args]);
			const { code, stdout, stderr } = await run();
			const [, named] = /event (\d+) is the first that cannot be read/.exec(stderr) ?? [];
			const first = Number(named);
			expect([code, stdout.split("\n").length - 1]).toEqual([1, first]);
			expect(stderr).toContain(`--from ${first + 1} continues after it`);
			expect(stderr).not.toContain("trying again");
			if (verb === "follow") await expectCheckpoint(first, run);
			const ended = await server.stop();
			// Once a part, and not for each request.
			const lines = ended.stderr.match(/the log is damaged: \S+ at \d+/g) ?? [];
			expect(lines).toHaveLength(new Set(lines).size);
			await expectNamed(data, new RegExp(`^positions? ${first}( to \\d+)?: cannot be read`, "m"));
		},
	);

	test.each(["$all", "b-1", "$ce-b"])(
		"varve read --backward %s prints all behind it, and says how to go on",
		async (stream) => {
			const { data } = await spoil(await fill(), "events", (pages) => pages / 2);
			const { server } = await openStore({ data });
			const last = stream === "$all" ? 599 : 199;
			const run = (...options: string[]) =>
				varve(["read", stream, "--backward", "--url", server.url, ...options]);
			let [printed, damaged] = [0, 0];
			for (let options: string[] = []; ; ) {
				const { code, stdout, stderr } = await run(...options);
				printed += stdout.split("\n").length - 1;
				if (code === 0) break;
				damaged++;
				const [, at, from] =
					/event (\d+) is the first .*; --from (\d+) continues after it/.exec(stderr) ?? [];
				expect([Number(from), printed + damaged]).toEqual([Number(at) - 1, last + 1 - Number(at)]);
				options = ["--from", String(from)];
			}
			expect(damaged).toBeGreaterThan(0);
			expect(printed + damaged).toBe(last + 1);
			await server.stop();
		},
	);

	test.each([
		["newest", (pages: number) => pages - 1, { "c-1": 199, $all: 599 }],
		["oldest", () => 0, { "a-1": 0, $all: 0 }],
	])("varve read --backward names the %s event of a stream", async (_, which, events) => {
		const { data } = await spoil(await fill(), "events", which);
		const { server } = await openStore({ data });
		for (const [stream, at] of Object.entries(events)) {
			const from = at === 0 ? ["--from", "0"] : [];
			const read = ["read", stream, "--backward", ...from, "--url", server.url];
			const { code, stdout, stderr } = await varve(read);
			expect([code, stdout]).toEqual([1, ""]);
			const then = at === 0 ? "no older event is left" : `--from ${at - 1} continues after it`;
			expect(stderr).toContain(`event ${at} is the first that cannot be read; ${then}; `);
		}
		await server.stop();
	});

	test("varve export goes on behind what is damaged", async () => {
		const { data } = await spoil(await fill(), "events", (pages) => pages / 2);
		const { server } = await openStore({ data });
		const run = (from: number) => varve(["export", "--url", server.url, "--from", String(from)]);
		let [from, printed, damaged] = [0, 0, 0];
		for (;;) {
			const { code, stdout, stderr } = await run(from);
			printed += stdout.split("\n").length - 1;
			if (code === 0) break;
			damaged++;
			from = Number(/--from (\d+)/.exec(stderr)?.[1]);
		}
		expect(damaged).toBeGreaterThan(0);
		expect(printed + damaged).toBe(600);
		await server.stop();
	});

	test.each([
		["the places of streams", "places", "a-1", 500, 500],
		["the names of streams", "streams", "new", 500, 500],
	])("of %s leaves the rest", async (_, table, stream, appended, read) => {
		const { data } = await spoil(await fill(), table, () => 0);
		const store = await openStore({ data });
		const reply = await store.append(stream, [lowest()]);
		expect([reply.status, reply.json.type]).toEqual([appended, "urn:varve:problem:log-damaged"]);
		expect(await statuses(store, ["a-1"])).toEqual([read]);
		if (table !== "streams") {
			expect(await statuses(store, ["b-1", "c-1"])).toEqual([200, 200]);
			expect((await store.append("c-1", [event()])).status).toBe(201);
		}
		expect((await store.ask(get("/info"))).status).toBe(200);
		expect((await store.server.stop()).code).toBe(0);
		await expectNamed(data, /malformed|page/);
	});
});

test("a torn page of marks brings back no stream that was deleted", async () => {
	const { data, file } = await fill();
	const sound = await openStore({ data });
	const hard = { "ES-HardDelete": "true" };
	const deletion = { method: "DELETE", path: "/streams/b-1", headers: hard };
	expect((await sound.ask(deletion)).status).toBe(204);
	await closeStore(sound);
	const [marks = 0] = leavesOf(file, "marks");
	const torn = readFileSync(file);
	writeFileSync(file, torn.fill(0, (marks - 0.5) * PAGE_BYTES, marks * PAGE_BYTES));

	const store = await openStore({ data });
	expect(await statuses(store, ["a-1", "b-1", "c-1"])).toEqual([200, 500, 200]);
	const refused = await store.append("b-1", [event()]);
	expect([refused.status, refused.json]).toEqual([
		500,
		expect.objectContaining({
			type: "urn:varve:problem:log-damaged",
			reason: expect.stringContaining("not what the log says: that it was deleted"),
		}),
	]);
	expect((await store.append("c-1", [event()])).status).toBe(201);
	const { stderr } = await store.server.stop();
	expect(stderr).toContain("the log is damaged: b-1 at 0 cannot be read");
	await expectNamed(data, /^b-1: what is noted of it is not so$/m);
});

test("an append that meets a damaged page fails alone, whoever shares its commit", async () => {
	const { data, file } = await fill();
	const sound = await openSqliteLog(data);
	// Its places fill several pages: no append to another stream writes to one beside the first.
	await log.append(sound, "a-1", log.events(500));
	await sound.close();
	await spoil({ data, file, bytes: readFileSync(file) }, "places", () => 0);
	const store = await openStore({ data });
	// All at once, so that most of them wait for the same commit.
	const streams = Array.from({ length: 30 }, (_, i) => (i % 10 === 4 ? "a-1" : `new-${i}`));
	const send = (stream: string) => store.append(stream, [lowest()]);
	const replies = await Promise.all(streams.map(send));
	for (const [i, { status }] of replies.entries()) {
		expect([streams[i], status]).toEqual([streams[i], streams[i] === "a-1" ? 500 : 201]);
	}
	expect((await idsOf(store, "$ce-new")).length).toBe(27);
	expect((await store.server.stop()).code).toBe(0);
});

describe("damage to what an append builds upon", () => {
	test.each([
		["the newest events", "events", "last"],
		["the nodes of the tree", "nodes", "last"],
		["the index of names", "sqlite_autoindex_streams_1", "first"],
	])("leaves %s to be restored, and the rest to be read", async (_, table, which) => {
		const filled = await fill();
		const spoiled = await spoil(filled, table, (pages) => (which === "last" ? pages - 1 : 0));
		const store = await openStore({ data: spoiled.data });

		const refused = await store.append("new", [event()]);
		const refusal = {
			type: "urn:varve:problem:writer-stopped",
			reason: expect.stringContaining("the log is damaged: "),
		};
		expect([refused.status, refused.json]).toEqual([503, expect.objectContaining(refusal)]);
		for (const request of [
			{ method: "DELETE", path: "/streams/a-1" },
			{ method: "DELETE", path: "/streams/a-1/0/data" },
			{ method: "POST", path: "/admin/scavenge" },
			get("/health/ready"),
		]) {
			expect(await store.ask(request)).toMatchObject({ status: 503, json: refusal });
		}
		expect((await store.ask(get("/health/live"))).status).toBe(204);

		const hasNames = table !== "sqlite_autoindex_streams_1";
		const isRead = hasNames ? 200 : 500;
		expect(await statuses(store, ["a-1", "b-1"])).toEqual([isRead, isRead]);
		const first = `${"0".repeat(32)}/forward/20`;
		expect(await store.ask(get(`/streams/$all/${first}?embed=body`))).toMatchObject({
			status: 200,
		});
		expect((await store.ask(get("/streams/a-1/199"))).status).toBe(isRead);
		expect(await statuses(store, ["c-1"])).toEqual([table === "nodes" ? 200 : 500]);

		const checkpoint = await store.ask(get("/log/checkpoint"));
		if (hasNames) {
			expect(checkpoint).toMatchObject({
				status: 500,
				json: { type: "urn:varve:problem:log-damaged", part: "the right edge of its tree" },
			});
		} else expect(checkpoint.status).toBe(200);
		expect((await store.ask(get("/log/tile/0/000"))).status).toBe(200);
		expect((await store.ask(get("/log/key"))).status).toBe(200);

		const { code, stderr } = await store.server.stop();
		expect([code, stderr]).toEqual([0, expect.stringContaining("the writer stopped: the log is")]);
		expect(readFileSync(spoiled.file).equals(spoiled.bytes)).toBe(true);
		await expectNamed(spoiled.data, NAMED[table] as RegExp);

		// The file as it was is a log again, and goes on.
		writeFileSync(spoiled.file, filled.bytes);
		const again = await openStore({ data: spoiled.data });
		expect((await again.append("new", [event()])).status).toBe(201);
		expect(await idsOf(again, "c-1")).toHaveLength(200);
		expect((await again.ask(get("/health/ready"))).status).toBe(204);
		await closeStore(again);
	});

	const NAMED: Readonly<Record<string, RegExp>> = {
		events: /^positions? 59\d( to 599)?: cannot be read: SQLITE_CORRUPT/m,
		nodes: /^node 1 of level 1 is missing[\s\S]*not ok: \d+ faults, 600 events in 3 streams$/m,
		sqlite_autoindex_streams_1: /malformed|ree \d+ page/,
	};

	test("and a log that cannot be held against what was signed is not appended to", async () => {
		// Signed for at 300 events: their edge is in positions 256 to 299, that of the log in 512 up.
		const filled = await fill(300);
		const spoiled = await spoil(filled, "events", (pages) => (270 / 600) * pages);
		const store = await openStore({ data: spoiled.data });
		expect(await store.append("new", [event()])).toMatchObject({
			status: 503,
			json: { type: "urn:varve:problem:writer-stopped" },
		});
		expect((await store.ask(get("/health/ready"))).status).toBe(503);
		expect((await store.ask(get("/log/checkpoint"))).json.type).toContain("log-damaged");
		expect(await statuses(store, ["a-1", "b-1", "c-1"])).toEqual([200, 500, 200]);
		expect((await store.server.stop()).code).toBe(0);
		expect(readFileSync(spoiled.file).equals(spoiled.bytes)).toBe(true);
	});

	test("a newest hash that is another is damage, and no log that was set back", async () => {
		const { data, file } = await fill();
		const raw = new Database(file);
		raw.exec("DROP TRIGGER events_are_never_updated");
		raw.exec("UPDATE events SET hash = zeroblob(32) WHERE position = 598");
		raw.close();
		const store = await openStore({ data });
		const reason = expect.stringContaining("the event at position 598 does not have its hash");
		const stopped = { type: "urn:varve:problem:writer-stopped", reason };
		expect(await store.append("new", [event()])).toMatchObject({ status: 503, json: stopped });
		const damaged = { type: "urn:varve:problem:log-damaged", reason };
		const checkpoint = await store.ask(get("/log/checkpoint"));
		expect(checkpoint).toMatchObject({ status: 500, json: damaged });
		expect(await statuses(store, ["a-1", "b-1", "c-1"])).toEqual([200, 200, 200]);
		const prove = await varve(["prove", "1", "--data", data]);
		expect([prove.code, prove.stderr]).toEqual([1, expect.stringContaining("position 598")]);
		expect((await store.server.stop()).code).toBe(0);
		await expectNamed(data, /^position 598: version 198 of c-1 is not what was appended/m);
	});

	test("refuses the start where the operator wants no server that cannot write", async () => {
		const { data, file, bytes } = await spoil(await fill(), "events", (pages) => pages - 1);
		const args = ["serve", "--port", "0", "--data", data, "--on-write-failure", "exit"];
		const { code, stdout, stderr } = await varve(args);
		expect([code, stdout]).toEqual([1, ""]);
		expect(stderr).not.toContain("reads go on");
		expect(stderr).toMatch(
			/cannot be used: the log is damaged: SQLITE_CORRUPT.*-failure stay, the server serves/,
		);
		expect(readFileSync(file).equals(bytes)).toBe(true);
	});

	test.each([
		["its header", "sqlite_schema", /cannot be used: SQLITE_(NOTADB|CORRUPT)/],
		["the number of its history", "store", /cannot be used: SQLITE_CORRUPT/],
	])("refuses the start where %s is gone", async (_, table, reason) => {
		const { data, file, bytes } = await spoil(await fill(), table, () => 0);
		const { code, stderr } = await varve(["serve", "--port", "0", "--data", data]);
		expect([code, stderr]).toEqual([1, expect.stringMatching(reason)]);
		expect(readFileSync(file).equals(bytes)).toBe(true);
	});
});

type Filled = { readonly data: string; readonly file: string; readonly bytes: Buffer };

/** Three streams of 200 events, some 3 on a page, and a checkpoint that was signed on the way. */
async function fill(signedAt = 600): Promise<Filled> {
	const data = newDirectory();
	filled[signedAt] ??= fillOnce(signedAt);
	cpSync(await filled[signedAt], data, { recursive: true });
	const file = join(data, "log.sqlite");
	return { data, file, bytes: readFileSync(file) };
}

/** The data directories that tests copy, by `signedAt`. */
const filled: Record<number, Promise<string>> = {};

async function fillOnce(signedAt: number): Promise<string> {
	const store = await openStore();
	let position = 0;
	for (const stream of ["a-1", "b-1", "c-1"]) {
		// Small ones, so that a stream has places of entries on the page that has most of its ids.
		for (let batch = 0; batch < 10; batch++) {
			expect((await store.append(stream, events(20, "x".repeat(900)))).status).toBe(201);
			position += 20;
			if (position === signedAt) await store.ask(get("/log/checkpoint"));
		}
	}
	await closeStore(store);
	return store.data;
}

/** Spoils one of the pages that hold the rows of a table; which one, its number in order says. */
async function spoil(
	{ data, file, bytes }: Filled,
	table: string,
	which: (pages: number) => number,
): Promise<Filled> {
	const pages = leavesOf(file, table);
	const damaged =
		table === "sqlite_schema" ? 1 : (pages[Math.floor(which(pages.length))] as number);
	const spoiled = Buffer.from(bytes);
	spoiled.fill(0x55, (damaged - 1) * PAGE_BYTES, damaged * PAGE_BYTES);
	writeFileSync(file, spoiled);
	return { data, file, bytes: spoiled };
}

/** An event by whose id a stream looks on the first of the pages that have its ids. */
function lowest() {
	const ids = Array.from({ length: 500 }, () => randomUUID());
	const key = (id: string) => idKeyOf(Buffer.from(id.replaceAll("-", ""), "hex"));
	const eventId = ids.reduce((low, id) => (key(id) < key(low) ? id : low));
	return { ...event(), eventId };
}

const page = (stream: string) => get(`/streams/${stream}/0/forward/200?embed=body`);

async function statuses(store: Store, streams: readonly string[]): Promise<number[]> {
	const found: number[] = [];
	for (const stream of streams) {
		const { status, json } = await store.ask(page(stream));
		if (status !== 200) expect(json.type).toBe("urn:varve:problem:log-damaged");
		found.push(status);
	}
	return found;
}

/** Where a checkpoint says where to go on, it is what has to be changed. */
async function expectCheckpoint(
	first: number,
	follow: (...args: string[]) => Promise<Finished>,
): Promise<void> {
	const checkpoint = join(newDirectory(), "checkpoint");
	const { code, stderr } = await follow("--checkpoint", checkpoint);
	expect([code, stderr]).toEqual([
		1,
		expect.stringContaining(`; write ${first} into ${checkpoint} to continue`),
	]);
	const saved = readFileSync(checkpoint, "utf8").matchAll(/"at":(\d+)/g);
	expect(Math.max(...[...saved].map(([, at]) => Number(at)))).toBe(first - 1);
	writeFileSync(checkpoint, `${first}\n`);
	const behind = await follow("--checkpoint", checkpoint);
	expect(behind.stderr).toMatch(new RegExp(`event ${first + 1} is the first that cannot be read`));
}

async function expectNamed(data: string, damage: RegExp): Promise<void> {
	const { code, stdout } = await varve(["verify", "--data", data]);
	expect([code, stdout]).toEqual([1, expect.stringMatching(damage)]);
}

describe("a WAL after a crash", () => {
	const BATCHES = 30;

	/** A directory as a crash leaves it: every batch in the WAL, none in the database. */
	async function crashed(): Promise<{ data: string; ids: string[][] }> {
		const open = newDirectory();
		const writing = await openSqliteLog(open);
		const ids: string[][] = [];
		for (let batch = 0; batch < BATCHES; batch++) {
			const sent = log.events(1 + (batch % 5), { data: Buffer.alloc(500 * (batch % 7), "x") });
			await log.append(writing, `s-${batch % 3}`, sent);
			ids.push(log.idsOf(sent));
		}
		const data = newDirectory();
		for (const file of ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"]) {
			copyFileSync(join(open, file), join(data, file));
		}
		await writing.close();
		return { data, ids };
	}

	/** What is there after all, as whole batches; fails where one is torn or out of order. */
	async function batchesIn(data: string, ids: readonly string[][]): Promise<number> {
		const opened = await openSqliteLog(data);
		expect(await opened.verify()).toMatchObject({ ok: true, faults: [] });
		const found = log.ids(await log.read(opened, "$all", { content: false }));
		const count = ids.findIndex((_, batch) => ids.slice(0, batch).flat().length === found.length);
		const batches = count === -1 ? ids.length : count;
		expect(found).toEqual(ids.slice(0, batches).flat());
		// And it goes on from there.
		await log.append(opened, "next", log.events(1), "no-stream");
		await opened.close();
		return batches;
	}

	const wal = (data: string) => join(data, "log.sqlite-wal");

	test("opens to the last whole batch before the place where it was cut", async () => {
		const random = randomFrom(runSeed());
		const { data, ids } = await crashed();
		const whole = readFileSync(wal(data));
		const database = readFileSync(join(data, "log.sqlite"));
		const lengths = [0, 31, 33, whole.length - 1, whole.length];
		for (let i = 0; i < 4; i++) lengths.push(random.upTo(whole.length));
		const kept: number[] = [];
		for (const length of lengths.sort((a, b) => a - b)) {
			writeFileSync(join(data, "log.sqlite"), database);
			writeFileSync(wal(data), whole.subarray(0, length));
			rmSync(join(data, "log.sqlite-shm"), { force: true });
			kept.push(await batchesIn(data, ids));
		}
		expect([kept[0], kept.at(-1)]).toEqual([0, BATCHES]);
		expect(kept).toEqual(kept.toSorted((a, b) => a - b));
	});

	test("opens to the last whole batch before the garbage in it", async () => {
		const random = randomFrom(runSeed());
		const { data, ids } = await crashed();
		const whole = readFileSync(wal(data));
		const database = readFileSync(join(data, "log.sqlite"));
		for (let i = 0; i < 5; i++) {
			const at = random.upTo(whole.length);
			const garbled = Buffer.from(whole);
			for (let byte = at; byte < Math.min(at + 1 + random.upTo(64), whole.length); byte++) {
				garbled[byte] = (garbled[byte] as number) ^ (1 + random.upTo(255));
			}
			writeFileSync(join(data, "log.sqlite"), database);
			writeFileSync(wal(data), garbled);
			rmSync(join(data, "log.sqlite-shm"), { force: true });
			expect(await batchesIn(data, ids)).toBeLessThan(BATCHES);
		}
		const behind = Buffer.concat([whole, Buffer.alloc(20_000, 0x5a)]);
		writeFileSync(join(data, "log.sqlite"), database);
		writeFileSync(wal(data), behind);
		expect(await batchesIn(data, ids)).toBe(BATCHES);
	});

	test.each([
		["missing", (file: string) => rmSync(file)],
		["garbage", (file: string) => writeFileSync(file, Buffer.alloc(32_768, 0xa5))],
		["cut short", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 100))],
	])("needs no index: one that is %s is made anew", async (_, spoil) => {
		const { data, ids } = await crashed();
		spoil(join(data, "log.sqlite-shm"));
		expect(await batchesIn(data, ids)).toBe(BATCHES);
	});
});

describe("a directory that may not be written", () => {
	const isRoot = process.getuid?.() === 0;

	/** Runs a verb as a user whom the file modes bind. */
	function run(...args: string[]) {
		return spawnSync(process.execPath, [BIN, ...args], {
			encoding: "utf8",
			env: { PATH: process.env.PATH },
			...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
		});
	}

	const canRun = run("help").status === 0;
	if (!canRun) console.warn("SKIPPED: nobody but root may run this program");

	(canRun ? test : test.skip)("refuses the start, and says why", async () => {
		const empty = newDirectory();
		const filled = await openStore();
		await filled.append("a", events(3));
		await closeStore(filled);
		const below = join(empty, "deeper");
		for (const file of ["lock", "log.sqlite"]) chmodSync(join(filled.data, file), 0o444);
		for (const directory of [empty, filled.data]) chmodSync(directory, 0o555);
		const before = statSync(join(filled.data, "log.sqlite")).mtimeMs;
		for (const data of [empty, below, filled.data]) {
			const { status, stdout, stderr } = run("serve", "--port", "0", "--data", data);
			expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
			expect(stderr).toMatch(/ not started: \S+ cannot be used: .*(CANTOPEN|READONLY|EACCES).*\n$/);
		}
		expect(statSync(join(filled.data, "log.sqlite")).mtimeMs).toBe(before);
		for (const directory of [empty, filled.data]) chmodSync(directory, 0o755);
		for (const file of ["lock", "log.sqlite"]) chmodSync(join(filled.data, file), 0o644);
		await expectSound(filled.data);
	});
});

/** The pages that hold the rows of a table, in order. */
function leavesOf(file: string, table: string): number[] {
	const database = new Database(file, { readonly: true });
	const leaves = database.prepare(
		"SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path",
	);
	const pages = leaves.pluck().all(table) as number[];
	database.close();
	return pages;
}
