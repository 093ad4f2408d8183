/**
 * Requests by their words: consumers of a stream send the same few headers over and over, so what
 * they ask for need not be worked out again.
 *
 * What is remembered is where the request belongs in the table of routes, and how it is answered
 * without a read. The words hold all that the answer depends on, its client's rights among it.
 */
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import { forwardingOf } from "../request/base.ts";
import { identityOf } from "../request/identity.ts";
import type { RouteMatch } from "./resources.ts";

/** As many pages are polled or asked for again, at the most; the oldest go. */
const KEPT_MAX = 20_000;
/** The headers of a request are as long as its client likes. */
const KEPT_CHARACTERS_MAX = 4 * 1024 * 1024;
/** What an entry takes besides its words, and what is made of them: about as much again. */
const OVERHEAD_CHARACTERS = 256;

/** Headers that make a page wait for something, or another one of it. */
const SAYING_MORE = ["longpoll", "minposition", "resolvelinktos"].flatMap((name) => [
	`es-${name}`,
	`kurrent-${name}`,
]);

export class RememberedRequests {
	readonly #byWords = new LRUCache<string, RouteMatch>({
		max: KEPT_MAX,
		maxSize: KEPT_CHARACTERS_MAX,
		sizeCalculation: (_match, words) => 2 * words.length + OVERHEAD_CHARACTERS,
	});

	/** What a request in the very same words was found to be. */
	get(req: IncomingMessage): RouteMatch | undefined {
		const words = wordsOf(req);
		return words === undefined ? undefined : this.#byWords.get(words);
	}

	set(req: IncomingMessage, match: RouteMatch): void {
		const words = wordsOf(req);
		if (words !== undefined) this.#byWords.set(words, match);
	}
}

/** Undefined if the request says more than its words, and has to be read in full. */
function wordsOf(req: IncomingMessage): string | undefined {
	const { url, headers } = req;
	for (const says of SAYING_MORE) if (headers[says] !== undefined) return undefined;
	const { host = "", accept = "", "accept-encoding": coding = "" } = headers;
	const identity = identityOf(req);
	return `${identity}\n${url}\n${host}\n${accept}\n${coding}\n${forwardingOf(req)}`;
}
