/**
 * What requests for pages ask for, remembered by their words: consumers of a stream send the same
 * few headers over and over, so they need not be read again.
 *
 * What is remembered holds all that an answer depends on besides the events.
 */
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import type { Cors } from "../../answering/cors.ts";
import { forwardingOf } from "../../request/base.ts";
import type { PageRequest } from "./request.ts";

export type RememberedRequest = {
	readonly request: PageRequest;
	/** Of the route the request came by. */
	readonly cors: Cors;
};

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

export class RememberedRequests {
	readonly #byWording = new LRUCache<string, RememberedRequest>({
		max: KEPT_MAX,
		maxSize: KEPT_CHARACTERS_MAX,
		sizeCalculation: ({ request }, wording) =>
			request.document.key.length + wording.length + OVERHEAD_CHARACTERS,
	});

	/** What a request in the very same words asked for. */
	recall(req: IncomingMessage): RememberedRequest | undefined {
		const wording = wordingOf(req);
		return wording === undefined ? undefined : this.#byWording.get(wording);
	}

	/** Remembers what `req` asks for, unless it says more than its words are kept of. */
	remember(req: IncomingMessage, remembered: RememberedRequest): void {
		const wording = wordingOf(req);
		if (wording !== undefined) this.#byWording.set(wording, remembered);
	}
}

/**
 * All of a request that decides which page it asks for; undefined if the request says more, and has
 * to be read in full.
 */
function wordingOf(req: IncomingMessage): string | undefined {
	const { url, headers } = req;
	for (const says of SAYING_MORE) if (headers[says] !== undefined) return undefined;
	const { host = "", accept = "", "accept-encoding": coding = "" } = headers;
	return `${url}\n${host}\n${accept}\n${coding}\n${forwardingOf(req)}`;
}
