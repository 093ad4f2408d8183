/** The parked messages of a subscription: counted, delivered again, and discarded. */
import { Refusal } from "../../errors.ts";
import type { Log } from "../../log/log.ts";
import type { SubscriptionName } from "../names.ts";
import type { Found, Source } from "../source.ts";
import { firstOutside, holds, type Span, sizeOf, union, within } from "../steps/spans.ts";
import { settledBefore, type Track } from "../steps/state.ts";
import { hideParked, type ParkedRange, readParkedRange } from "./parked-stream.ts";

/** What is to be discarded: all, those below a number, or those with some numbers. */
export type Discarding =
	| { readonly what: "all" }
	| { readonly what: "below"; readonly stopAt: number }
	| { readonly what: "some"; readonly numbers: readonly number[] };

/** Parked messages: from a number of their stream to before another, but for the gaps. */
export type WhatIsParked = {
	readonly from: number;
	readonly before: number;
	readonly gaps: readonly Span[];
	readonly count: number;
};

/** So many gaps the metadata of the parked stream keeps: some 100 kB. */
const GAPS_MAX = 5000;
/** A long replay hides what was handled in parts of so many. */
const HIDE_MANY = 500;

export class ParkedMessages {
	readonly #log: Log;
	readonly #name: SubscriptionName;
	readonly #track: Track;
	/** The messages to deliver again: up to this number, exclusive. */
	#replayBefore = 0;
	/** As of the last look. */
	#discarded: readonly Span[] = [];

	/** @param track of the parked stream, as far as it is delivered again */
	constructor(log: Log, name: SubscriptionName, track: Track) {
		this.#log = log;
		this.#name = name;
		this.#track = track;
	}

	/** Whether a replay has more to read. */
	get hasUnread(): boolean {
		return this.#track.next < this.#replayBefore;
	}

	get isReplaying(): boolean {
		return this.hasUnread || this.#track.open.size > 0;
	}

	/** What is parked, without what a replay has taken up. */
	async look(): Promise<WhatIsParked> {
		const range = await this.#look();
		const { from, before } = this.#left(range);
		const gaps = within(range.discarded, from, before);
		return { from, before, gaps, count: before - from - sizeOf(gaps) };
	}

	/**
	 * Delivers messages again: those below a number. While it does, another call changes nothing.
	 * @returns the number of the first message that is shown
	 */
	async replay(stopAt = Infinity): Promise<number> {
		const { first, before } = await this.#look();
		if (this.hasUnread) return first;
		this.#track.next = Math.max(this.#track.next, first);
		this.#replayBefore = Math.max(this.#track.next, Math.min(before, stopAt));
		return first;
	}

	/** The next part of a replay. */
	async find(source: Source): Promise<Found> {
		const found = await source.findParked(this.#track.next, this.#replayBefore);
		const messages = found.messages.filter(({ number }) => !holds(this.#discarded, number));
		return { ...found, messages };
	}

	/**
	 * Takes messages away for good; their events stay where they are. What a replay has taken up is
	 * not parked any more.
	 * @returns how many
	 * @throws Refusal `invalid-subscription` if that leaves too many gaps, and those of an append
	 */
	async discard(discarding: Discarding): Promise<number> {
		const range = await this.#look();
		const { from, before } = this.#left(range);
		const chosen = within(chosenBy(discarding), from, before);
		const all = union(range.discarded, chosen);
		const count = sizeOf(all) - sizeOf(range.discarded);
		if (count === 0) return 0;
		// A replay has to end before anything beyond it can be hidden as handled.
		const truncateBefore = this.isReplaying ? 0 : firstOutside(all, from);
		if (within(all, truncateBefore, before).length > GAPS_MAX) {
			const reason = `That leaves more than ${GAPS_MAX} gaps. Discard the oldest messages first.`;
			throw new Refusal("invalid-subscription", { reason });
		}
		await hideParked(this.#log, this.#name, { truncateBefore, discarded: chosen });
		this.#discarded = union(this.#discarded, chosen);
		return count;
	}

	/** The number below which everything can be hidden. */
	get handledBefore(): number {
		const before = settledBefore(this.#track);
		return this.#track.open.size === 0 ? before : before - (before % HIDE_MANY);
	}

	async #look(): Promise<ParkedRange> {
		const range = await readParkedRange(this.#log, this.#name);
		this.#discarded = range.discarded;
		return range;
	}

	/** What no replay has taken up. */
	#left({ first, before }: ParkedRange): { from: number; before: number } {
		return { from: Math.min(Math.max(first, this.#track.next), before), before };
	}
}

function chosenBy(discarding: Discarding): readonly Span[] {
	switch (discarding.what) {
		case "all":
			return [[0, Infinity]];
		case "below":
			return [[0, discarding.stopAt - 1]];
		case "some":
			return union(
				discarding.numbers.map((number): Span => [number, number]),
				[],
			);
	}
}
