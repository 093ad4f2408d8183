/** The event as a handler sees it. */

import { parse } from "../realm/intrinsics.ts";
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

/** Its members are computed when they are asked for: most handlers ask for one or two. */
export class Envelope {
	readonly #reading: Reading;
	readonly #event: number;
	/** What was parsed. Most handlers ask for one of them, or none. */
	#parsed: { body?: unknown; metadata?: unknown; linkMetadata?: unknown } | undefined;

	constructor(reading: Reading, event: number) {
		this.#reading = reading;
		this.#event = event;
	}

	// These four are what most handlers ask for: a call less each is a tenth of a handler.
	get streamId(): string {
		const { streams, numbers } = this.#reading.batch;
		return streams[numbers[this.#event * COLUMNS + STREAM] as number] as string;
	}

	get sequenceNumber(): number {
		return this.#reading.batch.numbers[this.#event * COLUMNS + NUMBER] as number;
	}

	get eventType(): string {
		const { types, numbers } = this.#reading.batch;
		return types[numbers[this.#event * COLUMNS + TYPE] as number] as string;
	}

	get eventId(): string {
		return this.#reading.batch.text(this.#event, ID_END);
	}

	get created(): string {
		return isoTime(this.#reading.batch.number(this.#event, CREATED));
	}

	get partition(): string {
		return this.#reading.partitionOf(this.#event) ?? "";
	}

	get category(): string {
		const { categories, numbers } = this.#reading.batch;
		return categories[numbers[this.#event * COLUMNS + STREAM] as number] as string;
	}

	get isJson(): boolean {
		return this.#has(IS_JSON);
	}

	get bodyRaw(): string {
		return this.#reading.batch.text(this.#event, DATA_END);
	}

	/** Undefined unless the data is JSON. */
	get body(): unknown {
		if (!this.isJson) return undefined;
		this.#parsed ??= {};
		// The same object each time: a handler may work on it.
		if (!("body" in this.#parsed)) this.#parsed.body = parse(this.bodyRaw);
		return this.#parsed.body;
	}

	get data(): unknown {
		return this.body;
	}

	get metadataRaw(): string {
		return this.#reading.batch.text(this.#event, METADATA_END);
	}

	/** Undefined if there is none, or it is no JSON. */
	get metadata(): unknown {
		this.#parsed ??= {};
		if (!("metadata" in this.#parsed)) this.#parsed.metadata = parsed(this.metadataRaw);
		return this.#parsed.metadata;
	}

	get linkMetadataRaw(): string | undefined {
		return this.#has(HAS_LINK)
			? this.#reading.batch.text(this.#event, LINK_METADATA_END)
			: undefined;
	}

	get linkMetadata(): unknown {
		this.#parsed ??= {};
		if (!("linkMetadata" in this.#parsed))
			this.#parsed.linkMetadata = parsed(this.linkMetadataRaw ?? "");
		return this.#parsed.linkMetadata;
	}

	/** So that an event can be logged, or put into a state, whole. */
	toJSON(): unknown {
		const { streamId, sequenceNumber, eventType, eventId, created, isJson } = this;
		const { body, bodyRaw, metadata, linkMetadata } = this;
		const data = isJson ? body : bodyRaw;
		return {
			...{ streamId, sequenceNumber, eventType, eventId, created, isJson, data },
			...{ metadata, linkMetadata },
		};
	}

	#has(flag: number): boolean {
		return (this.#reading.batch.number(this.#event, FLAGS) & flag) !== 0;
	}
}

function parsed(text: string): unknown {
	if (text === "") return undefined;
	try {
		return parse(text);
	} catch {
		// Metadata is whatever the client sent.
		return undefined;
	}
}
