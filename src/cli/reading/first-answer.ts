/**
 * Watches for the first answer of the server, because until then a reader that asks again and again
 * is silent. A server that is not there is said at once; one that takes the request and then is
 * silent, after two seconds, or two seconds after the time for which it may hold the request.
 */

import { type Fetcher, neverConnects } from "../../../feeds/exchange/transport.ts";
import type { Retry } from "../../../feeds/reader/options.ts";
import { explain, Failure } from "../explain.ts";
import { note } from "../output/standard.ts";
import { trustedFetch } from "./trust.ts";

const SILENT_MS = 2000;

/**
 * Nothing listens there, or there is no such host. A server that restarts looks the same, but who
 * typed the command wants to hear of it.
 */
const NOT_THERE = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH"]);

export class FirstAnswer {
	readonly #url: string;
	/** Whether the verb waits for a server that is not there. */
	readonly #waits: boolean;
	#answered = false;
	#fault: Error | undefined;
	#timer: NodeJS.Timeout | undefined;

	constructor(url: string, waits: boolean) {
		this.#url = url;
		this.#waits = waits;
	}

	/** For the reader's `fetch`. */
	readonly fetch: Fetcher = async (url, request) => {
		if (this.#answered) return trustedFetch(url, request);
		const silentMs = SILENT_MS + heldMs(url);
		this.#timer ??= setTimeout(() => this.#sayWaiting(), silentMs).unref();
		try {
			const response = await trustedFetch(url, request);
			this.#answered = true;
			this.close();
			return response;
		} catch (error) {
			this.#fault = causeOf(error);
			throw error;
		}
	};

	/**
	 * For the reader's `onRetry`.
	 * @throws Failure if the server is not there and the verb does not wait for it; if no wait helps,
	 * because the URL is wrong or not trusted
	 */
	readonly onRetry = ({ reason, faults, delayMs }: Retry): void => {
		const fault = this.#answered ? undefined : this.#fault;
		const isAbsent = fault !== undefined && isNotThere(fault);
		if ((isAbsent && !this.#waits) || neverConnects(fault) !== undefined) {
			this.close();
			throw new Failure(explain(fault));
		}
		clearTimeout(this.#timer);
		const said = isAbsent ? explain(fault).replace(/; is the server running\?$/, "") : reason;
		// The first waits are short: one line stands for them.
		if (faults > 1 && delayMs < 1000) return;
		const when = delayMs < 1000 ? "" : ` in ${Math.ceil(delayMs / 1000)} s`;
		note(`varve: ${said}; trying again${when}\n`);
	};

	/** Says nothing any more. */
	close(): void {
		clearTimeout(this.#timer);
	}

	#sayWaiting(): void {
		note(`varve: no answer from ${this.#url} yet; waiting\n`);
	}
}

/** How long the server may hold a request: a tail page is silent as long as there is no event. */
function heldMs(url: string): number {
	return Number(new URL(url).searchParams.get("wait") ?? 0) * 1000;
}

/** `fetch` hides the fault in its cause; a name with several addresses fails with several. */
function causeOf(error: unknown): Error | undefined {
	const { cause } = error as { cause?: unknown };
	if (cause instanceof AggregateError) return cause.errors[0] as Error;
	return cause instanceof Error ? cause : undefined;
}

function isNotThere(fault: Error): boolean {
	return NOT_THERE.has((fault as NodeJS.ErrnoException).code ?? "");
}
