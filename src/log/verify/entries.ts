/**
 * Checks that each stream is dense, that its entries point at rising positions, and sums them up.
 *
 * In a stream that is both, the set of positions says it all; in an own stream, so do the versions
 * the events have themselves. So the entries are right if, and but for one chance in 2⁶⁴ only if,
 * their sums are those of the events.
 */
import { isIndexStream } from "../../indexes/joins.ts";
import { Positions } from "./positions.ts";
import {
	addEntry,
	addId,
	createNameKeys,
	createSums,
	type NameKey,
	type Span,
	type Sums,
} from "./sums.ts";
import type { LogView, Report, VisitedStream } from "./view.ts";

export type CheckedEntries = {
	readonly sums: Sums;
	/** Of streams with events of their own. */
	readonly streams: number;
	/** Of index streams, those that rest on metadata that was erased. */
	readonly unproven: number;
};

/**
 * Checks the entries of the first `size` events.
 * @param onEntries called now and then with the number of entries since the last call
 */
export async function checkEntries(
	view: LogView,
	size: number,
	report: Report,
	onEntries: (count: number) => void = () => {},
): Promise<CheckedEntries> {
	const check = new EntryCheck({ from: 0, to: size }, await unprovenIn(view), report);
	let stream: VisitedStream | undefined;
	let end = size;
	let [streams, seen] = [0, 0];
	await view.entries((of, version, position) => {
		if (of !== stream) {
			stream = of;
			check.begin(of.name);
		}
		if (version === 0 && position < size && !isIndexStream(of.name)) streams++;
		if (++seen % 65_536 === 0) onEntries(65_536);
		if (check.see(version, position)) return;
		// Entries that came after the first look have their events by now: both are written together.
		if (position >= end) end = view.size();
		if (position < 0 || position >= end) report(misplaced(of.name, version, position));
	});
	return { sums: check.sums, streams, unproven: check.unproven };
}

/** Checks the entries of streams: one stream after another, each by version. */
export class EntryCheck {
	readonly sums: Sums;
	readonly #span: Span;
	readonly #erased: Positions;
	readonly #report: Report;
	readonly #keyOf = createNameKeys();
	#unproven = 0;
	/** The stream that is being checked, and its last entry. */
	#name = "";
	#key: NameKey = { first: 0, second: 0 };
	#isIndex = false;
	#version = -1;
	#position = -1;

	/**
	 * @param span the positions whose entries are summed up
	 * @param erased the positions of events whose metadata was erased
	 */
	constructor(span: Span, erased: Positions, report: Report) {
		this.sums = createSums(span);
		this.#span = span;
		this.#erased = erased;
		this.#report = report;
	}

	/** The entries in the span that nothing can prove. They are not in the sums. */
	get unproven(): number {
		return this.#unproven;
	}

	/**
	 * The entries that follow are those of another stream.
	 * @param last the version in front of the first that follows; -1 for none
	 */
	begin(name: string, last = -1): void {
		this.#name = name;
		this.#key = this.#keyOf(name);
		this.#isIndex = isIndexStream(name);
		this.#version = last;
		this.#position = -1;
	}

	/**
	 * @param version or the key of an id
	 * @returns whether it points into the span
	 */
	see(version: number, position: number): boolean {
		const name = this.#name;
		if (version < 0) {
			const isWithin = position >= this.#span.from && position < this.#span.to;
			if (isWithin) addId(this.sums, this.#key, version, position);
			return isWithin;
		}
		if (version !== this.#version + 1) {
			this.#report(`${name} version ${version}: follows version ${this.#version}`);
		}
		if (position <= this.#position) {
			this.#report(`${name} version ${version}: points at or before the entry in front of it`);
		}
		this.#version = version;
		this.#position = position;
		if (position < this.#span.from || position >= this.#span.to) return false;
		if (isUnproven(name, position, this.#erased)) this.#unproven++;
		else addEntry(this.sums, this.#key, this.#isIndex ? -1 : version, position);
		return true;
	}
}

/** The fault of an entry, or of the key of an id, that points where it must not. */
export function misplaced(name: string, version: number, position: number): string {
	if (version < 0) return `${name}: position ${position} does not have the id noted for it`;
	return `${name} version ${version}: position ${position} does not belong there`;
}

/** The positions of events whose metadata was erased. */
export async function unprovenIn(view: LogView): Promise<Positions> {
	const erased = new Positions();
	for (const position of await view.unproven()) erased.add(position);
	return erased;
}

/** Once the metadata of an event was erased, nothing can tell its correlation. */
export function isUnproven(name: string, position: number, erased: Positions): boolean {
	return name.startsWith("$bc-") && erased.has(position);
}
