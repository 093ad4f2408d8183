/**
 * The reads of a log that the tables of a question come from. SQLite asks for rows and waits, so
 * each read has its answer when it returns: in the process of the question, of the log's own file;
 * or, of a log that only its server can read, over a pipe to that server (`asked.ts`).
 */
import type { StreamName, Version } from "../../../event.ts";
import type { NameRange, Range, Slice } from "../../log.ts";
import { Reader } from "../reading/reader.ts";

export type ReadsAtOnce = {
	/** @throws Refusal `page-too-large`, `stream-deleted` */
	read(range: Range): Pick<Slice, "entries" | "gap">;
	/** @throws Refusal `stream-deleted` */
	last(stream: StreamName): Version;
	names(range: NameRange): readonly StreamName[];
	close(): void;
};

/** A read of the log holds no more than that; larger events are refused by the same limit. */
const PAGE_BYTES_MAX = 64 * 1024 * 1024;
const NOTHING_HIDDEN = { hidden: false, isErasing: false } as const;

export class FileReads implements ReadsAtOnce {
	readonly #reader: Reader;

	/** @param file the database of the log */
	constructor(file: string) {
		this.#reader = new Reader(file, { pageBytesMax: PAGE_BYTES_MAX, clock: Date.now });
	}

	read(range: Range): Pick<Slice, "entries" | "gap"> {
		return this.#reader.read(range, NOTHING_HIDDEN);
	}

	last(stream: StreamName): Version {
		return this.#reader.last(stream);
	}

	names(range: NameRange): readonly StreamName[] {
		return this.#reader.names(range);
	}

	close(): void {
		this.#reader.close();
	}
}
