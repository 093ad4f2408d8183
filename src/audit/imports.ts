/**
 * Imports of a log, until the audit tells of them: the copy of a log has room for no event of its
 * own. So a note of each import waits, in `upkeep/imports.json` of the data directory, until
 * somebody writes behind what was imported.
 */
import type { Position } from "../event.ts";
import { readUpkeep, writeUpkeep } from "../upkeep/files.ts";

/** What one doer imported, in one piece. */
export type Imported = {
	readonly who: string;
	readonly via: string;
	readonly token?: string | undefined;
	readonly from: string;
	/** The position of the first event, and the one behind the last. */
	readonly first: number;
	readonly next: number;
};

const FILE = "imports.json";
/** More people than share the work of one copy; of the others, what they imported is one piece. */
const NOTES_MAX = 20;

export class ImportNotes {
	readonly #directory: string | undefined;
	#notes: readonly Imported[] = [];
	/** Writes of the file, one after another. */
	#saved: Promise<unknown> = Promise.resolve();

	/** @param directory of the log; undefined keeps the notes in memory alone */
	constructor(directory: string | undefined) {
		this.#directory = directory;
	}

	get isEmpty(): boolean {
		return this.#notes.length === 0;
	}

	/** Whether an event at a position was written behind all that was imported. */
	isBehind(position: Position): boolean {
		return this.#notes.every(({ next }) => position >= next);
	}

	/** Reads what an earlier process has noted. */
	async load(): Promise<void> {
		if (this.#directory === undefined) return;
		const known = await readUpkeep(this.#directory, FILE);
		if (Array.isArray(known)) this.#notes = known.filter(isImported).slice(0, NOTES_MAX);
	}

	/** Resolves when the note is in the file. @throws the system's error, if it cannot be written */
	add(imported: Imported): Promise<void> {
		const last = this.#notes.at(-1);
		const goesOn = last !== undefined && isSame(last, imported) && last.next === imported.first;
		if (last !== undefined && (goesOn || this.#notes.length === NOTES_MAX)) {
			this.#notes = [...this.#notes.slice(0, -1), { ...last, next: imported.next }];
		} else {
			this.#notes = [...this.#notes, imported];
		}
		return this.#save();
	}

	/** All notes; from now on there are none. */
	take(): readonly Imported[] {
		const notes = this.#notes;
		this.#notes = [];
		return notes;
	}

	/** Has the file say what there is. @throws the system's error */
	save(): Promise<void> {
		return this.#save();
	}

	#save(): Promise<void> {
		const directory = this.#directory;
		if (directory === undefined) return Promise.resolve();
		const saving = this.#saved.then(() => writeUpkeep(directory, FILE, this.#notes));
		this.#saved = saving.catch(() => undefined);
		return saving;
	}
}

function isSame(one: Imported, other: Imported): boolean {
	return one.who === other.who && one.via === other.via && one.from === other.from;
}

function isImported(value: unknown): value is Imported {
	if (typeof value !== "object" || value === null) return false;
	const { who, via, from, first, next } = value as Partial<Record<keyof Imported, unknown>>;
	const areTexts = [who, via, from].every((one) => typeof one === "string");
	return areTexts && Number.isSafeInteger(first) && Number.isSafeInteger(next);
}
