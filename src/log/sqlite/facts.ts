/**
 * The facts of the log for a plan in the writer. Each is looked up when the plan asks for it,
 * within the transaction, so that earlier appends of the same batch count.
 */
import type Database from "better-sqlite3";
import { type StreamName, uuidOf, type Version } from "../../event.ts";
import { describedStream } from "../../retention/window.ts";
import {
	type Facts,
	type Lifecycle,
	lifecycleOf,
	type NewestMetadata,
} from "../appending/facts.ts";
import { present } from "./failures.ts";
import type { PackedWrite } from "./protocol.ts";
import * as sql from "./statements.ts";
import { Ids } from "./streams/ids.ts";
import type { Streams } from "./streams/streams.ts";

const AN_EVENT = "an event of the stream";
const NO_BYTES = new Uint8Array(0);

export class WriterFacts implements Facts {
	readonly #statements: ReturnType<typeof prepare>;
	readonly #streams: Streams;
	readonly #ids: Ids;
	#events: PackedWrite["events"] = [];
	#stream = "" as StreamName;

	constructor(database: Database.Database, streams: Streams) {
		this.#statements = prepare(database);
		this.#streams = streams;
		this.#ids = new Ids(database);
	}

	/** The facts for one write, until they are asked for another. */
	for({ stream, events }: PackedWrite): Facts {
		this.#events = events;
		this.#stream = stream;
		return this;
	}

	lifecycleOf(name: StreamName): Lifecycle {
		const described = describedStream(name);
		if (described !== undefined) {
			const isGone = this.#streams.find(described)?.isGone === true;
			return lifecycleOf(name, isGone, () => this.metadataOf(name));
		}
		const stream = this.#streams.find(name);
		if (stream?.lifecycle) return stream.lifecycle;
		const lifecycle = lifecycleOf(name, stream?.isGone === true, () => this.metadataOf(name));
		if (stream) stream.lifecycle = lifecycle;
		return lifecycle;
	}

	lastOf(name: StreamName): Version {
		// Without metadata there are no metadata streams: the usual log takes the short way.
		if (describedStream(name) !== undefined && !this.#streams.hasMetadata()) return -1;
		return this.#streams.find(name)?.last ?? -1;
	}

	metadataOf(name: StreamName): NewestMetadata {
		const metadata = this.#streams.findMetadata(name);
		if (!metadata) return { last: -1, data: undefined };
		const at = this.#streams.find(name)?.metadata;
		const position = at ?? this.#streams.positionAt(metadata, metadata.last);
		const data = present(this.#statements.dataAt.get(position), "metadata") as Buffer;
		return { last: metadata.last, data };
	}

	versionOf(index: number): Version | undefined {
		const event = this.#events[index];
		return event && this.#ids.versionOf(this.#streamId(), event.id, event.idKey);
	}

	isAt(index: number, version: Version): boolean {
		this.#streams.insertSpans();
		const at = { stream: this.#streamId(), version };
		const found = this.#statements.isAt.get({ ...at, id: this.#bytesOf(index) });
		return present(found, AN_EVENT) === 1;
	}

	idOf(index: number): string {
		return uuidOf(this.#events[index]?.id ?? NO_BYTES);
	}

	#streamId(): number | undefined {
		return this.#streams.find(this.#stream)?.id;
	}

	#bytesOf(index: number): Uint8Array | undefined {
		return this.#events[index]?.id;
	}
}

function prepare(database: Database.Database) {
	return {
		isAt: database.prepare(sql.SELECT_IS_AT).pluck(),
		dataAt: database.prepare(sql.SELECT_DATA_AT).pluck(),
	};
}
