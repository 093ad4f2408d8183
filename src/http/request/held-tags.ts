/**
 * The tags of the documents that a client has.
 *
 * A cache that asks in a client's place has nothing yet, and wants what it may keep in full. What
 * it may not keep, it passes on: then the client's tag spares the document. It cannot know before
 * the answer which of the two it will be, so it sends the client's `If-None-Match` under the name
 * `Varve-If-None-Match`, and the server decides.
 */
import type { IncomingMessage } from "node:http";

export type HeldTags = {
	/** As in `If-None-Match`: a list, or `*`; undefined if the client says none. */
	readonly list: string | undefined;
	/** Whether the client of a cache has them, and the cache has not. */
	readonly isBehindCache: boolean;
};

const NONE: HeldTags = { list: undefined, isBehindCache: false };

export function heldTags({ headers }: IncomingMessage): HeldTags {
	const list = headers["if-none-match"];
	if (list !== undefined) return { list, isBehindCache: false };
	const passedOn = headers["varve-if-none-match"];
	return typeof passedOn === "string" ? { list: passedOn, isBehindCache: true } : NONE;
}
