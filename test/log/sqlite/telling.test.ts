/** What reads show, and what they wait for, beside a writer that hangs. */
import { setImmediate } from "node:timers/promises";
import Database from "better-sqlite3";
import type { Appended, Log } from "../../../src/log/log.ts";
import { logFile } from "../../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { append, event, events, name, read, refusal, versions } from "../asking.ts";
import { newDirectory } from "./directory.ts";

/** An append that waits for another connection, which has locked the database. */
type Hanging = { readonly appended: Promise<Appended>; unlock(): void };

async function hang(directory: string, log: Log, batch = events(1)): Promise<Hanging> {
	const other = new Database(logFile(directory));
	other.exec("BEGIN IMMEDIATE");
	const appended = append(log, "late-1", batch);
	// The queue sends at the end of a turn of the event loop.
	for (let turn = 0; turn < 3; turn++) await setImmediate();
	return { appended, unlock: () => other.close() };
}

/** Lets nothing else run until the log on disk holds `count` events. */
function waitForDisk(directory: string, count: number): void {
	const database = new Database(logFile(directory), { readonly: true });
	const size = database.prepare("SELECT count(*) FROM events").pluck();
	while (Number(size.get()) < count);
	database.close();
}

/** The entry of the first event of `stream` then leads to a position that the log does not have. */
function moveEntry(directory: string, stream: string, position: number): void {
	const database = new Database(logFile(directory));
	const triggers = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'");
	for (const name of triggers.pluck().all()) database.exec(`DROP TRIGGER "${name}"`);
	database.pragma("foreign_keys = OFF");
	const entry = "stream = (SELECT id FROM streams WHERE name = ?) AND version = 0";
	database.prepare(`UPDATE entries SET position = ? WHERE ${entry}`).run(position, stream);
	database.close();
}

describe("while an append hangs", () => {
	test("reads of older events are answered, also if it is the first since the start", async () => {
		const directory = newDirectory();
		const first = await openSqliteLog(directory);
		await append(first, "a", events(2));
		await first.close();
		const log = await openSqliteLog(directory);
		const { appended, unlock } = await hang(directory, log);
		expect(versions(await read(log, "a"))).toEqual([0, 1]);
		expect(versions(await read(log, "$all"))).toEqual([0, 1]);
		unlock();
		expect((await appended).position).toBe(2);
		expect((await read(log, "$all")).last).toBe(2);
		await log.close();
	});

	test("reads of a healthy stream are answered after those of a damaged one", async () => {
		const directory = newDirectory();
		const log = await openSqliteLog(directory);
		for (const stream of ["damaged", "healthy"]) await append(log, stream, events(1));
		moveEntry(directory, "damaged", 1_000_000);
		expect((await refusal(read(log, "damaged")))[0]).toBe("log-damaged");
		const { appended, unlock } = await hang(directory, log);
		expect(versions(await read(log, "healthy"))).toEqual([0]);
		unlock();
		await appended;
		await log.close();
	});
});

describe("a look-up of an id in a log of many streams", () => {
	const COUNT = 1500;
	let directory: string;
	let log: Log;

	beforeEach(async () => {
		directory = newDirectory();
		log = await openSqliteLog(directory);
		// Each is in a category of its own, which is a stream as well.
		const streams = Array.from({ length: COUNT }, (_, i) => `kind${i}-1`);
		await Promise.all(streams.map((stream) => append(log, stream, events(1))));
		await append(log, "late-1", events(1));
	});

	test("finds none that was committed after it began", async () => {
		const sent = event();
		const { appended, unlock } = await hang(directory, log, [sent]);
		const found = log.locate(name("$all"), sent.id);
		unlock();
		waitForDisk(directory, COUNT + 2);
		expect(await found).toBeUndefined();
		const { position } = await appended;
		expect(await log.locate(name("$all"), sent.id)).toBe(position);
		await log.close();
	});

	test("is refused if the log is closed before it is through", async () => {
		const sent = event();
		await append(log, "late-1", [sent]);
		const found = refusal(log.locate(name("$all"), sent.id));
		await log.close();
		expect((await found)[0]).toBe("shutting-down");
	});
});
