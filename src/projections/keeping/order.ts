/**
 * The names of partitions in their order. It is made when somebody first asks, and then kept: names
 * that come later are put in their places with the next question.
 */
import { setImmediate } from "node:timers/promises";

/** So many names are put in order at a time: others have their turn in between. */
const PART = 20_000;

export class NameOrder {
	#ordered: Promise<string[]> | undefined;
	#added: string[] = [];

	/** @param name is not known yet */
	add(name: string): void {
		if (this.#ordered) this.#added.push(name);
	}

	clear(): void {
		this.#ordered = undefined;
		this.#added = [];
	}

	/** @param known gives all names there are */
	async names(known: () => Iterable<string>): Promise<readonly string[]> {
		if (this.#ordered === undefined) this.#ordered = inOrder([...known()]);
		else if (this.#added.length > 0) this.#ordered = this.#withAdded(this.#ordered, this.#added);
		return this.#ordered;
	}

	#withAdded(ordered: Promise<string[]>, added: string[]): Promise<string[]> {
		this.#added = [];
		return Promise.all([ordered, inOrder(added)]).then(([one, other]) => merged(one, other));
	}
}

/** The place of the first name behind another one. @param names in order */
export function placeBehind(names: readonly string[], name: string): number {
	let [low, high] = [0, names.length];
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((names[middle] as string) <= name) low = middle + 1;
		else high = middle;
	}
	return low;
}

async function inOrder(names: string[]): Promise<string[]> {
	let parts: string[][] = [];
	for (let from = 0; from < names.length; from += PART) {
		parts.push(names.slice(from, from + PART).sort());
		await setImmediate();
	}
	while (parts.length > 1) {
		const pairs: string[][] = [];
		for (let at = 0; at < parts.length; at += 2) {
			pairs.push(merged(parts[at] as string[], parts[at + 1] ?? []));
			await setImmediate();
		}
		parts = pairs;
	}
	return parts[0] ?? [];
}

function merged(one: readonly string[], other: readonly string[]): string[] {
	const all: string[] = [];
	let [at, otherAt] = [0, 0];
	while (at < one.length && otherAt < other.length) {
		const [name, next] = [one[at] as string, other[otherAt] as string];
		if (name <= next) at++;
		else otherAt++;
		all.push(name <= next ? name : next);
	}
	for (; at < one.length; at++) all.push(one[at] as string);
	for (; otherAt < other.length; otherAt++) all.push(other[otherAt] as string);
	return all;
}
