/**
 * A later run copies most new rows ahead of the one transaction that changes the backup:
 *
 *     partial/newer.sqlite    new events, streams and entries, in tables like those of the backup
 *
 * It is filled like a first copy: an interruption loses almost nothing, and no snapshot of the
 * source is held for long. Its rows then go to the backup without a read of the source.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { type Connection, type EntryRow, isDamage, type OnEntries } from "../log/sqlite/copies.ts";
import { eventsStep } from "./fill.ts";
import * as copying from "./statements.ts";

type YieldTurn = () => Promise<void>;

/**
 * Attaches the file as `newer`: with the rows of an earlier run, or empty if they do not follow the
 * present end of the backup.
 * @param database the backup, with the source attached
 */
export function attachNewer(database: Connection, file: string): void {
	const attach = database.prepare(copying.ATTACH_NEWER);
	if (existsSync(file)) {
		if (isContinuation(database, file)) return;
		for (const end of ["", "-journal"]) rmSync(`${file}${end}`, { force: true });
	}
	mkdirSync(dirname(file), { recursive: true });
	attach.run(file);
	const schema = database.pragma("main.user_version", { simple: true });
	const tables = database.prepare(copying.TABLES_TO_FILL).pluck().all() as string[];
	const create = tables.map((sql) => sql.replace(/^CREATE TABLE /, "CREATE TABLE newer."));
	database.exec(`BEGIN; ${create.join(";")}; PRAGMA newer.user_version = ${schema}; COMMIT`);
}

/** Leaves the file attached if it is one. */
function isContinuation(database: Connection, file: string): boolean {
	let isAttached = false;
	let isFit = false;
	try {
		database.prepare(copying.ATTACH_NEWER).run(file);
		isAttached = true;
		isFit = follows(database);
	} catch (error) {
		if (!isDamage(error)) throw error;
	}
	if (isAttached && !isFit) database.exec(copying.DETACH_NEWER);
	return isFit;
}

/** The backup may have gone on meanwhile, or the source may have been set back. */
function follows(database: Connection): boolean {
	const one = (sql: string, ...key: unknown[]) =>
		database
			.prepare(sql)
			.pluck()
			.get(...key);
	const schema = (of: string) => database.pragma(`${of}.user_version`, { simple: true });
	if (schema("newer") !== schema("main")) return false;
	if (one(copying.IS_SAME_HISTORY) !== 1) return false;
	const first = one(copying.NEWER_FIRST_EVENT) as number | null;
	if (first === null) return one(copying.NEWER_HAS_ROWS) === 0;
	if (first !== (one(copying.LAST_EVENT) as number) + 1) return false;
	return one(copying.isSameEvent("newer"), one(copying.NEWER_LAST_EVENT)) === 1;
}

/** Copies the events and streams of it to the backup. */
export async function mergeNewer(database: Connection, yieldTurn: YieldTurn): Promise<void> {
	const last = (sql: string) => database.prepare(sql).pluck();
	const copySome = eventsStep(database, "main", () => lastEvent.get() as number, "newer");
	const streams = database.prepare(copying.copyStreams("main", "newer"));
	const [lastEvent, lastStream] = [last(copying.LAST_EVENT), last(copying.LAST_STREAM)];
	while (copySome()) await yieldTurn();
	while (streams.run(lastStream.get()).changes > 0) await yieldTurn();
}

/**
 * Copies the entries of events below one. Entries above it came while the entries were copied
 * ahead; they are copied from the source later.
 */
export async function mergeEntries(
	database: Connection,
	below: number,
	onEntries: OnEntries | undefined,
	yieldTurn: YieldTurn,
): Promise<void> {
	const rows = database.prepare(copying.MERGED_ENTRIES).raw();
	const entries = database.prepare(copying.MERGE_ENTRIES);
	for (let key: readonly number[] | undefined = [-1, -1]; key; await yieldTurn()) {
		const seen = rows.all(...key, below) as EntryRow[];
		const last = seen.at(-1);
		if (last) {
			onEntries?.(seen);
			entries.run(...key, last[0], last[1], below);
		}
		key = last && [last[0], last[1]];
	}
}
