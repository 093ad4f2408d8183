/**
 * What goes into a script: batches of events, each with the place behind it. One is read while the
 * script has the one before, since the two are the work of two processes.
 */
import { setImmediate } from "node:timers/promises";
import type { ScriptEvent } from "../script/script.ts";
import { eventsFor } from "./events.ts";
import type { Reader } from "./reader.ts";
import type { Sieve } from "./selection.ts";
import type { Place } from "./tags.ts";

export type Taken = {
	readonly events: readonly ScriptEvent[];
	/** Bytes of data that were read, and hold nothing for the script: 0 if there are events. */
	readonly passedBytes: number;
	/** Behind these events. */
	readonly place: Place;
	/** Whether that was all there was when it was read. */
	readonly isAtHead: boolean;
};

export class Intake {
	readonly #reader: Reader;
	readonly #sieve: Sieve;
	readonly #onRead: () => void;
	#ahead: Promise<Taken> | undefined;

	/** @param onRead is told before each read: what comes to the log later may not be in it */
	constructor(reader: Reader, sieve: Sieve, onRead: () => void) {
		this.#reader = reader;
		this.#sieve = sieve;
		this.#onRead = onRead;
	}

	/**
	 * @param limit of a batch that was not read ahead
	 * @throws as `Reader.read`; then nothing of it is lost, and it may be called again
	 */
	async take(limit: number): Promise<Taken> {
		const ahead = this.#ahead;
		this.#ahead = undefined;
		return ahead ?? this.#read(limit);
	}

	/** Begins to read the next batch, once what was just begun is on its way. */
	readAhead(limit: number): void {
		this.#ahead = setImmediate().then(() => this.#read(limit));
		// Whoever takes it hears of it.
		this.#ahead.catch(() => undefined);
	}

	/** Resolves when nothing is being read. */
	async close(): Promise<void> {
		await this.#ahead?.catch(() => undefined);
	}

	async #read(limit: number): Promise<Taken> {
		this.#onRead();
		const { found, next, isAtHead } = await this.#reader.read(limit);
		const place = { next, cursors: this.#reader.cursors() };
		const events = eventsFor(this.#sieve, found);
		let passedBytes = 0;
		if (events.length === 0) for (const { entry } of found) passedBytes += entry.event.data.length;
		return { events, passedBytes, place, isAtHead };
	}
}
