/**
 * The entries of a page with the beginning of their content, which is all that rows show. Twenty
 * events may have 80 MiB: they are read a few at a time, so that other requests have their turn,
 * and are not held.
 */
import { setImmediate } from "node:timers/promises";
import type { StreamName } from "../../src/event.ts";
import type { StreamEntry } from "../../src/log/log.ts";
import type { Store } from "../../src/screens.ts";
import { PREVIEW_BYTES } from "../parts/json/preview.ts";

/** Of the largest ones, 16 MiB: some 20 ms. */
const AT_ONCE = 4;
/** After so many bytes others have their turn. */
const TURN_BYTES = 1024 * 1024;
/** One more than a preview reads, which so knows that there is more. */
const KEPT_BYTES = PREVIEW_BYTES + 1;

type Range = Omit<Parameters<Store["read"]>[0], "content">;
type Slice = Awaited<ReturnType<Store["read"]>>;

export type Beginnings = Slice & {
	/** Bytes of the data of each entry, by its number. */
	readonly sizes: ReadonlyMap<number, number>;
};

/** @throws Refusal as a read of the stream */
export async function readBeginnings(store: Store, range: Range): Promise<Beginnings> {
	const slice = await store.read({ ...range, content: false });
	const entries: StreamEntry[] = [];
	const sizes = new Map<number, number>();
	for (let at = 0; at < slice.entries.length; at += AT_ONCE) {
		const part = slice.entries.slice(at, at + AT_ONCE).map(({ version }) => Number(version));
		const read = await readPart(store, range, part);
		let bytes = 0;
		for (const entry of read) {
			sizes.set(Number(entry.version), entry.event.data.length);
			bytes += entry.event.data.length + entry.event.metadata.length;
			entries.push(beginningOf(entry));
		}
		if (bytes > TURN_BYTES) await setImmediate();
	}
	return { ...slice, entries, sizes };
}

/** @param versions of entries that follow each other; one that was hidden meanwhile is missing */
async function readPart(
	store: Store,
	range: Range,
	versions: readonly number[],
): Promise<readonly StreamEntry[]> {
	const [from = 0, last = from] = [versions[0], versions.at(-1)];
	const limit = Math.abs(last - from) + 1;
	const { entries } = await store.read({ ...range, from, limit, content: true });
	return entries.filter(({ version }) => versions.includes(Number(version)));
}

/** A copy, so that the rest is held by nobody. */
function beginningOf(entry: StreamEntry): StreamEntry {
	const { event } = entry;
	const [data, metadata] = [event.data, event.metadata].map((bytes) =>
		bytes.length > KEPT_BYTES ? Uint8Array.from(bytes.subarray(0, KEPT_BYTES)) : bytes,
	);
	if (!data || !metadata || (data === event.data && metadata === event.metadata)) return entry;
	return { ...entry, event: { ...event, data, metadata } };
}

/** The whole entry, if only its beginning was kept. */
export async function wholeOf(
	store: Store,
	stream: StreamName,
	entry: StreamEntry,
): Promise<StreamEntry> {
	const { data, metadata } = entry.event;
	if (data.length < KEPT_BYTES && metadata.length < KEPT_BYTES) return entry;
	const range = {
		stream,
		from: Number(entry.version),
		limit: 1,
		direction: "backward",
		content: true,
	} as const;
	return (await store.read(range)).entries[0] ?? entry;
}
