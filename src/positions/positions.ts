/**
 * All reader positions of a log. Each is the newest event of a stream of its own:
 *
 *     $position-<name>    $PositionSaved; the newest counts, and only it is shown
 *
 * A reader of `$all` that saves its place after each event would read that its place was saved,
 * save that, and go on for ever. So a save that passes nothing but the server's own bookkeeping is
 * not written: the position stays where it was, and nothing is lost by that.
 */
import { randomUUID } from "node:crypto";
import { isBookkeeping, POSITION_PREFIX } from "../bookkeeping.ts";
import { isRefusal, Refusal } from "../errors.ts";
import type { StreamName } from "../event.ts";
import { KeptStreams } from "../following/kept-streams.ts";
import type { Log } from "../log/log.ts";
import { tryCriterion } from "../pages/criterion.ts";
import { metadataStream } from "../retention/window.ts";
import {
	dataOf,
	isSameReading,
	type Place,
	positionIn,
	positionStream,
	type ReaderPosition,
	SAVED,
} from "./position.ts";

/** Each takes about a kilobyte of memory. */
const POSITIONS_MAX = 10_000;
/** A save that passes more is written, whatever it passes. */
const PASSED_MAX = 100;
/** A part of the time to live: after it a renewal is written, and so much later it is deleted. */
const SLACK = 1 / 4;
/** A timer of more than 2^31 ms would fire at once. */
const SWEEP_MS_MAX = 3600_000;
/** Two that save at the same time, over and over, would be a mistake of theirs. */
const TRIES_MAX = 10;
const NOTHING = new Uint8Array(0);
const NEWEST_ONLY = Buffer.from('{"$maxCount":1}');

/** The tag of a position whose newest event has this number. */
export function tagOf(version: number): string {
	return `"${version}"`;
}

/** Who saves or deletes. */
export type Saver = {
	/** "" if nobody is known. */
	readonly login: string;
	/** Whether positions of others are theirs, too. */
	readonly mayAll: boolean;
};

/** The state in which a position has to be; undefined for any. */
export type Expected = {
	/** @param tag of what stands; undefined for nothing */
	readonly holds: (tag: string | undefined) => boolean;
	/** The header that says it, for the refusal. */
	readonly precondition: string;
};

export type Saving = {
	readonly name: string;
	readonly place: Place;
	/** The name of the log that the place is in, as the client knows it; undefined if it does not. */
	readonly log: string | undefined;
	readonly by: Saver;
	readonly expected: Expected | undefined;
};

export class Positions {
	readonly #log: Log;
	readonly #logName: string;
	readonly #kept: KeptStreams<ReaderPosition>;
	readonly #report: (error: unknown) => void;
	/** When positions were last renewed without a write, in milliseconds since 1970. */
	readonly #renewed = new Map<string, number>();
	#timer: NodeJS.Timeout | undefined;
	#isClosed = false;

	/** @param logName as the key of the log has it */
	constructor(log: Log, logName: string, report: (error: unknown) => void) {
		this.#log = log;
		this.#logName = logName;
		this.#report = report;
		const [from, before] = [POSITION_PREFIX, `${POSITION_PREFIX.slice(0, -1)}.`];
		this.#kept = new KeptStreams(log, { from, before, decode: positionIn }, report);
	}

