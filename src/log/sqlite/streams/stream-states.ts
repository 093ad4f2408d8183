/**
 * What reads have to know of a stream besides its entries; most streams have nothing of the kind.
 */
import type Database from "better-sqlite3";
import { LRUCache } from "lru-cache";
import { ALL, type StreamName } from "../../../event.ts";
import { isIndexStream } from "../../../indexes/joins.ts";
import { NO_METADATA, parseMetadata, type StreamMetadata } from "../../../retention/metadata.ts";
import {
	describedStream,
	effectiveMetadata,
	lowestFrom,
	metadataOfIndex,
	type StreamState,
} from "../../../retention/window.ts";
import { upTo } from "../../../up-to.ts";
import { present } from "../failures.ts";
import * as sql from "../statements.ts";
import { prepareRows, type Rows, type StreamRow } from "./rows.ts";

/** Parsed documents, by the position of their event: what stands there never changes. */
const METADATA_KEPT_MAX = 10_000;

const NOTHING_FOUND = { last: -1, metadata: null, tombstone: null };

export class StreamStates {
	readonly #statements: ReturnType<typeof prepare>;
	readonly #rows: Rows;
	#newest = -1;
	readonly #metadata = new LRUCache<number, StreamMetadata>(upTo(METADATA_KEPT_MAX));
	/** How many entries of an index are older than its metadata, by the position of that. */
	readonly #before = new LRUCache<number, number>(upTo(METADATA_KEPT_MAX));

	constructor(database: Database.Database) {
		this.#statements = prepare(database);
		this.#rows = prepareRows(database);
	}

	/**
	 * Undefined where the stream has no events.
	 * @throws Contradiction
	 */
	find(stream: StreamName): StreamRow | undefined {
		const row = stream === ALL ? this.#rows.all() : this.#rows.find(stream);
		// Of `$all` the last version is the position. A tombstone and a link are entries themselves.
		if (row) this.#newest = Math.max(this.#newest, row.newest ?? row.last, row.metadata ?? -1);
		return row;
	}

	/** The newest position that the look-ups since `begin` rest on; -1 if there were none. */
	get newest(): number {
		return this.#newest;
	}

	/** A new read begins. */
	begin(): void {
		this.#newest = -1;
	}

	/** The state of a stream; undefined if it is nothing but its entries. */
	of(stream: StreamName, row: StreamRow | undefined): StreamState | undefined {
		const described = describedStream(stream);
		// A metadata stream ends with its stream, whether or not it ever had an event.
		if (!row && described === undefined) return undefined;
		const { last, metadata, tombstone } = row ?? NOTHING_FOUND;
		const scavenged = row?.scavenged ?? 0;
		// In the middle of an import, what was scavenged may come before the metadata that hid it.
		const isPlain = metadata === null && tombstone === null && scavenged === 0;
		if (described === undefined && isPlain) return undefined;
		const isGone = (described === undefined ? tombstone : this.find(described)?.tombstone) != null;
		if (!row && !isGone) return undefined;
		const written = metadata === null ? NO_METADATA : this.#metadataAt(metadata);
		const applied =
			row && metadata !== null && isIndexStream(stream)
				? metadataOfIndex(written, last, () => this.#entriesBefore(row, metadata))
				: effectiveMetadata(stream, written);
		return { last, metadata: applied, isGone, scavenged };
	}

	/** Whether any stream has metadata or links, or was deleted (or has an event that looks so). */
	isAnyMarked(): boolean {
		return this.#statements.isAnyMarked.get() === 1;
	}

	#entriesBefore({ id, last }: StreamRow, position: number): number {
		let before = this.#before.get(position);
		if (before === undefined) {
			const positionAt = (version: number) =>
				present(
					this.#statements.positionAt.get({ stream: id, version }),
					"an entry of the stream",
				) as number;
			before = Number(lowestFrom(0, last, (version) => positionAt(version) >= position));
			this.#before.set(position, before);
		}
		return before;
	}

	#metadataAt(position: number): StreamMetadata {
		let metadata = this.#metadata.get(position);
		if (!metadata) {
			metadata = parseMetadata(
				present(this.#statements.dataAt.get(position), "metadata") as Buffer,
			);
			this.#metadata.set(position, metadata);
		}
		return metadata;
	}
}

function prepare(database: Database.Database) {
	return {
		isAnyMarked: database.prepare(sql.SELECT_IS_ANY_MARKED).pluck(),
		dataAt: database.prepare(sql.SELECT_DATA_AT).pluck(),
		positionAt: database.prepare(sql.SELECT_POSITION_AT).pluck(),
	};
}
