/** A backup of a data directory, made or brought up to date while a server has it open. */
import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Refusal } from "../errors.ts";
import type { Verification } from "../log/log.ts";
import {
	incarnationOf,
	isDamage,
	isOlder,
	logFile,
	migrateCopy,
	provideTemporaryPlace,
	ReadableLog,
	refusalOf,
	refuseOtherSchema,
} from "../log/sqlite/copies.ts";
import { type BackupNote, noteBackup } from "../upkeep/backup-notes.ts";
import { Copy } from "./copy.ts";
import { type Measure, verifyCopy } from "./progress.ts";
import {
	copyKeys,
	type LastCheck,
	lastCheckOf,
	openTarget,
	readRecord,
	type Target,
} from "./target.ts";

/** Hears of the progress of a run, and can stop it. */
export type BackupWatcher = {
	readonly signal?: AbortSignal;
	/** Called when the copying begins. */
	copying?(measure: Measure): void;
	/** Called when the copy is whole, and its verification begins. */
	verifying?(measure: Measure): void;
};

export type BackupResult = {
	readonly path: string;
	readonly events: number;
	/** How many of them this run copied, or an unfinished run before it. */
	readonly added: number;
	readonly incarnation: number;
	/** Absent if none was asked for. */
	readonly verification?: Verification;
	/** After the run, this verification included. */
	readonly lastCheck: LastCheck;
	/** Why the data directory has no note of it; undefined if it has one, or there is no backup. */
	readonly unnoted: string | undefined;
};

/**
 * Backs up the log of `data` into `target`, and goes on from the copy that is there.
 * A first copy that fails its verification does not become a backup.
 * @throws Refusal `backup-unusable`, `data-directory-unusable`, `data-directory-in-use` (of the
 *   target), `newer-schema`, `disk-full`
 */
export async function backUp(
	data: string,
	target: string,
	verify: boolean,
	watcher: BackupWatcher = {},
): Promise<BackupResult> {
	const source = resolve(data);
	if (!existsSync(logFile(source))) {
		throw new Refusal("data-directory-unusable", { path: source, reason: "it holds no log" });
	}
	provideTemporaryPlace(target);
	const readable = new ReadableLog(source);
	let opened: Target | undefined;
	try {
		// The target is brought to this program's schema. The source is not touched: it must be at it.
		refuseOtherSchema(readable.file, source);
		opened = openTarget(target, source);
		return await run(opened, { directory: source, file: readable.file }, verify, watcher);
	} finally {
		opened?.close();
		readable.close();
	}
}

type Source = {
	readonly directory: string;
	/** The database to copy: that of the directory, or a private copy of it. */
	readonly file: string;
};

async function run(
	target: Target,
	source: Source,
	verify: boolean,
	watcher: BackupWatcher,
): Promise<BackupResult> {
	const { directory, path } = target;
	const before = lastCheckOf(readRecord(path));
	const { events, added } = await copy(target, source, watcher);
	const incarnation = incarnationOf(logFile(directory));
	const facts = { finished: new Date().toISOString(), events, incarnation };
	const note = { target: path, ...facts };

	// The copy counts as soon as it is whole: its verification may take long.
	if (!target.isFirst) target.writeRecord({ ...facts, verified: false, ...before });
	const verification = verify ? await verifyCopy(directory, watcher) : undefined;
	const lastCheck = verification ? checkAfter(verification) : before;
	const isDamaged = verification !== undefined && !verification.ok;
	if (target.isFirst && isDamaged) target.discard();
	else if (target.isFirst) target.promote();
	if (!target.isFirst || !isDamaged) {
		target.writeRecord({ ...facts, verified: verification?.ok ?? false, ...lastCheck });
	}
	const unnoted =
		target.isFirst && isDamaged ? undefined : await leaveNote(source, note, lastCheck);
	return {
		path,
		events,
		added,
		incarnation,
		lastCheck,
		unnoted,
		...(verification && { verification }),
	};
}

/**
 * Tells the data directory of the backup, for the server of it.
 * @returns why it could not; undefined if it could
 */
async function leaveNote(
	{ directory }: Source,
	note: Omit<BackupNote, keyof LastCheck>,
	{ lastVerified, faults }: LastCheck,
): Promise<string | undefined> {
	const check = { ...(lastVerified !== undefined && { lastVerified }), ...(faults && { faults }) };
	return noteBackup(directory, { ...note, ...check }).then(() => undefined, String);
}

function checkAfter({ ok, faults }: Verification): LastCheck {
	return ok ? { lastVerified: new Date().toISOString() } : { faults: faults.length };
}

async function copy(target: Target, source: Source, watcher: BackupWatcher) {
	const [file, newer] = [logFile(target.directory), join(target.partial, "newer.sqlite")];
	let copying: Copy | undefined;
	try {
		// An unfinished first copy has events without their streams and entries. No migration expects
		// that, and the result would have holes.
		if (target.isFirst && existsSync(file) && isOlder(file)) rmSync(file);
		migrateCopy(file, "DELETE");
		copying = new Copy(file, source.file, target.path, watcher.signal);
		watcher.copying?.(copying);
		const before = target.isFirst ? 0 : copying.events();
		if (target.isFirst) await copying.fill();
		else if (copying.isFarBehind()) await copying.fillNewer(newer);
		await copying.complete(!target.isFirst);
		copyKeys(source.directory, target.path);
		target.clear();
		return { events: copying.events(), added: copying.events() - before };
	} catch (error) {
		if (watcher.signal?.aborted) throw error;
		// The copy may be damaged, and not the source.
		if (isOfDamage(error) || (error instanceof Refusal && !target.isFirst)) target.discard();
		throw error instanceof Refusal ? error : faultOf(error, target.path);
	} finally {
		copying?.close();
	}
}

function faultOf(error: unknown, path: string): Error {
	if (isOfDamage(error)) {
		return new Refusal("backup-unusable", {
			path,
			reason: `a file is damaged (${(error as Error).message}); varve verify --data shows if it is the store's or the backup's`,
		});
	}
	return refusalOf(error, path);
}

/** Whether a file is damaged. Rows that break a constraint are damaged, too. */
function isOfDamage(error: unknown): boolean {
	return isDamage(error) || String((error as NodeJS.ErrnoException)?.code).includes("CONSTRAINT");
}
