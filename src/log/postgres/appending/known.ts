/**
 * What this node knows of the log, as of the last transaction it wrote: the end, and the streams
 * that it wrote to lately. As long as no other node writes, all of it stays true, and the next
 * group is planned by it: `WRITE_IF_UNCHANGED` holds it against the log as it is. If another node
 * has written, a transaction that has the end of the log asks what, and the rest stays true:
 *
 *     nothing known ── a group that looked everything up ──▶ known ◀── a group by what is known ─┐
 *          ▲                                                  │ └────────────────────────────────┘
 *          │  a failure, another history, an erasure,         ▼
 *          └── or more than `GROWTH_EVENTS_MAX` ──── another node wrote ── what it wrote ──▶ known
 */
import { LRUCache } from "lru-cache";
import type { StreamName, Version } from "../../../event.ts";
import { describedStream, metadataStream } from "../../../retention/window.ts";
import { upTo } from "../../../up-to.ts";
import type { FetchedStream } from "../../appending/fetched.ts";
import type { Row } from "../connection/database.ts";
import type { Growth } from "../following/growth.ts";
import type { KnownStream } from "./rows.ts";

/** Each takes some hundred bytes of memory. */
const STREAMS_MAX = 50_000;
/** Metadata that is larger is looked up each time. */
const METADATA_BYTES_MAX = 1024;

type Remembered = {
	known: KnownStream;
	/** Undefined if nobody has asked for more than the place of its end. */
	facts: FetchedStream | undefined;
};

export class KnownLog {
	readonly #streams = new LRUCache<string, Remembered>(upTo(STREAMS_MAX));
	#end: Row | undefined;
	#isAlone = false;

	/** The row of the log's end, as this node has left it; undefined if nothing is known. */
	get end(): Row | undefined {
		return this.#end;
	}

	/** Whether no other node has written since, last time that this one looked. */
	get isAlone(): boolean {
		return this.#isAlone && this.#end !== undefined;
	}

	/** Streams as they are now; undefined if one of them is not known. */
	streams(names: Iterable<string>): Map<string, KnownStream> | undefined {
		const found = new Map<string, KnownStream>();
		for (const name of names) {
			const remembered = this.#streams.get(name);
			if (!remembered) return undefined;
			found.set(name, { ...remembered.known });
		}
		return found;
	}

	/** What an append to streams has to know; undefined if that is not known. */
	facts(names: Iterable<StreamName>): Map<StreamName, FetchedStream> | undefined {
		const found = new Map<StreamName, FetchedStream>();
		for (const name of names) {
			const facts = this.#streams.get(name)?.facts;
			if (!facts) return undefined;
			found.set(name, facts);
		}
		return found;
	}

	/** Another node may have written: what is known holds with what that has appended. */
	doubt(): void {
		this.#isAlone = false;
	}

	/** A transaction has found the log's end so. */
	found(end: Row): void {
		this.#isAlone = this.#end !== undefined && isSame(this.#end, end);
		if (!this.#isAlone) this.#streams.clear();
		this.#end = end;
	}

	/**
	 * The same, and what others have appended since this node wrote.
	 * @returns the last versions of all streams that grew; undefined if that cannot be said
	 */
	grew(end: Row, { streams, joined, marked }: Growth): Map<StreamName, Version> | undefined {
		const grown = new Map(streams);
		let isWhole = true;
		for (const [name, count] of joined) {
			const known = this.#streams.get(name)?.known;
			if (known) grown.set(name, known.last + count);
			else isWhole = false;
		}
		for (const [name, last] of grown) this.#grow(name, last);
		this.#forgetMarked(marked);
		this.#end = end;
		this.#isAlone = grown.size === 0;
		return isWhole ? grown : undefined;
	}

	#grow(name: StreamName, last: Version): void {
		const remembered = this.#streams.get(name);
		if (!remembered) return;
		const { known, facts } = remembered;
		// One that was not there has got a number, which its events do not tell.
		if (known.id === 0) this.#streams.delete(name);
		else {
			const now = { known: { ...known, last }, facts: facts && { ...facts, last } };
			this.#streams.set(name, now);
		}
	}

	/**
	 * A group is committed.
	 * @param end the row of the end as it is now
	 * @param marked the streams of which the group changed more than their length
	 */
	wrote(
		end: Row,
		streams: ReadonlyMap<string, KnownStream>,
		facts: ReadonlyMap<StreamName, FetchedStream>,
		marked: Iterable<StreamName>,
	): void {
		this.#end = end;
		for (const [name, known] of streams) {
			const own = facts.get(name as StreamName);
			const isSmall = (own?.metadata.data?.length ?? 0) <= METADATA_BYTES_MAX;
			this.#streams.set(name, { known, facts: isSmall ? own : undefined });
		}
		this.#forgetMarked(marked);
	}

	#forgetMarked(marked: Iterable<StreamName>): void {
		for (const name of marked) {
			for (const one of [name, metadataStream(name), describedStream(name)]) {
				if (one !== undefined) this.#streams.delete(one);
			}
		}
	}

	/** The end of the log is no longer where this node left it, or nobody knows. */
	forget(): void {
		this.#end = undefined;
		this.#isAlone = false;
		this.#streams.clear();
	}
}

/** Whether nothing was written in between, nor anything lost that others have replaced. */
function isSame(one: Row, other: Row): boolean {
	const isAtEnd = ["next", "erasures", "incarnation"].every((name) => one[name] === other[name]);
	return isAtEnd && Buffer.compare(one.edge as Buffer, other.edge as Buffer) === 0;
}
