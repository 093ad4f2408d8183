/**
 * Reads what a subscription delivers: as much as consumers ask for, or as far as there is room if
 * it depends on the consumer who gets what. The parked messages of a replay come first.
 */
import { setImmediate } from "node:timers/promises";
import type { StreamEntry } from "../log/log.ts";
import type { ParkedMessages } from "./keeping/parked-messages.ts";
import type { Found, Source } from "./source.ts";
import type { Origin } from "./steps/message.ts";
import type { State } from "./steps/state.ts";

/** A consumer that asks for messages gets those that are found in so long. */
const FILL_MS = 500;
const READ_MAX = 1000;

export type ReadingParts = {
	readonly state: State;
	readonly source: Source;
	readonly parked: ParkedMessages;
	/** Whether a number is to be delivered; asked for numbers that never fall. */
	wanted(number: number): boolean;
	/** Takes in what was read. */
	found(origin: Origin, found: Found): void;
};

export class Reading {
	/** Entries of the source that were read in this turn of the event loop, by number. */
	readonly fresh = new Map<number, StreamEntry>();
	/** True if the last read found nothing beyond it. */
	isAtHead = false;
	readonly #parts: ReadingParts;
	#running: Promise<void> | undefined;
	/** How many times its usual length a read has that looks for events that are rare. */
	#strides = 1;
	#isClosed = false;

	constructor(parts: ReadingParts) {
		this.#parts = parts;
	}

	get isRunning(): boolean {
		return this.#running !== undefined;
	}

	/** Whether there is room for more, for a consumer that asks for so many. */
	hasRoomFor(count: number): boolean {
		const { parked, state } = this.#parts;
		const { bufferSize } = state.settings;
		const isExact = this.#isForAnyone && !parked.hasUnread;
		return state.waiting.size < (isExact ? count : Math.max(count, bufferSize));
	}

	/** Reads until a consumer that asks for so many can get them, or nothing is left to read. */
	async fillFor(count: number): Promise<void> {
		const untilMs = performance.now() + FILL_MS;
		while (this.hasRoomFor(count) && !this.#isClosed) {
			await this.#readOn(count);
			const isOver = this.isAtHead && !this.#parts.parked.hasUnread;
			if (isOver || !this.hasRoomFor(count) || performance.now() > untilMs) return;
			// Or a long search would keep everybody else waiting.
			await setImmediate();
		}
	}

	/** Resolves when the read that runs is over. */
	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#running?.catch(() => undefined);
	}

	/** Nothing but the order decides who gets which message. */
	get #isForAnyone(): boolean {
		const { namedConsumerStrategy, filter } = this.#parts.state.settings;
		return namedConsumerStrategy === "RoundRobin" && !filter;
	}

	/** Reads once, for all that ask at this moment. */
	#readOn(count: number): Promise<void> {
		this.#running ??= this.#read(count).finally(() => {
			this.#running = undefined;
		});
		return this.#running;
	}

	async #read(count: number): Promise<void> {
		const { state, source, parked, wanted, found } = this.#parts;
		if (parked.hasUnread) {
			found("parked", await parked.find(source));
			return;
		}
		// What is delivered as soon as it is read needs no second read.
		const content = this.#isForAnyone;
		const { readBatchSize } = state.settings;
		const usual = content ? Math.max(1, count - state.waiting.size) : readBatchSize;
		const limit = Math.min(Math.max(READ_MAX, usual), usual * this.#strides);
		const from = state.tracks.source.next;
		const read = await source.find({ from, limit, content }, wanted);
		this.#keepFresh(read);
		this.isAtHead = read.atHead;
		this.#strides = read.messages.length > 0 ? 1 : Math.min(2 * this.#strides, READ_MAX);
		found("source", read);
	}

	/** Until the end of this turn: what is delivered later is read again, as it is then. */
	#keepFresh({ entries }: Found): void {
		if (entries.length === 0) return;
		if (this.fresh.size === 0) void setImmediate().then(() => this.fresh.clear());
		for (const entry of entries) this.fresh.set(entry.version, entry);
	}
}
