/**
 * The data of events that are not JSON: a feed shows none, so each is fetched from its own URL,
 * which any cache may keep for ever. A few are fetched ahead of the consumer, and no more than a
 * few are held, however many a page has.
 */
import type { DecodedEntry } from "../model.ts";
import { lacksData } from "./event.ts";
import type { Numbered } from "./step.ts";

/** Requests in flight at once: enough to hide a round trip, few enough for a server to like. */
const AHEAD_MAX = 8;

export type FetchData = (entry: DecodedEntry) => Promise<Uint8Array | undefined>;

/**
 * Answers the data of the entries that lack them, asked for in the order of the page. Undefined
 * stands for an event that is gone: retention may take it between the page, perhaps cached, and the
 * fetch.
 */
export function dataAhead(page: readonly Numbered[], fetchData: FetchData): FetchData {
	const queue = page.filter(({ entry }) => lacksData(entry)).map(({ entry }) => entry);
	const held = new Map<DecodedEntry, Promise<Uint8Array | undefined>>();
	let started = 0;
	return (entry) => {
		while (held.size < AHEAD_MAX && started < queue.length) {
			const ahead = queue[started++] as DecodedEntry;
			const data = fetchData(ahead);
			// Awaited when its turn comes; until then a failure is nobody's surprise.
			data.catch(() => undefined);
			held.set(ahead, data);
		}
		const data = held.get(entry);
		held.delete(entry);
		return data ?? fetchData(entry);
	};
}
