/** What reads show, and what they wait for, beside a writer that hangs or has stopped. */
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
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

/** Lets nothing else run until the log on disk holds `count` events, and so many erasures. */
function waitForDisk(directory: string, count: number, erasures = 0): void {
	const database = new Database(logFile(directory), { readonly: true });
	const size = database.prepare("SELECT count(*) FROM events").pluck();
	while (Number(size.get()) < count);
	const erased = database.prepare("SELECT erasures FROM store").pluck();
	while (Number(erased.get()) < erasures);
	database.close();
}

/** The thread that writes the first event of a log. */
async function writerOf(log: Log): Promise<Worker> {
	const { postMessage } = Worker.prototype;
	const writer = new Promise<Worker>((resolve) => {
		Worker.prototype.postMessage = function (this: Worker, ...message) {
			resolve(this);
			postMessage.apply(this, message);
		};
	});
	await append(log, "first", events(1));
	Worker.prototype.postMessage = postMessage;
	return writer;
}

/** The entry of the first event of `stream` then leads to a position that the log does not have. */
function moveEntry(directory: string, stream: string, position: number): void {
	const database = new Database(logFile(directory));
	const triggers = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'");
	for (const name of triggers.pluck().all()) database.exec(`DROP TRIGGER "${name}"`);
	database.pragma("foreign_keys = OFF");
	const entry = "stream = (SELECT id FROM streams WHERE name = ?) AND key = 0";
	database.prepare(`UPDATE places SET position = ? WHERE ${entry}`).run(position, stream);
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

describe("if the writer stops before it can answer", () => {
	let log: Log;
	let writer: Worker;
	let heard: number;
	let asked: Promise<unknown>[];

	beforeEach(async () => {
		const directory = newDirectory();
		log = await openSqliteLog(directory);
		writer = await writerOf(log);
		heard = 0;
		log.onCommit(() => heard++);
		// From here on it commits, and no answer arrives.
		writer.removeAllListeners("message");
		const redaction = { stream: name("first"), version: 0, metadata: false };
		asked = [append(log, "a", events(2)), log.redact(redaction)].map(refusal);
		for (let turn = 0; turn < 3; turn++) await setImmediate();
		waitForDisk(directory, 3, 1);
	});

	afterEach(() => log.close());

	const stop = async () => {
		await writer.terminate();
		const words = (await Promise.all(asked)).map((refused) => (refused as [string])[0]);
		expect(words).toEqual(["writer-stopped", "writer-stopped"]);
	};

	test("reads show what is on disk, which the listeners never hear of", async () => {
		await stop();
		expect(versions(await read(log, "a"))).toEqual([0, 1]);
		expect((await read(log, "first")).entries[0]?.event.isRedacted).toBe(true);
		expect(heard).toBe(0);
	});

	test("reads that wait for its answer go on", async () => {
		let isDone = false;
		const reading = Promise.all([read(log, "a"), read(log, "first")]).finally(() => {
			isDone = true;
		});
		for (let turn = 0; turn < 3; turn++) await setImmediate();
		expect(isDone).toBe(false);
		await stop();
		const [a, first] = await reading;
		expect(versions(a)).toEqual([0, 1]);
		expect(first.entries[0]?.event.isRedacted).toBe(true);
	});
});
