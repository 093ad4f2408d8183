/** The tokens of a store, in memory, and roughly when each was used last. */

import { KeptStreams } from "../../following/kept-streams.ts";
import type { Log } from "../../log/log.ts";
import { decodeToken, streamOf, TOKEN_STREAMS, TOKEN_STREAMS_END, type Token } from "./token.ts";

const KIND = { from: TOKEN_STREAMS, before: TOKEN_STREAMS_END, decode: decodeToken };

/** Listens to the log until it is closed. */
export class Tokens {
	readonly #kept: KeptStreams<Token>;
	/** By id; of this server, since its start. */
	readonly #used = new Map<string, number>();

	/** @param report is told why a token could not be read */
	constructor(log: Log, report: (error: unknown) => void) {
		this.#kept = new KeptStreams(log, KIND, report);
	}

	load(): Promise<void> {
		return this.#kept.load();
	}

	/** At once if it is known. */
	get(id: string): Token | undefined | Promise<Token | undefined> {
		return this.#kept.get(streamOf(id));
	}

	/** The newest first. */
	async all(): Promise<Token[]> {
		return (await this.#kept.all()).sort((one, other) => other.made - one.made);
	}

	/** Notes that a token was used now. It is called for each request. */
	use({ id }: Token): void {
		this.#used.set(id, Date.now());
	}

	/** Milliseconds since 1970; undefined if it was not used since this server started. */
	lastUsed(id: string): number | undefined {
		return this.#used.get(id);
	}

	forget(id: string): void {
		this.#used.delete(id);
	}

	close(): void {
		this.#kept.close();
	}
}

/** Whether a token may not be used any more. */
export function hasExpired({ expires }: Token): boolean {
	return expires !== undefined && Date.now() >= expires;
}
