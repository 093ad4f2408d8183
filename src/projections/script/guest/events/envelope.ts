/** The event as a handler sees it. */

import { parse } from "../realm/intrinsics.ts";
import {
	type Batch,
	CREATED,
	DATA_END,
	FLAGS,
	HAS_LINK,
	ID_END,
	IS_JSON,
	LINK_METADATA_END,
	METADATA_END,
	NUMBER,
} from "./batch.ts";
import { isoTime } from "./moment.ts";

/** Its members are computed when they are asked for: most handlers ask for one or two. */
export class Envelope {
	readonly #batch: Batch;
	readonly #event: number;
	#partition: string;
	/** What was parsed. Most handlers ask for one of them, or none. */
	#parsed: { body?: unknown; metadata?: unknown; linkMetadata?: unknown } | undefined;

	constructor(batch: Batch, event: number, partition: string) {
		this.#batch = batch;
		this.#event = event;
		this.#partition = partition;
	}

	/** partitionBy sees the event before it has a partition. */
	static place(envelope: Envelope, partition: string): Envelope {
		envelope.#partition = partition;
		return envelope;
	}

	get streamId(): string {
		return this.#batch.stream(this.#event);
	}

	get sequenceNumber(): number {
		return this.#batch.number(this.#event, NUMBER);
	}

	get eventType(): string {
		return this.#batch.type(this.#event);
	}

	get eventId(): string {
		return this.#batch.text(this.#event, ID_END);
	}

	get created(): string {
		return isoTime(this.#batch.number(this.#event, CREATED));
	}

	get partition(): string {
		return this.#partition;
	}

	/** What stands before the first dash of the stream's name; "" if there is none. */
	get category(): string {
		const stream = this.streamId;
		const dash = stream.indexOf("-");
		return dash < 0 ? "" : stream.slice(0, dash);
	}

	get isJson(): boolean {
		return this.#has(IS_JSON);
	}

	get bodyRaw(): string {
		return this.#batch.text(this.#event, DATA_END);
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
		return this.#batch.text(this.#event, METADATA_END);
	}

	/** Undefined if there is none, or it is no JSON. */
	get metadata(): unknown {
		this.#parsed ??= {};
		if (!("metadata" in this.#parsed)) this.#parsed.metadata = parsed(this.metadataRaw);
		return this.#parsed.metadata;
	}

	get linkMetadataRaw(): string | undefined {
		return this.#has(HAS_LINK) ? this.#batch.text(this.#event, LINK_METADATA_END) : undefined;
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
		return (this.#batch.number(this.#event, FLAGS) & flag) !== 0;
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