	/** @throws Refusal `reader-position-not-found`, and those of a read */
	async get(name: string): Promise<ReaderPosition> {
		const found = await this.#find(name);
		if (found && !this.#isOver(found)) return found;
		throw new Refusal("reader-position-not-found", { name });
	}

	/** In the order of their names. @throws Refusal as a read */
	async all(): Promise<ReaderPosition[]> {
		const all = await this.#kept.all();
		this.#plan(all);
		return all
			.filter((one) => !this.#isOver(one))
			.sort((one, other) => (one.name < other.name ? -1 : 1));
	}

	/**
	 * Saves a position, or makes it.
	 * @returns what stands now, and whether it was made
	 * @throws Refusal `reader-position-of-another-log`, `reader-position-ahead`,
	 *   `reader-position-not-yours`, `reader-position-elsewhere`, `resource-changed`,
	 *   `too-many-reader-positions`, and those of an append
	 */
	async save(saving: Saving): Promise<{ position: ReaderPosition; isNew: boolean }> {
		const { name, place, log } = saving;
		if (log !== undefined && log !== this.#logName) {
			throw new Refusal("reader-position-of-another-log", { name, log, current: this.#logName });
		}
		const { stream, at } = place;
		const last = await this.#log.last(stream);
		if (at > last) throw new Refusal("reader-position-ahead", { name, stream, at, last });
		for (let tries = 1; ; tries++) {
			// Before it is looked at: what comes in between must not be taken for what was looked at.
			const newest = await this.#log.last(positionStream(name));
			const known = await this.#find(name);
			const standing = known && !this.#isOver(known) ? known : undefined;
			check(saving, standing);
			if (standing && (await this.#isNoNews(standing, place))) {
				this.#renewed.set(name, Date.now());
				return { position: standing, isNew: false };
			}
			if (!standing) tryCriterion(place.filter);
			if (!standing) await this.#makeRoom(name);
			try {
				const owner = standing?.owner ?? saving.by.login;
				const position = await this.#write(saving, known?.version ?? newest, owner);
				return { position, isNew: standing === undefined };
			} catch (error) {
				if (!isRefusal(error, "wrong-expected-version") || tries === TRIES_MAX) throw error;
			}
		}
	}

	/**
	 * @throws Refusal `reader-position-not-found`, `reader-position-not-yours`,
	 *   `resource-changed`, and those of an append
	 */
	async remove(name: string, by: Saver, expected?: Expected): Promise<void> {
		const known = await this.get(name);
		checkOwner(known, by);
		checkExpected(name, known, expected);
		await this.#delete(known);
	}

	close(): void {
		this.#isClosed = true;
		clearTimeout(this.#timer);
		this.#kept.close();
	}

	async #find(name: string): Promise<ReaderPosition | undefined> {
		return this.#kept.get(positionStream(name));
	}

	async #makeRoom(name: string): Promise<void> {
		const all = await this.#kept.all();
		if (all.length >= POSITIONS_MAX && !all.some((one) => one.name === name)) {
			throw new Refusal("too-many-reader-positions", { positionsMax: POSITIONS_MAX });
		}
		const metadata = metadataStream(positionStream(name));
		if ((await this.#log.last(metadata)) >= 0) return;
		await this.#append(metadata, "any", "$metadata", NEWEST_ONLY);
	}

	async #write({ name, place }: Saving, newest: number, owner: string): Promise<ReaderPosition> {
		const stream = positionStream(name);
		const data = dataOf(place, owner, this.#logName);
		const version = await this.#append(stream, newest < 0 ? "no-stream" : newest, SAVED, data);
		this.#renewed.delete(name);
		const position = await this.#find(name);
		if (position?.version === version) return position;
		// Somebody else has saved since.
		const savedMs = Date.now();
		return { ...place, name, owner, log: this.#logName, savedMs, version };
	}

	async #append(
		stream: StreamName,
		expected: "any" | "no-stream" | number,
		type: string,
		data: Uint8Array,
	): Promise<number> {
		const event = { id: randomUUID(), type, isJson: true, data, metadata: NOTHING };
		return (await this.#log.append({ stream, expected, events: [event] })).first;
	}

	/** Whether a save would say nothing that a reader needs. */
	async #isNoNews(known: ReaderPosition, place: Place): Promise<boolean> {
		const { stream, at } = place;
		if (known.ttlSeconds !== place.ttlSeconds || at < known.at) return false;
		const ageMs = Date.now() - known.savedMs;
		if (known.ttlSeconds !== undefined && ageMs > known.ttlSeconds * SLACK * 1000) return false;
		if (at === known.at) return true;
		if (at - known.at > PASSED_MAX || !stream.startsWith("$")) return false;
		const range = { stream, from: known.at + 1, limit: at - known.at } as const;
		const slice = await this.#log.read({ ...range, direction: "forward", content: false });
		return slice.entries.every(({ event }) => isBookkeeping(event.stream));
	}

	#isOver(position: ReaderPosition): boolean {
		return this.#overMs(position) <= Date.now();
	}

	#overMs({ name, ttlSeconds, savedMs }: ReaderPosition): number {
		if (ttlSeconds === undefined) return Infinity;
		const renewedMs = Math.max(savedMs, this.#renewed.get(name) ?? 0);
		return renewedMs + ttlSeconds * (1 + SLACK) * 1000;
	}

	/** Deletes what is over, now and when the next one is. */
	#plan(all: readonly ReaderPosition[]): void {
		clearTimeout(this.#timer);
		if (this.#isClosed) return;
		const now = Date.now();
		let next = Infinity;
		for (const one of all) {
			const over = this.#overMs(one);
			if (over > now) next = Math.min(next, over);
			else this.#delete(one).catch((error) => this.#tell(error));
		}
		if (next === Infinity) return;
		const sweep = () => this.all().catch((error) => this.#tell(error));
		this.#timer = setTimeout(sweep, Math.min(next - now + 1, SWEEP_MS_MAX));
		this.#timer.unref();
	}

	/** Not if it was saved again meanwhile. */
	async #delete({ name, version }: ReaderPosition): Promise<void> {
		await this.#log.delete({ stream: positionStream(name), expected: version, hard: false });
		this.#renewed.delete(name);
	}

	#tell(error: unknown): void {
		if (isRefusal(error, "wrong-expected-version") || isRefusal(error, "shutting-down")) return;
		this.#report(error);
	}
}

function check({ name, place, by, expected }: Saving, standing: ReaderPosition | undefined): void {
	if (standing) checkOwner(standing, by);
	checkExpected(name, standing, expected);
	if (!standing || isSameReading(standing, place)) return;
	throw new Refusal("reader-position-elsewhere", { name, stream: standing.stream });
}

function checkOwner({ name, owner }: ReaderPosition, { login, mayAll }: Saver): void {
	if (mayAll || owner === "" || owner === login) return;
	throw new Refusal("reader-position-not-yours", { name, owner });
}

function checkExpected(
	name: string,
	standing: ReaderPosition | undefined,
	expected: Expected | undefined,
): void {
	if (!expected || expected.holds(standing && tagOf(standing.version))) return;
	const { precondition } = expected;
	const current = standing ? tagOf(standing.version) : "";
	throw new Refusal("resource-changed", { resource: `position ${name}`, precondition, current });
}
