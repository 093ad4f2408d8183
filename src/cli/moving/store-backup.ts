/**
 * A backup of a store in a database: a data directory that is a copy of it, event for event.
 *
 *     nothing there, or something was erased since ──▶ TARGET.new ──▶ complete and sound ──▶ TARGET
 *     nothing was erased                           ──▶ TARGET gets what is new
 *
 * A backup must not hold what the log has erased, and a copy only adds. So the verb makes it anew.
 */
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Verification } from "../../log/log.ts";
import { storeTools, verifyDirectory } from "../../log/open.ts";
import { Failure } from "../explain.ts";
import type { Measure } from "../output/progress.ts";
import { EXIT } from "../verb.ts";
import { type Copied, copyStore } from "./whole.ts";

/** Of a backup: how many erasures of the store it has. */
const NOTE = "store-backup.json";

export type StoreBackup = Copied & { readonly verification: Verification | undefined };

type Watch = {
	readonly signal: AbortSignal;
	readonly copying: (measure: Measure) => void;
};

/** @throws Failure if TARGET is something else */
export async function backUpStore(
	store: string,
	target: string,
	verify: boolean,
	{ signal, copying }: Watch,
): Promise<StoreBackup> {
	const { readStoreEnd } = await storeTools();
	// Before anything is copied: what is erased later, the next backup finds.
	const { erasures } = await readStoreEnd(store);
	const isThere = existsSync(target) && readdirSync(target).length > 0;
	if (isThere && erasuresOf(target) === undefined) {
		const what = `${target} is not empty, and no backup of a store in a database`;
		throw new Failure(`${what}; name another directory`, EXIT.usage);
	}
	const place = erasuresOf(target) === erasures ? target : `${target}.new`;
	if (place !== target && erasuresOf(place) !== erasures) {
		rmSync(place, { recursive: true, force: true });
	}
	mkdirSync(place, { recursive: true });
	writeFileSync(join(place, NOTE), `${JSON.stringify({ erasures })}\n`);
	const copied = await copyStore(store, place, signal, copying);
	const verification = verify ? await verifyDirectory(place, { signal }) : undefined;
	if (place !== target && verification?.ok !== false) putInPlace(place, target);
	return { ...copied, verification };
}

/** Undefined if a directory is no such backup. */
function erasuresOf(directory: string): number | undefined {
	const note = join(directory, NOTE);
	if (!existsSync(note)) return undefined;
	try {
		const { erasures } = JSON.parse(readFileSync(note, "utf8")) as { erasures?: unknown };
		return typeof erasures === "number" ? erasures : -1;
	} catch {
		// Written only in part: the copy is begun anew.
		return -1;
	}
}

/** A crash between the two leaves the old backup in TARGET.old. */
function putInPlace(made: string, target: string): void {
	const old = `${target}.old`;
	rmSync(old, { recursive: true, force: true });
	if (existsSync(target)) renameSync(target, old);
	renameSync(made, target);
	rmSync(old, { recursive: true, force: true });
}

export type RestoreInto = {
	readonly store: string;
	/** A directory of a node: the highest number of a history that it has seen is not used again. */
	readonly data: string;
	/** The number is at least this; undefined keeps the number. */
	readonly least: number | undefined;
};

/**
 * Puts a backup, or any data directory, into an empty database. The store may have gone on after
 * the backup, so its history gets a number of its own.
 * @returns the number of the history, which stays as it is if verify finds faults
 */
export async function restoreStore(
	backup: string,
	{ store, data, least }: RestoreInto,
	watch: Watch & { readonly verify: boolean },
): Promise<{ readonly incarnation: number; readonly verification: Verification | undefined }> {
	const tools = await storeTools();
	await copyStore(backup, store, watch.signal, watch.copying);
	const verification = watch.verify ? await tools.verifyStore(store) : undefined;
	const keeps = least === undefined || verification?.ok === false;
	const incarnation = keeps
		? await tools.readStoreIncarnation(store)
		: await tools.raiseStoreIncarnation(store, data, least);
	return { incarnation, verification };
}
