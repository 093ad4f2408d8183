/**
 * Fetches the data of events that are not JSON. A feed does not show them, so each has a request of
 * its own, whose answer any cache may keep for ever. Only a few are fetched ahead of the consumer
 * and held, however many a page has.
 */
import type { DecodedEntry } from "../model.ts";

/** Requests in flight at once: enough to hide a round trip, few enough to spare the server. */
const AHEAD_MAX = 8;

export type FetchData = (entry: DecodedEntry) => Promise<Uint8Array | undefined>;

/**
 * Returns the data of entries, in their order. Undefined means that the event is gone: retention
 * may remove it between the page, which may be cached, and the fetch.
 */
export function dataAhead(queue: readonly DecodedEntry[], fetchData: FetchData): FetchData {
	const held = new Map<DecodedEntry, Promise<Uint8Array | undefined>>();
	let started = 0;
	return (entry) => {
		while (held.size < AHEAD_MAX && started < queue.length) {
			const ahead = queue[started++] as DecodedEntry;
			const data = fetchData(ahead);
			// It is awaited in its turn; until then, a failure must not count as unhandled.
			data.catch(() => undefined);
			held.set(ahead, data);
		}
		const data = held.get(entry);
		held.delete(entry);
		return data ?? fetchData(entry);
	};
}
