/** What is erased in a store is erased in its backup, by the next run. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { backUp } from "../../src/backup/backup.ts";
import { restore } from "../../src/backup/restore.ts";
import type { Log } from "../../src/log/log.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { append, event, events, name, refusal, scavenge } from "../log/asking.ts";
import { newDirectory } from "../log/sqlite/directory.ts";
import { appendEverything, contentOf } from "./store.ts";

const SECRET = "the secret of 42";
const secret = {
	data: Buffer.from(JSON.stringify({ of: SECRET })),
	metadata: Buffer.from(JSON.stringify({ $correlationId: "c-9", of: SECRET })),
};

let log: Log;
let data: string;
let target: string;

beforeEach(async () => {
	data = newDirectory();
	target = join(newDirectory(), "backup");
	log = await openSqliteLog(data);
	await appendEverything(log);
	await append(log, "person-1", events(3, secret));
});
afterEach(() => log.close());

const holdsSecret = () => readFileSync(join(target, "log.sqlite")).includes(SECRET);
const redact = (version: number, metadata: boolean) =>
	log.redact({ stream: name("person-1"), version, metadata });
/** The last event of a deleted stream stays: here it is one without the secret. */
async function remove(stream: string): Promise<void> {
	await append(log, stream, events(1));
	await log.delete({ stream: name(stream), expected: "any", hard: false });
}

test("a redaction: first of the data, later of the metadata", async () => {
	await backUp(data, target, true);
	expect(holdsSecret()).toBe(true);
	for (const metadata of [false, true]) {
		for (const version of [0, 1, 2]) await redact(version, metadata);
		expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
		expect(contentOf(target)).toEqual(contentOf(data));
		expect(holdsSecret()).toBe(!metadata);
	}
});

test("a scavenge, and what was appended since", async () => {
	await backUp(data, target, true);
	await append(log, "person-1", [event(secret)]);
	await remove("person-1");
	expect((await scavenge(log)).events).toBeGreaterThan(3);
	expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
	expect(contentOf(target)).toEqual(contentOf(data));
	expect(holdsSecret()).toBe(false);
});

test("what was erased before the first backup is a skeleton in it, and restores as one", async () => {
	await redact(0, true);
	await redact(1, false);
	await backUp(data, target, true);
	expect(contentOf(target)).toEqual(contentOf(data));
	const directory = join(newDirectory(), "data");
	await restore(target, directory, { verify: true, sameHistory: true });
	expect(contentOf(directory)).toEqual(contentOf(data));
});

test("backups while a scavenge runs are sound, and the last has all of it", async () => {
	for (let i = 0; i < 60; i++) await append(log, `person-${i}`, events(50, secret));
	await backUp(data, target, false);
	for (let i = 0; i < 60; i++) await remove(`person-${i}`);
	let over = false;
	const scavenging = scavenge(log).finally(() => {
		over = true;
	});
	for (let runs = 0; !over || runs === 0; runs++) {
		expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
	}
	expect((await scavenging).events).toBeGreaterThanOrEqual(3000);
	expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
	expect(contentOf(target)).toEqual(contentOf(data));
	expect(holdsSecret()).toBe(false);
});

test("a first backup that was interrupted takes in what was erased meanwhile", async () => {
	await append(log, "many", events(4000, secret));
	const stop = new AbortController();
	const copying = () => stop.abort();
	const watch = { signal: stop.signal, copying };
	await expect(backUp(data, target, true, watch)).rejects.toThrow(/abort/);
	await remove("many");
	await remove("person-1");
	await scavenge(log);
	expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
	expect(contentOf(target)).toEqual(contentOf(data));
	expect(holdsSecret()).toBe(false);
});

test("a store that was set back to before an erasure leaves the backup as it was", async () => {
	const earlier = newDirectory();
	await remove("person-1");
	await backUp(data, earlier, true);
	await scavenge(log);
	await backUp(data, target, true);
	const before = contentOf(target);
	expect(await refusal(backUp(earlier, target, false))).toEqual([
		"backup-unusable",
		{ path: target, reason: expect.stringMatching(/set back: it has \d+ erasures, the store 0;/) },
	]);
	expect(contentOf(target)).toEqual(before);
});
