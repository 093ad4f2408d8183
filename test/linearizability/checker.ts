/**
 * Is there one order of all operations on a stream, in which each comes between its call and its
 * answer, and a log that did them one by one would have answered just so? (Herlihy and Wing 1990.)
 *
 * The search is that of Wing and Gong, with Lowe's memory of what was tried: an operation that was
 * called may come next as long as none has been answered that is still missing. Where nothing fits,
 * the last choice is taken back. A set of done operations that led to the same state before leads
 * nowhere new. Streams are independent, so each is searched by itself (P-compositionality).
 *
 * An operation that was never answered may have happened at any time after its call, or never: its
 * answer lies after the end of the history, where nobody sees any more what it did.
 */
import { EMPTY, type Operation, type State, States, step } from "./model.ts";

/** An operation on one stream, with the moments it was called and answered. */
export type Recorded = {
	readonly client: number;
	readonly called: number;
	/** Infinity where no answer came. */
	readonly answered: number;
	readonly operation: Operation;
};

export type Verdict = {
	readonly ok: boolean;
	/** Where it is not: the longest order that was found, and what could not follow it. */
	readonly order: readonly Recorded[];
	readonly stuck: readonly Recorded[];
};

/** A call or an answer, in the list of those that are not yet in the order. */
type Entry = {
	readonly index: number;
	/** Of a call, its answer. */
	readonly answer: Entry | undefined;
	previous: Entry | undefined;
	next: Entry | undefined;
};

type Choice = { readonly call: Entry; readonly before: State };

export function check(history: readonly Recorded[]): Verdict {
	const states = new States();
	const list = entriesOf(history);
	const done = new Done(history.length);
	const tried = new Set<string>();
	const choices: Choice[] = [];
	let state = EMPTY;
	let best: number[] = [];
	let entry = list.next;
	while (list.next) {
		if (entry?.answer) {
			const { index } = entry;
			const after = step(states, state, (history[index] as Recorded).operation);
			if (after && done.isNew(tried, index, after)) {
				choices.push({ call: entry, before: state });
				done.add(index);
				lift(entry);
				state = after;
				entry = list.next;
				continue;
			}
			entry = entry.next;
			continue;
		}
		// An answer: whatever comes next must have been called before it, and nothing of that fits.
		if (choices.length >= best.length) best = choices.map(({ call }) => call.index);
		const choice = choices.pop();
		if (!choice) return failed(history, best);
		state = choice.before;
		done.remove(choice.call.index);
		unlift(choice.call);
		entry = choice.call.next;
	}
	return { ok: true, order: choices.map(({ call }) => history[call.index] as Recorded), stuck: [] };
}

/** The calls and answers in the order of time, behind an entry that is neither. */
function entriesOf(history: readonly Recorded[]): Entry {
	const marks: { at: number; isCall: boolean; entry: Entry }[] = [];
	for (const [index, { called, answered }] of history.entries()) {
		const answer: Entry = { index, answer: undefined, previous: undefined, next: undefined };
		const call: Entry = { index, answer, previous: undefined, next: undefined };
		marks.push({ at: called, isCall: true, entry: call });
		marks.push({ at: answered, isCall: false, entry: answer });
	}
	marks.sort((a, b) => (a.at === b.at ? Number(b.isCall) - Number(a.isCall) : a.at - b.at));
	const first: Entry = { index: -1, answer: undefined, previous: undefined, next: undefined };
	let last = first;
	for (const { entry } of marks) {
		last.next = entry;
		entry.previous = last;
		last = entry;
	}
	return first;
}

/** Takes a call and its answer out of the list; they remember where they were. */
function lift(call: Entry): void {
	for (const entry of [call, call.answer as Entry]) {
		if (entry.previous) entry.previous.next = entry.next;
		if (entry.next) entry.next.previous = entry.previous;
	}
}

/** Undoes the last `lift`. */
function unlift(call: Entry): void {
	for (const entry of [call.answer as Entry, call]) {
		if (entry.previous) entry.previous.next = entry;
		if (entry.next) entry.next.previous = entry;
	}
}

/** The operations that are in the order: a set of small numbers that can be compared as a text. */
class Done {
	readonly #words: Uint16Array;

	constructor(size: number) {
		this.#words = new Uint16Array(Math.ceil(size / 16));
	}

	add(index: number): void {
		(this.#words[index >> 4] as number) |= 1 << (index & 15);
	}

	remove(index: number): void {
		(this.#words[index >> 4] as number) &= ~(1 << (index & 15));
	}

	/** Whether this set with `index` was never in `tried` with that state; it is then. */
	isNew(tried: Set<string>, index: number, state: State): boolean {
		this.add(index);
		const key = `${state.number}:${String.fromCharCode(...this.#words)}`;
		this.remove(index);
		const before = tried.size;
		return tried.add(key).size > before;
	}
}

function failed(history: readonly Recorded[], order: readonly number[]): Verdict {
	const known = new Set(order);
	const missing = history.filter((_, index) => !known.has(index));
	const until = Math.min(...missing.map(({ answered }) => answered));
	return {
		ok: false,
		order: order.map((index) => history[index] as Recorded),
		stuck: missing.filter(({ called }) => called <= until),
	};
}
