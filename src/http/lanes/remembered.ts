/**
 * Requests by their words: consumers of a stream send the same few headers over and over, so the
 * server need not parse and match them again.
 *
 * The server remembers the route match of a request, and how to answer it without a read. The words
 * hold all that the answer depends on, but for the client's rights: who sends them is asked anew
 * each time.
 */
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import { wordsOf } from "../request/words.ts";
import type { RouteMatch } from "./resources.ts";

/**
 * Some 6,000 requests with usual headers, more than clients poll or ask for again: the headers of a
 * request are as long as its client likes. The oldest entries are dropped.
 */
const KEPT_CHARACTERS_MAX = 4 * 1024 * 1024;
/**
 * The size of an entry besides its words and the parsed request, which is about as long again: half
 * of it is what a poller was told last.
 */
const OVERHEAD_CHARACTERS = 512;

export class RememberedRequests {
	readonly #byWords = new LRUCache<string, RouteMatch>({
		maxSize: KEPT_CHARACTERS_MAX,
		sizeCalculation: (_match, words) => 2 * words.length + OVERHEAD_CHARACTERS,
	});

	/** The match of an earlier request in the very same words. */
	get(req: IncomingMessage): RouteMatch | undefined {
		const words = wordsOf(req);
		return words === undefined ? undefined : this.#byWords.get(words);
	}

	set(req: IncomingMessage, match: RouteMatch): void {
		const words = wordsOf(req);
		if (words !== undefined) this.#byWords.set(words, match);
	}
}
