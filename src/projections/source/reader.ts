/**
 * Reads the streams of a projection as one, in the order of the log.
 *
 *     a    0 ── 4 ── 7 ─────── 12            the smallest position of all comes next, as long as
 *     b    ─── 2 ───── 9 ─────┊              each stream either has one in hand, or has nothing
 *                              ┊             before the head that was asked for first
 *                              head
 *
 * So the order is the same on each run, however fast the streams grow meanwhile. An event that
 * stands in several of the streams comes once.
 */
import { isRefusal } from "../../errors.ts";
import { ALL, type StreamName } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import type { LogReads, StreamEntry } from "../../log/log.ts";
import type { Tail } from "./tail.ts";

export type Found = {
	/** The stream that it was read from. */
	readonly stream: StreamName;
	readonly position: number;
	readonly entry: StreamEntry;
	/** Whether other projections find the same event, in the newest ones that are held for all. */
	readonly isShared: boolean;
};

export type Batch = {
	readonly found: readonly Found[];
	/** Everything before this position has been read. */
	readonly next: number;
	/** Whether that was all there was. */
	readonly isAtHead: boolean;
};

type Track = {
	readonly stream: StreamName;
	/** The number to read from. */
	next: number;
	readonly inHand: Found[];
	/** Everything before this position is in hand, or was handed out. */
	before: number;
};

/** Reads of so many entries at most: none holds up other readers for long. */
const READ_MAX = 500;

export class Reader {
	readonly #reads: Pick<LogReads, "read">;
	readonly #head: () => Promise<number>;
	readonly #resolvesAll: boolean;
	readonly #tail: Tail | undefined;
	readonly #tracks: readonly Track[];
	#next: number;

	/**
	 * @param head gives the last position of the log
	 * @param from the first position to hand out
	 * @param cursors the number to read from in each stream, where it is known
	 */
	constructor(
		reads: Pick<LogReads, "read">,
		head: () => Promise<number>,
		streams: readonly StreamName[],
		{ from, cursors, resolvesAll, tail }: ReaderStart,
	) {
		this.#tail = tail;
		this.#reads = reads;
		this.#head = head;
		this.#resolvesAll = resolvesAll;
		this.#next = from;
		this.#tracks = streams.map((stream) => {
			const next = stream === ALL ? from : (cursors[stream] ?? 0);
			return { stream, next, inHand: [], before: 0 };
		});
	}

	/** The first position that was not handed out. */
	get next(): number {
		return this.#next;
	}

	/** How many entries are in hand. */
	get inHand(): number {
		return this.#tracks.reduce((sum, { inHand }) => sum + inHand.length, 0);
	}

	/** Where each stream goes on after what was handed out. */
	cursors(): { readonly [stream: string]: number } {
		return Object.fromEntries(
			this.#tracks.map(({ stream, next, inHand }) => [
				stream,
				inHand[0] === undefined ? next : Number(inHand[0].entry.version),
			]),
		);
	}

	/** @throws Refusal `unauthorized`, and as `Log.read` */
	async read(limit: number): Promise<Batch> {
		const before = (await this.#head()) + 1;
		const wanted = Math.min(limit, READ_MAX);
		for (const track of this.#tracks) {
			if (track.inHand.length === 0 && track.before < before) {
				await this.#fill(track, before, wanted);
			}
		}
		const complete = Math.min(before, ...this.#tracks.map((track) => track.before));
		return this.#take(complete, before, limit);
	}

	/** Hands out what is in hand before a position, in its order. */
	#take(complete: number, head: number, limit: number): Batch {
		const found: Found[] = [];
		while (found.length < limit) {
			const track = this.#firstBefore(complete);
			const first = track?.inHand.shift();
			if (first === undefined) {
				this.#next = Math.max(this.#next, complete);
				return { found, next: this.#next, isAtHead: complete >= head };
			}
			// Read before, from another stream or on an earlier run.
			if (first.position < this.#next) continue;
			this.#next = first.position + 1;
			found.push(first);
		}
		return { found, next: this.#next, isAtHead: false };
	}

	#firstBefore(position: number): Track | undefined {
		let best: Track | undefined;
		let least = position - 1;
		for (const track of this.#tracks) {
			const [first] = track.inHand;
			if (first === undefined || first.position > least) continue;
			// Of two that have the same event, the last counts: the streams of deletes come last, and
			// say more of a tombstone.
			best = track;
			least = first.position;
		}
		return best;
	}

	/** Takes what came to a stream since it was last read, if the newest events tell. */
	async #fillFromTail(track: Track, head: number, limit: number): Promise<boolean> {
		const { stream, before } = track;
		if (before === 0 || (stream === ALL && this.#resolvesAll)) return false;
		const part = await this.#tail?.read(stream, before, head, limit);
		if (part === undefined || track.before !== before) return false;
		for (const entry of part.entries) {
			const position = Number(entry.event.position);
			// The numbers of a stream have no gaps, and nothing is missing here.
			const own = Number(stream === ALL ? entry.version : entry.event.version);
			const version = isIndexStream(stream) ? track.next : own;
			track.inHand.push({ stream, position, entry: { ...entry, version }, isShared: true });
			track.next = version + 1;
		}
		track.before = part.before;
		if (stream === ALL) track.next = part.before;
		return true;
	}

	/** @param head the first position beyond the log, as of before the read */
	async #fill(track: Track, head: number, limit: number): Promise<void> {
		if (await this.#fillFromTail(track, head, limit)) return;
		const { stream } = track;
		const resolve = stream === ALL ? this.#resolvesAll : true;
		const range = { stream, from: track.next, limit, direction: "forward" } as const;
		try {
			const slice = await this.#reads.read({ ...range, content: true, resolve });
			const { entries, last, retention, gap } = slice;
			for (const entry of entries) {
				const { position } = entry.link ?? entry.event;
				track.inHand.push({ stream, position, entry, isShared: false });
			}
			const end = Math.min(track.next + limit, Number(last) + 1);
			track.next = Math.max(
				track.next,
				end,
				Number(retention?.first ?? 0),
				1 + Number(gap?.last ?? -1),
			);
			const isWhole = track.next > last;
			const newest = track.inHand.at(-1)?.position;
			if (isWhole) track.before = Math.max(head, (newest ?? -1) + 1);
			else if (stream === ALL) track.before = track.next;
			else track.before = newest === undefined ? track.before : newest + 1;
			// All of it is hidden, or not for this reader: what follows may be for it.
			if (!isWhole && newest === undefined && stream !== ALL)
				await this.#fill(track, head, READ_MAX);
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) track.before = head;
			else if (isRefusal(error, "page-too-large") && limit > 1)
				await this.#fill(track, head, limit >> 1);
			else throw error;
		}
	}
}

export type ReaderStart = {
	readonly from: number;
	readonly cursors: { readonly [stream: string]: number };
	/** Whether `$all` hands out what its links lead to. */
	readonly resolvesAll: boolean;
	/** For a reader who may read everything. */
	readonly tail?: Tail | undefined;
};
