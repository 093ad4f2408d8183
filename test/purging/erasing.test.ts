/** Redactions and scavenges, told to a cache on a real socket, across starts of the log. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tagsToPurge } from "../../src/cache/tags.ts";
import type { StreamName } from "../../src/event.ts";
import { openSqliteLog, type SqliteLog } from "../../src/log/sqlite/log.ts";
import { parseCaches } from "../../src/purging/addresses.ts";
import { type Purging, startPurging } from "../../src/purging/purging.ts";
import { until } from "../http/harness.ts";
import { type Cache, startCache } from "./cache.ts";

const S = "order-1" as StreamName;

let cache: Cache;
let directory: string;
let log: SqliteLog;
let purging: Purging;

beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "varve-purging-"));
	cache = await startCache();
	log = await openSqliteLog(directory);
	await append(S, 5);
});
afterEach(async () => {
	await purging.close();
	await log.close();
	await cache.close();
	rmSync(directory, { recursive: true });
});

async function append(stream: StreamName, count: number, type = "t", data = "{}"): Promise<void> {
	const events = Array.from({ length: count }, () => ({
		id: randomUUID(),
		type,
		isJson: true,
		data: Buffer.from(data),
		metadata: new Uint8Array(0),
	}));
	await log.append({ stream, expected: "any", events });
}

async function start(againMs = 60_000): Promise<void> {
	purging = await startPurging(log, log.hidden, {
		caches: parseCaches(cache.url) ?? [],
		method: "PURGE",
		by: "tags",
		paths: { event: () => "", page: () => "", pageWithEvents: () => "", tailPage: () => "" },
		host: undefined,
		directory,
		say: () => undefined,
		pauseMs: 5,
		againMs,
	});
}

/** A start after the one before ended with the process. */
async function crashAndStart(): Promise<void> {
	cache.answer = () => 500;
	await purging.close();
	await log.close();
	cache.told.length = 0;
	cache.answer = () => 200;
	log = await openSqliteLog(directory);
	await start();
}

function tagsTold(): string[] {
	return cache.told.map(({ headers }) => String(headers["cache-tag"]));
}

const redact = (version: number) => log.redact({ stream: S, version, metadata: false });
const tags = tagsToPurge(S).join();

test("a redaction and a scavenge purge what shows the stream", async () => {
	await start();
	await redact(2);
	await until(() => cache.told.length === 1);
	await append("$$order-1" as StreamName, 1, "$metadata", '{"$tb":2}');
	await until(() => cache.told.length === 2);
	for (let from: number | undefined = 0; from !== undefined; ) {
		from = (await log.scavenge(from)).next;
	}
	await until(() => cache.told.length === 3);
	expect(tagsTold()).toEqual([tags, tags, tags]);
});

test("it is told once more, for answers that were on their way", async () => {
	await start(20);
	await redact(2);
	await until(() => cache.told.length === 2);
	expect(tagsTold()).toEqual([tags, tags]);
});

test("a shutdown does not wait to tell it once more, and has told it", async () => {
	await start();
	await redact(2);
	await until(() => purging.state()[0]?.purged);
	expect(existsSync(join(directory, "purged.json"))).toBe(false);
	await purging.close();
	expect(tagsTold()).toEqual([tags, tags]);
	expect(existsSync(join(directory, "purged.json"))).toBe(true);
});

test("an erasure that was not purged at a crash purges everything at the next start", async () => {
	await start();
	cache.answer = () => 500;
	await redact(2);
	await until(() => cache.told.length > 0);
	await crashAndStart();
	await until(() => cache.told.length > 0);
	expect(tagsTold()).toEqual(["varve"]);
	await until(() => purging.state()[0]?.purged);
	await crashAndStart();
	await redact(3);
	await until(() => cache.told.length > 0);
	expect(tagsTold()).toEqual([tags]);
});

test("a watermark that cannot be read, or is of another history, purges everything", async () => {
	await start();
	await redact(2);
	await until(() => purging.state()[0]?.purged);
	for (const text of ["", "{}", '{"incarnation":2,"position":9,"erasures":1,"caches":"x"}']) {
		await purging.close();
		writeFileSync(join(directory, "purged.json"), text);
		cache.told.length = 0;
		await start();
		await until(() => cache.told.length > 0);
		expect(tagsTold()).toEqual(["varve"]);
		await until(() => purging.state()[0]?.purged);
	}
});

test("streams beyond counting become everything", async () => {
	cache.answer = () => undefined;
	await start();
	const streams = Array.from({ length: 10_050 }, (_, i) => `$$many-${i}` as StreamName);
	const metadata = () => ({
		id: randomUUID(),
		type: "$metadata",
		isJson: true,
		data: Buffer.from('{"$tb":1}'),
		metadata: new Uint8Array(0),
	});
	await Promise.all(
		streams
			.slice(0, 9_000)
			.map((stream) => log.append({ stream, expected: "any", events: [metadata()] })),
	);
	await Promise.all(
		streams
			.slice(9_000)
			.map((stream) => log.append({ stream, expected: "any", events: [metadata()] })),
	);
	await until(() => purging.state()[0]?.pending === "everything");
	cache.answer = () => 200;
});
