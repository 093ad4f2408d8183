/**
 * Lists of streams: by name, by time, by size. Nothing of them is written with an append. What a
 * row shows is looked up when it is asked for, `changed` and `created` are read from the end of the
 * log, and `largest` and `bytes` come from indexes in memory that say how far they have come.
 *
 *     name      the names in the order of their bytes; with `prefix`, only those that begin with
 *               it; with `contains`, those where an index in memory says that it may be
 *     changed   back through `$all`, or through one category: each stream at its newest event
 *     created   back through `$streams`, or through the first events of one category or type
 *     largest   the streams with the most events
 *     bytes     the streams of which the disk holds the most, as a list of one moment has it
 *
 * A list is paged by key: `next` names the place to go on from, so a page costs the same however
 * far down it is. A request looks at a bounded number of names or events. If it finds less than a
 * page among them, it says how many it searched, and where to go on.
 */
import { setImmediate } from "node:timers/promises";
import type { StreamName } from "../event.ts";
import { STREAMS } from "../indexes/joins.ts";
import type { Log, LogReads } from "../log/log.ts";
import { Heaviest } from "./heaviest.ts";
import { Largest } from "./largest.ts";
import { NameIndex } from "./name-index.ts";
import type { ListQuery } from "./query.ts";
import { type ListedStream, rowOf } from "./row.ts";
import { sealName } from "./sealed.ts";
import { type Candidate, candidatesOf } from "./walk.ts";

/** Some 80 ms of looking up rows that a type may leave out; more than the rows of a page. */
const LOOK_UPS_MAX = 1000;
const LOOK_UPS_STEP = 50;

export type Listing = {
	readonly streams: readonly ListedStream[];
	/** Undefined at the end of the list. */
	readonly next: string | undefined;
	/** How many names or events were looked at for this page, if its reader may know of all. */
	readonly searched: number;
	/** How many streams clients have appended to, those included that were deleted. */
	readonly total: number;
	/** How far the index of the list has come, if it has one. */
	readonly indexed?: IndexProgress;
};

export type IndexProgress = {
	readonly streams: number;
	readonly isComplete: boolean;
	/** Of an index of one moment; the others are as old as the last commit. */
	readonly ageMs?: number;
};

/** Listens to the log until it is closed. */
export class StreamLists {
	readonly #log: Log;
	readonly #largest: Largest;
	readonly #heaviest: Heaviest;
	readonly #names: NameIndex;

	constructor(log: Log) {
		this.#log = log;
		this.#largest = new Largest(log);
		this.#heaviest = new Heaviest(log);
		this.#names = new NameIndex(log);
	}

	/**
	 * @param viewer leaves out the streams that somebody may not read, and what they may not see of
	 *   the others; by default all is shown
	 * @throws Refusal as a read of the log
	 */
	async list(query: ListQuery, viewer?: Viewer): Promise<Listing> {
		const total = Number(await this.#log.last(STREAMS)) + 1;
		const { found, next, searched } = await this.#collect(query, viewer);
		const streams = found.map(({ row }) => row);
		// How many names begin with a prefix would tell those names, letter by letter.
		const told = viewer === undefined ? searched : streams.length;
		return { streams, next, searched: told, total, ...this.#indexedFor(query) };
	}

	close(): void {
		this.#largest.close();
		this.#heaviest.close();
		this.#names.close();
	}

	#indexedFor({ order, contains }: ListQuery): Pick<Listing, "indexed"> {
		if (order === "largest") return { indexed: this.#largest.progress() };
		if (order === "bytes") return { indexed: this.#heaviest.progress() };
		if (order === "name" && contains !== "") return { indexed: this.#names.progress() };
		return {};
	}

	async #collect(query: ListQuery, viewer: Viewer | undefined): Promise<Collected> {
		const found: Found[] = [];
		let searched = 0;
		let lookUps = 0;
		let reached: string | undefined;
		// It is named after the last stream that was looked at, whoever may read that.
		const isTold = viewer === undefined || query.order !== "name";
		const after = (key: string | undefined) => (isTold || key === undefined ? key : sealName(key));
		const indexes = { names: this.#names, largest: this.#largest, heaviest: this.#heaviest };
		const steps = candidatesOf(this.#log, indexes, query);
		for await (const step of steps) {
			for (const [index, candidate] of step.candidates.entries()) {
				if (!mayBeListed(candidate, query)) continue;
				if (viewer && !(await viewer.mayRead(candidate.stream))) continue;
				if (lookUps === LOOK_UPS_MAX) {
					return { found, next: after(reached), searched: searched + index };
				}
				if (++lookUps % LOOK_UPS_STEP === 0) await setImmediate();
				reached = candidate.key;
				const row = await this.#rowOf(candidate, query, viewer);
				if (row === undefined) continue;
				// One more than the page tells whether there is a next one.
				if (found.length === query.limit) {
					return { found, next: found.at(-1)?.key, searched: searched + step.searched };
				}
				found.push({ key: candidate.key, row });
			}
			searched += step.searched;
			if (step.isLast) return { found, next: undefined, searched };
			if (searched < step.searchedMax) continue;
			return { found, next: after(step.next), searched };
		}
		return { found, next: undefined, searched };
	}

	async #rowOf(
		{ stream, bytes }: Candidate,
		{ type }: ListQuery,
		viewer: Viewer | undefined,
	): Promise<ListedStream | undefined> {
		const { reads = this.#log } = viewer ?? {};
		const row = await rowOf({ reads, bytes: this.#log }, stream);
		if (row === undefined || (type !== undefined && row.firstType !== type)) return undefined;
		if (bytes === undefined) return row;
		const { isEstimate, ...rest } = row;
		return { ...rest, bytes };
	}
}

/** Whose list it is: the streams that they may read, and the events as they may read them. */
export type Viewer = {
	readonly mayRead: (stream: StreamName) => boolean | Promise<boolean>;
	readonly reads: Pick<LogReads, "read">;
};

function mayBeListed({ stream }: Candidate, { prefix, contains, category }: ListQuery): boolean {
	if (!stream.startsWith(prefix) || !stream.includes(contains)) return false;
	return category === undefined || stream.startsWith(`${category}-`);
}

type Found = { readonly key: string; readonly row: ListedStream };
type Collected = {
	readonly found: readonly Found[];
	readonly next: string | undefined;
	readonly searched: number;
};

export type { ListedStream } from "./row.ts";
