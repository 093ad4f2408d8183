/**
 * The event as a handler sees it.
 *
 * An envelope is one number, the event's row in the batch, behind a prototype that each batch makes
 * of its own: that costs a third of what an object with private members does, which is more than
 * most handlers do with it. Its members are computed when they are asked for, since most handlers
 * ask for one or two. Whoever finds the number can read another event of the same batch by it.
 */

import {
	defineProperty,
	freeze,
	getOwnPropertyDescriptor,
	OwnWeakMap,
	ownKeys,
	parse,
} from "../realm/intrinsics.ts";
import {
	type Batch,
	COLUMNS,
	CREATED,
	DATA_END,
	FLAGS,
	HAS_LINK,
	ID_END,
	IS_JSON,
	LINK_METADATA_END,
	METADATA_END,
	NUMBER,
	STREAM,
	TYPE,
} from "./batch.ts";
import { isoTime } from "./moment.ts";

/** Where envelopes read: a batch, and to which partition each of its events belongs. */
export interface Reading {
	readonly batch: Batch;
	/** "" as long as it is not known. */
	partitionOf(event: number): string | undefined;
}

/** What the guest itself reads of an event; a script sees all that `prototypeOf` gives. */
export type Envelope = {
	readonly isJson: boolean;
	readonly bodyRaw: string;
};

type Whole = Envelope & Place & Parsed;
type Place = {
	readonly streamId: string;
	readonly sequenceNumber: number;
	readonly eventType: string;
	readonly eventId: string;
	readonly created: string;
};

/** The key of the number. */
const ROW: unique symbol = Symbol("row");
type Row = { readonly [ROW]: number };

/** What was parsed of an event: a handler gets the same object each time, and may work on it. */
type Parsed = { body?: unknown; metadata?: unknown; linkMetadata?: unknown };
const parsedOf = new OwnWeakMap<object, Parsed>();

/** @param prototype what `prototypeOf` made of its batch */
export function envelopeOf(prototype: object, event: number): Envelope {
	return { __proto__: prototype, [ROW]: event * COLUMNS } as object as Envelope;
}

export function prototypeOf(reading: Reading): object {
	const { batch } = reading;
	const { numbers } = batch;
	const has = (row: number, flag: number) => ((numbers[row + FLAGS] as number) & flag) !== 0;
	class Contents implements Row {
		declare readonly [ROW]: number;

		get bodyRaw(): string {
			return batch.text(this[ROW], DATA_END);
		}

		/** Undefined unless the data is JSON. */
		get body(): unknown {
			if (!has(this[ROW], IS_JSON)) return undefined;
			const known = parsed(this);
			if (!("body" in known)) known.body = parse(batch.text(this[ROW], DATA_END));
			return known.body;
		}

		get data(): unknown {
			return this.body;
		}

		get metadataRaw(): string {
			return batch.text(this[ROW], METADATA_END);
		}

		/** Undefined if there is none, or it is no JSON. */
		get metadata(): unknown {
			const known = parsed(this);
			if (!("metadata" in known)) known.metadata = lenient(this.metadataRaw);
			return known.metadata;
		}

		get linkMetadataRaw(): string | undefined {
			return has(this[ROW], HAS_LINK) ? batch.text(this[ROW], LINK_METADATA_END) : undefined;
		}

		get linkMetadata(): unknown {
			const known = parsed(this);
			if (!("linkMetadata" in known)) known.linkMetadata = lenient(this.linkMetadataRaw ?? "");
			return known.linkMetadata;
		}

		/** So that an event can be logged, or put into a state, whole. */
		toJSON(): unknown {
			return wholeOf(this as object as Whole);
		}
	}
	// All are members of one object: behind a second prototype, each would be found later.
	const prototype = placesOf(reading);
	for (const name of ownKeys(Contents.prototype)) {
		if (name === "constructor") continue;
		const member = getOwnPropertyDescriptor(Contents.prototype, name) as PropertyDescriptor;
		defineProperty(prototype, name, member);
	}
	return freeze(prototype);
}

/** All but the content. */
function placesOf(reading: Reading): object {
	const { batch } = reading;
	const { streams, types, categories, numbers } = batch;
	class Places implements Row {
		declare readonly [ROW]: number;

		get streamId(): string {
			return streams[numbers[this[ROW] + STREAM] as number] as string;
		}

		get sequenceNumber(): number {
			return numbers[this[ROW] + NUMBER] as number;
		}

		get eventType(): string {
			return types[numbers[this[ROW] + TYPE] as number] as string;
		}

		get eventId(): string {
			return batch.text(this[ROW], ID_END);
		}

		get created(): string {
			return isoTime(numbers[this[ROW] + CREATED] as number);
		}

		get partition(): string {
			return reading.partitionOf(this[ROW] / COLUMNS) ?? "";
		}

		get isJson(): boolean {
			return ((numbers[this[ROW] + FLAGS] as number) & IS_JSON) !== 0;
		}

		get category(): string {
			return categories[numbers[this[ROW] + STREAM] as number] as string;
		}
	}
	return freeze(Places).prototype;
}

function wholeOf(event: Whole): unknown {
	const { streamId, sequenceNumber, eventType, eventId, created, isJson } = event;
	const { body, bodyRaw, metadata, linkMetadata } = event;
	const data = isJson ? body : bodyRaw;
	return {
		...{ streamId, sequenceNumber, eventType, eventId, created, isJson, data },
		...{ metadata, linkMetadata },
	};
}

function parsed(envelope: object): Parsed {
	const known = parsedOf.get(envelope);
	if (known) return known;
	const fresh: Parsed = {};
	parsedOf.set(envelope, fresh);
	return fresh;
}

function lenient(text: string): unknown {
	if (text === "") return undefined;
	try {
		return parse(text);
	} catch {
		// Metadata is whatever the client sent.
		return undefined;
	}
}
