/**
 * A page of the file that is half zeros, as a torn write leaves it: SQLite often takes it for one
 * with fewer rows, and says nothing. A stream may then seem to end sooner, or not to be there; but
 * what is read of it below its end is kept by caches for ever, so it must be all there, or be
 * refused.
 */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import { isRefusal } from "../../../src/errors.ts";
import type { NewEvent } from "../../../src/event.ts";
import type { Log, Slice } from "../../../src/log/log.ts";
import { logFile } from "../../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { append, event, events, name, read, refusal, scavenge } from "../asking.ts";
import { newDirectory } from "./directory.ts";

const PAGE_BYTES = 4096;
const OWN = ["a-1", "b-1", "c-1", "short-1", "gone-1", "links", "$$short-1"];
const STREAMS = [...OWN, "$ce-a", "$ce-gone", "$et-OrderPlaced", "$streams"];
const FROM = Array.from({ length: 12 }, (_, index) => index * 50);

test("no read of a file with a torn page leaves out an event below the last it knows", async () => {
	const data = await filled();
	const sound = await openSqliteLog(data);
	const expected = new Map(await Promise.all(reads().map((one) => answered(sound, one))));
	await sound.close();
	const bytes = readFileSync(logFile(data));
	let refused = 0;
	for (let page = 1; page < bytes.length / PAGE_BYTES; page++) {
		const torn = newDirectory();
		copyFileSync(logFile(data), logFile(torn));
		const half = Buffer.from(bytes);
		half.fill(0, (page + 0.5) * PAGE_BYTES, (page + 1) * PAGE_BYTES);
		writeFileSync(logFile(torn), half);
		const log = await openSqliteLog(torn).catch(() => undefined);
		if (!log) continue;
		for (const one of reads()) {
			const [key, answer] = await answered(log, one);
			const whole = expected.get(key) as Shown | string;
			if (answer === "log-damaged") refused++;
			else if (typeof answer === "string") expect([page, key, answer]).toEqual([page, key, whole]);
			else {
				// A stream that was deleted for ever shows nothing, whatever is torn.
				const shown = typeof whole === "string" ? [] : whole.entries;
				const entries = shown.filter(({ version }) => version <= answer.last);
				expect([page, key, answer.entries]).toEqual([page, key, entries]);
			}
		}
		await log.close();
	}
	expect(refused).toBeGreaterThan(0);
});

test("no append is decided by an event that is missing", async () => {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	const [first, second] = events(2);
	await append(log, "a-1", [first as NewEvent, second as NewEvent]);
	await append(log, "hidden-1", events(1));
	const { position } = await log.delete({ stream: name("hidden-1"), expected: "any", hard: false });
	// The newest are read when the writer starts: those stay whole.
	await append(log, "plain-1", events(600));
	await log.close();
	const database = new Database(logFile(directory));
	database.exec("DROP TRIGGER events_are_never_deleted");
	database.prepare("DELETE FROM events WHERE position IN (1, ?)").run(position);
	database.close();

	const damaged = await openSqliteLog(directory);
	// Whether the stream is deleted; whether the second of a batch is there already.
	const asked = [
		() => append(damaged, "hidden-1", events(1)),
		() => append(damaged, "hidden-1", events(1), "stream-exists"),
		() => damaged.delete({ stream: name("hidden-1"), expected: 0, hard: false }),
		() => append(damaged, "a-1", [first as NewEvent, second as NewEvent], "no-stream"),
	];
	for (const ask of asked) expect((await refusal(ask()))[0]).toBe("log-damaged");
	await append(damaged, "plain-1", events(1));
	await damaged.close();
});

test("a number that only seems free is not given to a new stream", async () => {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	for (const stream of ["a-1", "b-1"]) await append(log, stream, events(1));
	await log.close();
	const database = new Database(logFile(directory));
	database.exec("DROP TRIGGER streams_are_never_deleted");
	database.exec("DELETE FROM streams WHERE id = (SELECT max(id) FROM streams)");
	database.close();

	const damaged = await openSqliteLog(directory);
	const [known, unknown] = await Promise.allSettled([
		append(damaged, "a-1", events(1)),
		refusal(append(damaged, "c-1", events(1))),
	]);
	expect(known).toMatchObject({ status: "fulfilled", value: { first: 1 } });
	expect(unknown).toMatchObject({ status: "fulfilled", value: ["log-damaged", expect.anything()] });
	await damaged.close();
});

/** Some 60 pages, with inner ones, links, and positions that were scavenged. */
async function filled(): Promise<string> {
	const data = newDirectory();
	const log = await openSqliteLog(data);
	const filler = { metadata: Buffer.from(JSON.stringify({ note: "x".repeat(200) })) };
	await append(log, "$$short-1", [event({ data: Buffer.from('{"$maxCount":2}') })]);
	for (let round = 0; round < 10; round++) {
		for (const stream of ["a-1", "b-1", "c-1"]) await append(log, stream, events(18, filler));
		await append(log, "short-1", events(5, filler));
		const link = { type: "$>", isJson: false, data: Buffer.from(`${round}@a-1`) };
		await append(log, "links", [event(link)]);
	}
	await append(log, "gone-1", events(30, filler));
	await log.delete({ stream: name("gone-1"), expected: "any", hard: true });
	await scavenge(log);
	await log.close();
	return data;
}

type Read = { readonly stream: string; readonly from: number };

function reads(): Read[] {
	return ["$all", ...STREAMS].flatMap((stream) => FROM.map((from) => ({ stream, from })));
}

type Shown = Pick<Slice, "last"> & {
	readonly entries: readonly { readonly version: number; readonly position: number }[];
};

/** What it shows, in short; or the word it is refused with. */
async function answered(
	log: Log,
	{ stream, from }: Read,
): Promise<[key: string, answer: Shown | string]> {
	const key = `${stream} from ${from}`;
	try {
		const { last, entries } = await read(log, stream, { from, limit: 50, resolve: false });
		const places = entries.map(({ version, event }) => ({ version, position: event.position }));
		return [key, { last, entries: places }];
	} catch (error) {
		return [key, isRefusal(error) ? error.word : String(error)];
	}
}
