/** The states that the sandbox holds, one for each partition. */
import type { Json } from "./draft.ts";
import { OwnMap, parse, stringify } from "./intrinsics.ts";

export type Entry = {
	state: Json;
	/** It differs from what was handed out last. */
	isChanged: boolean;
	/** The event that changed it last, and the batch it was in. */
	event: number;
	changed: number;
	/** The batch that used it last. */
	used: number;
};

/** A state is longer than states may be; `event` is undefined if it changed in an earlier batch. */
export type TooLong = {
	readonly partition: string;
	readonly event: number | undefined;
	readonly chars: number;
};

export class Partitions {
	readonly #entries = new OwnMap<string, Entry>();
	#changed: string[] = [];
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

	nextBatch(): void {
		this.#batch++;
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
		this.#put(partition, parse(text));
	}

	/** A partition that was never met: its first state has to be handed out, whatever it is. */
	add(partition: string, state: Json, event: number): Entry {
		const entry = this.#put(partition, state);
		this.change(partition, entry, event);
		return entry;
	}

	/** Forgets a state; the host has it as it was, if it ever handed it out. */
	remove(partition: string): void {
		this.#entries.delete(partition);
		this.#isPartial = true;
	}

	change(partition: string, entry: Entry, event: number): void {
		entry.event = event;
		entry.changed = this.#batch;
		if (entry.isChanged) return;
		entry.isChanged = true;
		this.#changed.push(partition);
	}

	/** The changed states as text, in the order in which they were first changed. */
	handOut(charsMax: number): readonly (readonly [string, string])[] | TooLong {
		const states: (readonly [string, string])[] = [];
		for (const partition of this.#changed) {
			const entry = this.#entries.get(partition);
			if (!entry) continue;
			const text = stringify(entry.state);
			if (text.length > charsMax) {
				const event = entry.changed === this.#batch ? entry.event : undefined;
				return { partition, event, chars: text.length };
			}
			states.push([partition, text]);
		}
		for (const partition of this.#changed) {
			const entry = this.#entries.get(partition);
			if (entry) entry.isChanged = false;
		}
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

	#put(partition: string, state: Json): Entry {
		const entry = { state, isChanged: false, event: 0, changed: 0, used: this.#batch };
		this.#entries.set(partition, entry);
		return entry;
	}
}
