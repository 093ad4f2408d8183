/** A backup of a store, made or brought up to date while the store is in use. */
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
	refusalOf,
	refuseOtherSchema,
} from "../log/sqlite/copies.ts";
import { Copy } from "./copy.ts";
import { type Measure, verifyCopy } from "./progress.ts";
import {
	copyKey,
	type LastCheck,
	lastCheckOf,
	openTarget,
	readRecord,
	type Target,
} from "./target.ts";

/** What a run says of itself while it lasts, and how it is stopped. */
export type BackupWatcher = {
	readonly signal?: AbortSignal;
	/** The copying begins. */
	copying?(measure: Measure): void;
	/** The copy is there, and is being read. */
	verifying?(measure: Measure): void;
};

export type BackupResult = {
	readonly path: string;
	readonly events: number;
	/** Of them, how many this run copied or a run before it that did not finish. */
	readonly added: number;
	readonly incarnation: number;
	/** Absent where none was asked for. */
	readonly verification?: Verification;
	/** After the run, this verification included. */
	readonly lastCheck: LastCheck;
};

/**
 * Backs up the log of `data` into `target`, where it goes on with what is there.
 * A first copy that fails its verification is not put in its place.
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
	// The target is brought to this program's schema; the store is not touched, and must be at it.
	refuseOtherSchema(source);
	const opened = openTarget(target, source);
	try {
		return await run(opened, source, verify, watcher);
	} finally {
		opened.close();
	}
}

async function run(
	target: Target,
	source: string,
	verify: boolean,
	watcher: BackupWatcher,
): Promise<BackupResult> {
	const { directory, path } = target;
	const before = lastCheckOf(readRecord(path));
	const { events, added } = await copy(target, source, watcher);
	const incarnation = incarnationOf(logFile(directory));
	const facts = { finished: new Date().toISOString(), events, incarnation };

	// What is there counts as soon as it is: to read all of it may take long.
	if (!target.isFirst) target.writeRecord({ ...facts, verified: false, ...before });
	const verification = verify ? await verifyCopy(directory, watcher) : undefined;
	const lastCheck = verification ? checkAfter(verification) : before;
	const isDamaged = verification !== undefined && !verification.ok;
	if (target.isFirst && isDamaged) target.discard();
	else if (target.isFirst) target.promote();
	if (!target.isFirst || !isDamaged)
		target.writeRecord({ ...facts, verified: verification?.ok ?? false, ...lastCheck });
	return { path, events, added, incarnation, lastCheck, ...(verification && { verification }) };
}

function checkAfter({ ok, faults }: Verification): LastCheck {
	return ok ? { lastVerified: new Date().toISOString() } : { faults: faults.length };
}

async function copy(target: Target, source: string, watcher: BackupWatcher) {
	const [file, newer] = [logFile(target.directory), join(target.partial, "newer.sqlite")];
	let copying: Copy | undefined;
	try {
		// A first copy that is not finished has events without their streams and entries: no migration
		// is made for that, and it would be brought forward with holes.
		if (target.isFirst && existsSync(file) && isOlder(file)) rmSync(file);
		migrateCopy(file, "DELETE");
		copying = new Copy(file, logFile(source), target.path, watcher.signal);
		watcher.copying?.(copying);
		const before = target.isFirst ? 0 : copying.events();
		if (target.isFirst) await copying.fill();
		else if (copying.isFarBehind()) await copying.fillNewer(newer);
		await copying.complete(!target.isFirst);
		copyKey(source, target.path);
		target.clear();
		return { events: copying.events(), added: copying.events() - before };
	} catch (error) {
		if (watcher.signal?.aborted) throw error;
		// What was copied may be what is damaged, and not the store.
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

/** Rows that break a constraint were not written as they are. */
function isOfDamage(error: unknown): boolean {
	return isDamage(error) || String((error as NodeJS.ErrnoException)?.code).includes("CONSTRAINT");
}
