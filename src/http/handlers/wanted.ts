/**
 * What a request for a page means, and the memory of it: consumers of a stream send the same few
 * headers over and over, so what they mean need not be worked out again.
 */
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import type { PageRange } from "../../../feeds/geometry.ts";
import type { StreamName, Version } from "../../event.ts";
import type { Cors } from "../answering/cors.ts";
import { forwardingOf } from "../request/base.ts";
import type { Look } from "../request/negotiation.ts";
import { pagePath } from "../urls.ts";

export type Wanted = {
	readonly stream: StreamName;
	readonly range: PageRange;
	readonly look: Look;
	/** How long the client is willing to wait for something new; 0 for not at all. */
	readonly waitMs: number;
	readonly resolve: boolean;
	/** Whether links are treated as they are where nobody says how. */
	readonly isUsual: boolean;
};

export type Meaning = {
	readonly wanted: Wanted;
	/** Under which the page is kept once nothing can change it. */
	readonly key: string;
	/** Of the route it came by. */
	readonly cors: Cors;
};

/** By the wording of requests; see `wordingOf`. */
export type Meanings = LRUCache<string, Meaning>;

/** Headers that make a page wait for something, or another one of it. */
const SAYING_MORE = ["longpoll", "minposition", "resolvelinktos"].flatMap((name) => [
	`es-${name}`,
	`kurrent-${name}`,
]);

/** As many pages are polled or asked for again, at the most; the oldest go. */
const KEPT_MAX = 20_000;
/** The headers of a request are as long as its client likes. */
const KEPT_CHARACTERS_MAX = 4 * 1024 * 1024;
/** What an entry takes besides its texts. */
const OVERHEAD_CHARACTERS = 256;

export function createMeanings(): Meanings {
	return new LRUCache({
		max: KEPT_MAX,
		maxSize: KEPT_CHARACTERS_MAX,
		sizeCalculation: ({ key }, wording) => key.length + wording.length + OVERHEAD_CHARACTERS,
	});
}

/**
 * All of a request that decides which page it means; undefined where it says more, and must be read
 * in full.
 */
export function wordingOf(req: IncomingMessage): string | undefined {
	const { url, headers } = req;
	for (const says of SAYING_MORE) if (headers[says] !== undefined) return undefined;
	const { host = "", accept = "", "accept-encoding": coding = "" } = headers;
	return `${url}\n${host}\n${accept}\n${coding}\n${forwardingOf(req)}`;
}

/** All that a document depends on besides the events. */
export function keyOf({ stream, range, look, resolve }: Wanted): string {
	const { base, embed, type, coding } = look;
	return `${resolve ? "" : "links\n"}${base}\n${stream}\n${pagePath(stream, range)}\n${embed}\n${type.name}\n${coding}`;
}

/** Under which a page is kept that shows a stream as it was when `last` was its last version. */
export function keyAsOf(key: string, last: Version): string {
	return `${key}\n${last}`;
}
