/** What reads have to know of streams besides their entries, out of the rows of one statement. */
import { LRUCache } from "lru-cache";
import type { StreamName, Version } from "../../../event.ts";
import { isIndexStream } from "../../../indexes/joins.ts";
import { NO_METADATA, parseMetadata, type StreamMetadata } from "../../../retention/metadata.ts";
import {
	describedStream,
	effectiveMetadata,
	metadataOfIndex,
	type StreamState,
} from "../../../retention/window.ts";
import { upTo } from "../../../up-to.ts";
import type { Database, Queryable, Row } from "../connection/database.ts";
import { present } from "../connection/failures.ts";
import { COUNT_BEFORE } from "../statements.ts";

/** By the position of its metadata, how many entries of an index are older: it stays so. */
const BEFORE_KEPT_MAX = 10_000;

/** A stream as a statement found it. */
export type FoundStream = FoundMarks & {
	/** 0 of `$all`, and of a stream without events. */
	readonly id: number;
	readonly last: Version;
	/** The newest position that its rows rest on; -1 if there is none. */
	readonly newest: number;
	/** The data of its newest metadata. */
	readonly rule: Uint8Array | undefined;
	/** Of a metadata stream: whether the stream it describes is gone. */
	readonly isDescribedGone: boolean;
};

type FoundMarks = {
	/** Positions of events. */
	readonly metadata: number | undefined;
	readonly tombstone: number | undefined;
	readonly link: number | undefined;
	/** The lowest version that was not scavenged. */
	readonly scavenged: Version;
};

export function foundStream(row: Row): FoundStream {
	const number = (name: string) => (row[name] === null ? undefined : Number(row[name]));
	const metadata = number("metadata");
	return {
		id: number("id") ?? 0,
		last: number("last") ?? -1,
		newest: Math.max(number("newest") ?? -1, metadata ?? -1, number("describedGone") ?? -1),
		metadata,
		tombstone: number("tombstone"),
		link: number("link"),
		scavenged: number("scavenged") ?? 0,
		rule: metadata === undefined ? undefined : present(row.rule as Buffer | null, "metadata"),
		isDescribedGone: number("describedGone") !== undefined,
	};
}

export class StreamStates {
	readonly #database: Database;
	readonly #before = new LRUCache<number, number>(upTo(BEFORE_KEPT_MAX));

	constructor(database: Database) {
		this.#database = database;
	}

	/** The state of a stream; undefined if it is nothing but its entries. */
	async of(
		stream: StreamName,
		found: FoundStream,
		on: Queryable,
	): Promise<StreamState | undefined> {
		const { last, metadata, tombstone, scavenged, rule } = found;
		const isDescribing = describedStream(stream) !== undefined;
		// A metadata stream ends with its stream, whether or not it ever had an event.
		if (last < 0 && !isDescribing) return undefined;
		// In the middle of an import, what was scavenged may come before the metadata that hid it.
		const isPlain = metadata === undefined && tombstone === undefined && scavenged === 0;
		if (!isDescribing && isPlain) return undefined;
		const isGone = isDescribing ? found.isDescribedGone : tombstone !== undefined;
		if (last < 0 && !isGone) return undefined;
		const written = rule === undefined ? NO_METADATA : parseMetadata(rule);
		const applied = await this.#applied(stream, found, written, on);
		return { last, metadata: applied, isGone, scavenged };
	}

	async #applied(
		stream: StreamName,
		{ id, last, metadata }: FoundStream,
		written: StreamMetadata,
		on: Queryable,
	): Promise<StreamMetadata> {
		if (metadata === undefined || !isIndexStream(stream)) {
			return effectiveMetadata(stream, written);
		}
		if (written.truncateBefore === undefined) return written;
		let before = this.#before.get(metadata);
		if (before === undefined) {
			const [row] = await this.#database.rows(COUNT_BEFORE, [id, metadata, last], on);
			before = Number(present(row, "an entry of the stream").before);
			this.#before.set(metadata, before);
		}
		const counted = before;
		return metadataOfIndex(written, last, () => counted);
	}
}
