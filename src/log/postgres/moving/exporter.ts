/** Reads events with all that a log keeps of them. */
import { type StreamName, uuidOf, type Version } from "../../../event.ts";
import { FLAG_JSON, FLAG_REVIVAL, FLAG_TOMBSTONE } from "../../appending/flags.ts";
import type { MovedEvent } from "../../moving/moves.ts";
import type { StoredEvent } from "../../verify/view.ts";
import type { Database } from "../connection/database.ts";
import { MissingRows, present } from "../connection/failures.ts";
import { SELECT_END, SELECT_HISTORIES, SELECT_LAST_STREAM } from "../statements.ts";
import { fetchStored, fetchStoredOf } from "../verify/stored.ts";
import * as moving from "./statements.ts";

const EVENTS_MAX = 1000;
const STREAMS_A_STEP = 2000;

type History = { readonly incarnation: number; readonly first: number };

export class Exporter {
	readonly #database: Database;
	/** The correlations that no event says any more, by position. */
	#lost = new Map<number, string>();
	/** What was erased when they were learnt; "" if they were not. */
	#asOf = "";

	constructor(database: Database) {
		this.#database = database;
	}

	async end(): Promise<{ readonly size: number; readonly incarnation: number }> {
		const [row] = await this.#database.rows(SELECT_END);
		const { next, incarnation } = present(row, "the end of the log");
		return { size: Number(next), incarnation: Number(incarnation) };
	}

	async events(from: number): Promise<MovedEvent[]> {
		const { size } = await this.end();
		const stored = await fetchStored(this.#database, from, Math.min(from + EVENTS_MAX, size));
		const isMissing = from < size && stored[0]?.position !== from;
		if (isMissing) throw new MissingRows(`the event at position ${from} is missing`);
		return this.#moved(stored);
	}

	async eventsOf(stream: StreamName, from: Version): Promise<MovedEvent[] | undefined> {
		const [row] = await this.#database.rows(moving.SELECT_STREAM_ID, [stream]);
		if (!row) return undefined;
		const to = from + EVENTS_MAX;
		return this.#moved(await fetchStoredOf(this.#database, Number(row.id), from, to));
	}

	async #moved(stored: readonly StoredEvent[]): Promise<MovedEvent[]> {
		if (stored.length === 0) {
			// They are many, and the next export may come in a month.
			this.#lost = new Map();
			this.#asOf = "";
			return [];
		}
		if (stored.some(hasLostMetadata)) await this.#learn();
		const histories = (await this.#database.rows(SELECT_HISTORIES)).map((row) => {
			return { incarnation: Number(row.incarnation), first: Number(row.first) };
		});
		return stored.map((event) => this.#movedOf(event, histories));
	}

	#movedOf(event: StoredEvent, histories: readonly History[]): MovedEvent {
		const { position, version, created, type, flags, data, metadata, isErased, digests } = event;
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
			correlation: hasLostMetadata(event) ? this.#lost.get(position) : undefined,
			incarnation: histories.find(({ first }) => first <= position)?.incarnation ?? 1,
			hash: event.hash ?? new Uint8Array(0),
		};
	}

	/** A pass over the streams `$bc-…`, unless it was made since the last erasure. */
	async #learn(): Promise<void> {
		const [now] = await this.#database.rows(moving.SELECT_ERASED_BY_NOW);
		const asOf = `${now?.erasures} ${now?.last}`;
		if (this.#asOf === asOf) return;
		const [end] = await this.#database.rows(SELECT_LAST_STREAM);
		const found = new Map<number, string>();
		for (let from = 0; from <= Number(end?.streams); from += STREAMS_A_STEP) {
			const values = [from, from + STREAMS_A_STEP - 1];
			for (const row of await this.#database.rows(moving.SELECT_CORRELATIONS, values)) {
				found.set(Number(row.position), String(row.correlation));
			}
		}
		this.#lost = found;
		this.#asOf = asOf;
	}
}

function hasLostMetadata({ isErased, metadata }: StoredEvent): boolean {
	return isErased && metadata.length === 0;
}

function markOf(flags: number): MovedEvent["mark"] {
	if (flags & FLAG_TOMBSTONE) return "tombstone";
	return flags & FLAG_REVIVAL ? "revival" : undefined;
}
