/** The states that the sandbox holds, one for each partition. */

import { tellHost } from "../events/moment.ts";
import { OwnMap, parse, stringify } from "../realm/intrinsics.ts";
import { Draft } from "./draft.ts";
import type { Json } from "./plain.ts";

/** Its members are plain, not private: the loop over events reads them for each. */
export class Entry {
	readonly partition: string;
	state: Json;
	/** It differs from what was handed out last. */
	isChanged = false;
	/** The event that changed it last, and the batch it was in. */
	event = 0;
	changed = 0;
	/** The batch that used it last. */
	used: number;
	/** What handlers are given; kept while it is likely to be needed again. */
	draft: Draft | undefined = undefined;

	constructor(partition: string, state: Json, batch: number) {
		this.partition = partition;
		this.state = state;
		this.used = batch;
	}
}

/** A state is longer than states may be; `event` is undefined if it changed in an earlier batch. */
export type TooLong = {
	readonly partition: string;
	readonly event: number | undefined;
	readonly chars: number;
};

/** Drafts that are kept from batch to batch. Each is as large as a small state. */
const DRAFTS_MAX = 256;

export class Partitions {
	readonly #entries = new OwnMap<string, Entry>();
	#changed: Entry[] = [];
	#drafted: Entry[] = [];
	/** States exist that are not here: what is not here may be one of them. */
	#isPartial: boolean;
	#batch = 0;

	constructor(isPartial: boolean) {
		this.#isPartial = isPartial;
	}

	get size(): number {
		return this.#entries.size;
	}

	get isPartial(): boolean {
		return this.#isPartial;
	}

	/** @returns the batch's number, which `Entry.used` has if the batch uses it */
	nextBatch(): number {
		if (this.#drafted.length > DRAFTS_MAX) {
			for (const entry of this.#drafted) entry.draft = undefined;
			this.#drafted = [];
		}
		this.#batch++;
		return this.#batch;
	}

	has(partition: string): boolean {
		return this.#entries.has(partition);
	}

	get(partition: string): Entry | undefined {
		const entry = this.#entries.get(partition);
		if (entry) entry.used = this.#batch;
		return entry;
	}

	/** A state as the host has it. */
	load(partition: string, text: string): void {
		tellHost();
		this.#entries.set(partition, new Entry(partition, parse(text), this.#batch));
	}

	/** A partition that was never met: its first state has to be handed out, whatever it is. */
	add(partition: string, state: Json, event: number): Entry {
		const entry = new Entry(partition, state, this.#batch);
		this.#entries.set(partition, entry);
		this.change(entry, event);
		return entry;
	}

	/** Forgets a state; the host has it as it was, if it ever was handed out. */
	remove(entry: Entry): void {
		this.#entries.delete(entry.partition);
		entry.isChanged = false;
		this.#isPartial = true;
	}

	change(entry: Entry, event: number): void {
		entry.event = event;
		entry.changed = this.#batch;
		if (entry.isChanged) return;
		entry.isChanged = true;
		this.#changed.push(entry);
	}

	/** Of an entry that has none, or whose state is another one than it was made for. */
	draft(entry: Entry): Draft {
		const draft = new Draft(entry.state);
		if (!entry.draft) this.#drafted.push(entry);
		entry.draft = draft;
		return draft;
	}

	/** The changed states as text, in the order in which they were first changed. */
	handOut(charsMax: number): readonly (readonly [string, string])[] | TooLong {
		const states: (readonly [string, string])[] = [];
		for (const { partition, state, isChanged, changed, event } of this.#changed) {
			if (!isChanged) continue;
			tellHost();
			const text = stringify(state);
			const chars = text.length;
			if (chars > charsMax)
				return { partition, event: changed === this.#batch ? event : undefined, chars };
			states.push([partition, text]);
		}
		for (const entry of this.#changed) entry.isChanged = false;
		this.#changed = [];
		return states;
	}

	/** Forgets states that were handed out, and that the last batch did not use, down to a number. */
	forget(keep: number): void {
		for (const [partition, { isChanged, used }] of this.#entries) {
			if (this.#entries.size <= keep) return;
			if (isChanged || (used === this.#batch && keep > 0)) continue;
			this.#entries.delete(partition);
			this.#isPartial = true;
		}
	}
}
