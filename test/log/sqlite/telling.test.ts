/** What reads show, and wait for, beside a writer that hangs. */
import { setImmediate } from "node:timers/promises";
import Database from "better-sqlite3";
import type { Log } from "../../../src/log/log.ts";
import { logFile } from "../../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { append, events, read, refusal, versions } from "../asking.ts";
import { newDirectory } from "./directory.ts";

/** Runs `work` while an append waits for another connection, which has locked the database. */
async function whileAppendHangs(
	directory: string,
	log: Log,
	work: () => Promise<void>,
): Promise<void> {
	const other = new Database(logFile(directory));
	other.exec("BEGIN IMMEDIATE");
	let isDone = false;
	const appended = append(log, "other", events(1)).finally(() => {
		isDone = true;
	});
	try {
		// The queue sends at the end of a turn of the event loop.
		for (let turn = 0; turn < 3; turn++) await setImmediate();
		await work();
		expect(isDone).toBe(false);
	} finally {
		other.exec("ROLLBACK");
		other.close();
		await appended;
	}
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
		await whileAppendHangs(directory, log, async () => {
			expect(versions(await read(log, "a"))).toEqual([0, 1]);
			expect(versions(await read(log, "$all"))).toEqual([0, 1]);
		});
		expect((await read(log, "$all")).last).toBe(2);
		await log.close();
	});

	test("reads of a healthy stream are answered after those of a damaged one", async () => {
		const directory = newDirectory();
		const log = await openSqliteLog(directory);
		for (const stream of ["damaged", "healthy"]) await append(log, stream, events(1));
		moveEntry(directory, "damaged", 1_000_000);
		expect((await refusal(read(log, "damaged")))[0]).toBe("log-damaged");
		await whileAppendHangs(directory, log, async () => {
			expect(versions(await read(log, "healthy"))).toEqual([0]);
		});
		await log.close();
	});
});
