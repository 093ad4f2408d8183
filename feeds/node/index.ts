/** The reader on Node.js: the same, with a faster transport. */
import type { GroupOptions } from "../groups/options.ts";
import { type GroupEvent, readGroup as readGroupByFetch } from "../groups/read-group.ts";
import type { ReadEvent } from "../model.ts";
import type { ReadOptions } from "../reader/options.ts";
import { readStream as readByFetch } from "../reader/read.ts";
import { nodeFetch } from "./fetch.ts";

export { fetchTrusting, nodeFetch } from "./fetch.ts";

/**
 * Reads a stream, as `readStream` of the client does, by `node:http`.
 * @throws RangeError, TypeError at once if an option makes no sense
 * @throws ReadError while iterating
 */
export function readStream(options: ReadOptions): AsyncGenerator<ReadEvent, void, void> {
	return readByFetch({ ...options, fetch: options.fetch ?? nodeFetch });
}

/**
 * Reads as a member of a group, as `readGroup` of the client does, by `node:http`.
 * @throws RangeError, TypeError at once if an option makes no sense
 * @throws WriteError, ReadError while iterating
 */
export function readGroup(options: GroupOptions): AsyncGenerator<GroupEvent, void, void> {
	return readGroupByFetch({ ...options, fetch: options.fetch ?? nodeFetch });
}
