/**
 * Facts that were fetched before anything is planned, for a group of appends and deletes that are
 * planned one after another and committed together. The group adds each plan to the facts, so the
 * next plan builds upon it, and a repeat of something in the group is answered like any other.
 *
 *     factsNeeded of each ─▶ one fetch ─▶ plan ─▶ add ─▶ plan ─▶ add … ─▶ write all of it
 *                                                  └ answer        └ answer
 */
import type { Position, StreamName, Version } from "../../event.ts";
import { describedStream } from "../../retention/window.ts";
import type { Appended } from "../commit.ts";
import { type Batch, carryOut, type InsertedAt } from "./carry-out.ts";
import { type Facts, type Lifecycle, lifecycleOf, type NewestMetadata } from "./facts.ts";
import type { Plan, PlannedWrite } from "./plan.ts";

export type Fetched = {
	/** How many events the log has. */
	readonly end: number;
	/** Of each stream that was asked for. */
	readonly streams: Map<StreamName, FetchedStream>;
	/** Where the ids that were asked for stand. */
	readonly places: Place[];
};

export type FetchedStream = {
	/** -1 if it has no events. */
	readonly last: Version;
	readonly hasTombstone: boolean;
	readonly metadata: NewestMetadata;
};

/** Where an event stands; several events of a stream may have one id. */
export type Place = {
	readonly stream: StreamName;
	readonly id: string;
	readonly version: Version;
	readonly position: Position;
};

type Identified = { readonly id: string; readonly type: string; readonly data: Uint8Array };

const NO_EVENTS: FetchedStream = {
	last: -1,
	hasTombstone: false,
	metadata: { last: -1, data: undefined },
};

export class FetchedFacts {
	readonly #streams: Map<StreamName, FetchedStream>;
	readonly #places = new Map<string, Place[]>();
	#end: number;

	constructor({ end, streams, places }: Fetched) {
		this.#end = end;
		this.#streams = streams;
		for (const place of places) this.#addPlace(place);
	}

	/** The facts for one append or delete of the group. */
	for(stream: StreamName, events: readonly { readonly id: string }[]): Facts {
		const idOf = (index: number) => events[index]?.id ?? "";
		const placesOf = (index: number) => this.#placesOf(stream, idOf(index));
		return {
			lifecycleOf: (of) => this.#lifecycleOf(of),
			lastOf: (of) => this.#lastOf(of),
			metadataOf: (of) => this.#of(of).metadata,
			versionOf(index) {
				const versions = placesOf(index).map(({ version }) => Number(version));
				return versions.length === 0 ? undefined : Math.min(...versions);
			},
			isAt: (index, version) => placesOf(index).some((place) => place.version === version),
			idOf,
		};
	}

	/**
	 * Adds what a plan writes, so that the plans behind it find it.
	 * @returns the answer to the batch, which holds once the group is committed
	 */
	add(plan: Plan, batch: Batch<Identified>): Appended {
		const lastId = batch.events.at(-1)?.id ?? "";
		return carryOut(plan, batch, {
			made: (event) => event,
			insert: (write, events) => this.#insert(write, events),
			mark: () => {},
			positionAt: (stream, at) =>
				this.#placesOf(stream, lastId).find(({ version }) => version === at)?.position ?? -1,
		});
	}

	#insert({ stream, mark }: PlannedWrite, events: readonly Identified[]): InsertedAt {
		const before = this.#of(stream);
		const first = this.#lastOf(stream) + 1;
		const position = this.#end;
		this.#end += events.length;
		const last = first + events.length - 1;
		const hasTombstone = before.hasTombstone || mark === "tombstone";
		this.#streams.set(stream, { ...before, last, hasTombstone });
		for (const [index, { id }] of events.entries()) {
			this.#addPlace({ stream, id, version: first + index, position: position + index });
		}
		const described = describedStream(stream);
		if (described !== undefined) {
			const metadata = { last, data: events.at(-1)?.data };
			this.#streams.set(described, { ...this.#of(described), metadata });
		}
		return { version: first, position };
	}

	#of(stream: StreamName): FetchedStream {
		return this.#streams.get(stream) ?? NO_EVENTS;
	}

	/** Of a metadata stream that nobody asked for, the stream it describes knows it. */
	#lastOf(stream: StreamName): Version {
		const described = describedStream(stream);
		const own = this.#streams.get(stream);
		if (own || described === undefined) return own?.last ?? -1;
		return this.#of(described).metadata.last;
	}

	#lifecycleOf(stream: StreamName): Lifecycle {
		const { hasTombstone } = this.#of(describedStream(stream) ?? stream);
		return lifecycleOf(stream, hasTombstone, () => this.#of(stream).metadata);
	}

	#placesOf(stream: StreamName, id: string): readonly Place[] {
		return this.#places.get(keyOf(stream, id)) ?? [];
	}

	#addPlace(place: Place): void {
		const key = keyOf(place.stream, place.id);
		const places = this.#places.get(key) ?? [];
		places.push(place);
		this.#places.set(key, places);
	}
}

/** Ids hold no space, so no two pairs have one key. */
function keyOf(stream: StreamName, id: string): string {
	return `${id} ${stream}`;
}
