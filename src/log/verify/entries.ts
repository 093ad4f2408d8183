/**
 * Checks that each stream is dense, that its entries point at rising positions, and sums them up.
 *
 * In a stream that is both, the set of positions says it all; in an own stream, so do the versions
 * the events have themselves. So the entries are right if, and but for one chance in 2⁶⁴ only if,
 * their sums are those of the events.
 */
import { isIndexStream, streamsJoined } from "../../indexes/joins.ts";
import { createPositions } from "./positions.ts";
import { addEntry, createNameKeys, createSums, type Span, type Sums } from "./sums.ts";
import type { LogView, OnUnreadable, Report, VisitedStream } from "./view.ts";

/** Spans of 1,024 positions that are looked at in one pass: a table of some 60,000 entries. */
const SPANS_AT_ONCE = 16;

export type CheckedEntries = {
	readonly sums: Sums;
	/** Of streams with events of their own. */
	readonly streams: number;
	/** Of index streams, those that rest on metadata that was erased. */
	readonly unproven: number;
};

/**
 * Checks the entries of the first `size` events.
 * @param onEntries told now and then how many more were seen
 */
export function checkEntries(
	view: LogView,
	size: number,
	report: Report,
	onEntries: (count: number) => void = () => {},
): CheckedEntries {
	const sums = createSums({ from: 0, to: size });
	const keyOf = createNameKeys();
	const isUnproven = unprovenEntries(view);
	let stream: VisitedStream | undefined;
	let key = keyOf("");
	let isIndex = false;
	let [version, position, end] = [-1, -1, size];
	let [streams, unproven, seen] = [0, 0, 0];
	view.entries((of, at, points) => {
		if (of !== stream) {
			stream = of;
			key = keyOf(of.name);
			isIndex = isIndexStream(of.name);
			if (!isIndex && points < size) streams++;
			version = -1;
			position = -1;
		}
		if (at !== version + 1) report(`${of.name} version ${at}: follows version ${version}`);
		if (points <= position) {
			report(`${of.name} version ${at}: points at or before the entry in front of it`);
		}
		version = at;
		position = points;
		if (++seen % 65_536 === 0) onEntries(65_536);
		if (points >= 0 && points < size) {
			if (isUnproven(of.name, points)) unproven++;
			else addEntry(sums, key, isIndex ? -1 : at, points);
			return;
		}
		// What came after the first look has its events by now: both are written together.
		if (points >= end) end = view.size();
		if (points < 0 || points >= end) report(misplaced(of.name, at, points));
	});
	return { sums, streams, unproven };
}

/** Names what differs in spans where the sums do; nothing, if that has settled meanwhile. */
export function compareEntries(view: LogView, spans: readonly Span[], report: Report): void {
	for (let done = 0; done < spans.length; done += SPANS_AT_ONCE) {
		const examined = spans.slice(done, done + SPANS_AT_ONCE);
		const found = compareSpans(view, examined, report);
		const left = spans.length - done - examined.length;
		if (found && left > 0) report(`entries differ in ${left} more runs of 1,024 positions`);
		if (found) return;
	}
}

/** @returns whether there was anything to report */
function compareSpans(view: LogView, spans: readonly Span[], report: Report): boolean {
	const unknown: Span[] = [];
	const missing = new Map<string, { name: string; version: number; position: number }>();
	for (const { from, to } of spans) {
		// Those that cannot be read were named; their entries have nothing to be held against.
		const skip: OnUnreadable = (unreadable) => unknown.push(unreadable);
		for (const event of view.events(from, to, skip)) {
			const { stream, version, position } = event;
			for (const name of [stream, ...streamsJoined(event)]) {
				const expected = name === stream ? version : -1;
				missing.set(`${position} ${name}`, { name, version: expected, position });
			}
		}
	}
	const isUnproven = unprovenEntries(view);
	const among = (spans: readonly Span[], position: number) =>
		spans.some(({ from, to }) => position >= from && position < to);
	const isIn = (position: number) => among(spans, position) && !among(unknown, position);
	let found = false;
	view.entries(({ name }, version, position) => {
		if (!isIn(position) || isUnproven(name, position)) return;
		const expected = missing.get(`${position} ${name}`);
		if (expected && (expected.version < 0 || expected.version === version)) {
			missing.delete(`${position} ${name}`);
			return;
		}
		report(misplaced(name, version, position));
		found = true;
	});
	for (const { name, version, position } of missing.values()) {
		const what = version < 0 ? `is not in ${name}` : `version ${version} of ${name} is not it`;
		report(`position ${position}: ${what}`);
	}
	return found || missing.size > 0;
}

/** What is said of an entry that points where it must not. */
export function misplaced(name: string, version: number, position: number): string {
	return `${name} version ${version}: position ${position} does not belong there`;
}

/** What an event correlates with cannot be told once its metadata was erased. */
function unprovenEntries(view: LogView): (stream: string, position: number) => boolean {
	const unproven = createPositions();
	for (const position of view.unproven()) unproven.add(position);
	return (stream, position) => stream.startsWith("$bc-") && unproven.has(position);
}
