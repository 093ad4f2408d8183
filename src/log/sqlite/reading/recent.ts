/**
 * The newest entries of streams whose heads are read again and again. Between two appends to a
 * stream, 19 of the 20 entries of its head are those of the head before.
 *
 * An entry never changes but by erasure. The store counts erasures, and each read says what it
 * counts in the snapshot of that read. So kept entries are those that the snapshot holds.
 */
import { LRUCache } from "lru-cache";
import type { RecordedEvent } from "../../../event.ts";
import { keptWithMax } from "../../log.ts";
import type { Entry } from "../../reading/targets.ts";

/** Two pages of the grid: more than one page, for readers of pages that overlap. */
export const RECENT_ENTRIES_MAX = 40;

/** The heads of some sixty streams, as far as they are polled. */
const BYTES_MAX = 4 * 1024 * 1024;
/** No stream pushes out all others. */
const STREAM_BYTES_MAX = 512 * 1024;
/** The objects of an entry and of what is kept with it. */
const ENTRY_BYTES = 1024;
/**
 * Streams that were asked once. Not many more than there is room for: who reads the heads of many
 * streams in turn would keep each, and find none.
 */
const ASKED_ONCE_MAX = 100;

/** Entries that lie next to each other, oldest first; the last one is the newest of its stream. */
type Tail = { readonly entries: readonly Entry[]; readonly bytes: number };

const NONE: readonly Entry[] = [];

export class RecentEntries {
	readonly #tails = new LRUCache<number, Tail>({
		maxSize: BYTES_MAX,
		maxEntrySize: STREAM_BYTES_MAX,
		sizeCalculation: ({ bytes }) => bytes,
	});
	readonly #askedOnce = new LRUCache<number, true>({ max: ASKED_ONCE_MAX });
	#erasures = -1;

	/**
	 * The kept entries of a stream from a version on; none if that one is not kept.
	 * @param erasures the number of erasures in the snapshot of the read
	 */
	from(stream: number, version: number, erasures: number): readonly Entry[] {
		if (erasures !== this.#erasures) this.#tails.clear();
		this.#erasures = erasures;
		const entries = this.#tails.get(stream)?.entries ?? NONE;
		const first = entries[0];
		if (first === undefined || first.version === version) return entries;
		return first.version < version ? entries.slice(version - first.version) : NONE;
	}

	/**
	 * Keeps entries up to the newest, if the stream was asked for before.
	 * @param found none of them kept; the first follows the last that is kept, if any is
	 * @returns the same entries, and whether they are kept
	 */
	keep(stream: number, found: readonly Entry[]): { entries: readonly Entry[]; isKept: boolean } {
		const tail = this.#tails.get(stream);
		if (!tail && !this.#askedOnce.delete(stream)) {
			this.#askedOnce.set(stream, true);
			return { entries: found, isKept: false };
		}
		const own = found.length > 1 ? found.map(withOwnContent) : found;
		const follows = tail?.entries.at(-1)?.version === Number(own[0]?.version) - 1;
		const entries = [...(follows && tail ? tail.entries : NONE), ...own];
		const newest = entries.slice(-RECENT_ENTRIES_MAX);
		let bytes = 0;
		for (const { event } of newest) bytes += bytesOf(event);
		this.#tails.set(stream, { entries: newest, bytes });
		return { entries: own, isKept: this.#tails.has(stream) };
	}
}

/** Without the content of all that was read with it, which would stay in memory as well. */
function withOwnContent({ version, event }: Entry): Entry {
	const { data, metadata } = event;
	return { version, event: { ...event, data: copyOf(data), metadata: copyOf(metadata) } };
}

function bytesOf(event: RecordedEvent): number {
	return ENTRY_BYTES + event.data.length + event.metadata.length + keptWithMax(event);
}

/** In memory of its own: a small Buffer is a part of a larger one. */
function copyOf(bytes: Uint8Array): Uint8Array {
	if (bytes.length === 0) return bytes;
	const copy = Buffer.allocUnsafeSlow(bytes.length);
	copy.set(bytes);
	return copy;
}
