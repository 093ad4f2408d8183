/** Reads events with all that a log keeps of them, on a read-only connection of its own. */
import { setImmediate } from "node:timers/promises";
import type Database from "better-sqlite3";
import { Refusal } from "../../../errors.ts";
import { type Position, type StreamName, uuidOf, type Version } from "../../../event.ts";
import { FLAG_JSON, FLAG_REVIVAL, FLAG_TOMBSTONE } from "../../appending/flags.ts";
import type { MovedEvent } from "../../moving/moves.ts";
import type { StoredEvent } from "../../verify/view.ts";
import { isUnreadable, MissingRows, refusalOr } from "../failures.ts";
import { eachEntry } from "../spans.ts";
import * as sql from "../statements.ts";
import { prepareSize } from "../verify/stored/end.ts";
import { StoredEvents } from "../verify/stored/events.ts";
import { namesIn } from "../verify/stored/names.ts";
import { Correlations } from "./correlations.ts";
import * as moving from "./statements.ts";

/** One answer: some 10 ms of reading and writing down, in which no other request gets its turn. */
const EVENTS_MAX = 1000;
const BYTES_MAX = 4 * 1024 * 1024;

type History = { readonly incarnation: number; readonly first: number };

export class Exporter {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #events: StoredEvents;
	readonly #correlations: Correlations;
	readonly #size: () => Position;

	/** @param database open for reading; it is closed with the exporter */
	constructor(database: Database.Database) {
		this.#database = database;
		this.#statements = prepare(database);
		this.#events = new StoredEvents(database, namesIn(database));
		this.#correlations = new Correlations(database);
		this.#size = prepareSize(database);
	}

	/** @throws Refusal `log-damaged`, `log-locked`, `shutting-down` */
	size(): Position {
		return this.#reading("the end of the log", this.#size);
	}

	/** @throws as `size` */
	incarnation(): number {
		const { incarnation } = this.#statements;
		return this.#reading("the number of the history", () => Number(incarnation.get()));
	}

	/** @throws as `size` */
	async events(from: Position): Promise<readonly MovedEvent[]> {
		const to = Math.min(from + EVENTS_MAX, this.size());
		const stored = this.#reading(`position ${from}`, () => this.#sound(from, to));
		if (stored.length === 0) this.#correlations.forget();
		return this.#moved(stored);
	}

	/** @throws as `size` */
	async eventsOf(stream: StreamName, from: Version): Promise<readonly MovedEvent[] | undefined> {
		const { streamId } = this.#statements;
		const stored = this.#reading(`${stream} at ${from}`, () => {
			const id = streamId.get(stream) as number | undefined;
			if (id === undefined) return undefined;
			return this.#soundAt(this.#positionsOf(id, from), from);
		});
		return stored && this.#moved(stored);
	}

	close(): void {
		this.#database.close();
	}

	/**
	 * The events of a span before the first that cannot be read.
	 * @throws MissingRows if that is the first of all
	 */
	#sound(from: number, to: number): StoredEvent[] {
		let reason = "it is missing";
		const onUnreadable = (_: unknown, why: string) => {
			reason = why;
		};
		const events = this.#events.read(from, to, onUnreadable);
		const sound = bounded(dense(events, from));
		if (sound.length === 0 && from < to) throw new MissingRows(reason);
		return sound;
	}

	#positionsOf(id: number, from: Version): number[] {
		const positions: number[] = [];
		const isSought = (version: number) => version >= from && positions.length < EVENTS_MAX;
		const places = this.#statements.places.all(id, from, EVENTS_MAX) as [number, number][];
		for (const [key, position] of places) {
			if (positions.length === EVENTS_MAX) break;
			eachEntry(key, position, (version, at) => isSought(version) && positions.push(at));
		}
		return positions;
	}

	/**
	 * The events at the positions of versions `from` on, before the first that cannot be read.
	 * @throws as `#sound`, if that is the first of all
	 */
	#soundAt(positions: readonly number[], from: Version): StoredEvent[] {
		const sound: StoredEvent[] = [];
		let bytes = 0;
		for (const position of positions) {
			try {
				const [event] = this.#events.read(position, position + 1);
				if (event?.version !== from + sound.length) throw new MissingRows("it is missing");
				bytes += event.data.length + event.metadata.length;
				if (sound.length > 0 && bytes > BYTES_MAX) return sound;
				sound.push(event);
			} catch (error) {
				if (sound.length > 0 && isUnreadable(error)) return sound;
				throw error;
			}
		}
		return sound;
	}

	async #moved(stored: readonly StoredEvent[]): Promise<MovedEvent[]> {
		const lost = stored.some((event) => event.isErased && event.metadata.length === 0);
		if (lost) await this.#learnCorrelations();
		const { histories: all } = this.#statements;
		const histories = this.#reading("the histories of the log", () => all.all() as History[]);
		return stored.map((event) => this.#movedOf(event, histories));
	}

	#movedOf(event: StoredEvent, histories: readonly History[]): MovedEvent {
		const { position, version, created, type, flags, data, metadata, isErased, digests } = event;
		const lost = isErased && metadata.length === 0;
		return {
			position,
			stream: event.stream as StreamName,
			version,
			id: uuidOf(event.id),
			type,
			created,
			isJson: (flags & FLAG_JSON) !== 0,
			data,
			metadata,
			mark: markOf(flags),
			erased: isErased ? (event.isScavenged ? "scavenged" : "redacted") : undefined,
			digests: isErased ? digests : undefined,
			correlation: lost ? this.#correlations.of(position) : undefined,
			incarnation: histories.find(({ first }) => first <= position)?.incarnation ?? 1,
			hash: event.hash ?? new Uint8Array(0),
		};
	}

	async #learnCorrelations(): Promise<void> {
		try {
			await this.#correlations.learn(() => this.#yieldTurn());
		} catch (error) {
			throw refusalOr(error, "the correlations of erased events");
		}
	}

	#reading<T>(part: string, work: () => T): T {
		this.#refuseClosed();
		try {
			return work();
		} catch (error) {
			throw refusalOr(error, part);
		}
	}

	async #yieldTurn(): Promise<void> {
		await setImmediate();
		this.#refuseClosed();
	}

	#refuseClosed(): void {
		if (!this.#database.open) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
	}
}

/** The events up to the first position that none of them has. */
function* dense(events: Iterable<StoredEvent>, from: number): Iterable<StoredEvent> {
	let next = from;
	for (const event of events) {
		if (event.position !== next++) return;
		yield event;
	}
}

/** The first of the events, as many as one answer should have, and one at least. */
function bounded(events: Iterable<StoredEvent>): StoredEvent[] {
	const taken: StoredEvent[] = [];
	let bytes = 0;
	for (const event of events) {
		bytes += event.data.length + event.metadata.length;
		if (taken.length > 0 && bytes > BYTES_MAX) break;
		taken.push(event);
	}
	return taken;
}

function markOf(flags: number): MovedEvent["mark"] {
	if (flags & FLAG_TOMBSTONE) return "tombstone";
	return flags & FLAG_REVIVAL ? "revival" : undefined;
}

function prepare(database: Database.Database) {
	return {
		incarnation: database.prepare(sql.SELECT_INCARNATION).pluck(),
		histories: database.prepare(sql.SELECT_HISTORIES),
		streamId: database.prepare(moving.SELECT_STREAM_ID).pluck(),
		places: database.prepare(moving.SELECT_PLACES).raw(),
	};
}
