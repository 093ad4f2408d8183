/** If the sums differ, names the entries that are not those the events must have. */
import { streamsJoined } from "../../indexes/joins.ts";
import { isUnproven, misplaced, unprovenIn } from "./entries.ts";
import type { Span } from "./sums.ts";
import type { LogView, Report, StoredEvent } from "./view.ts";

/** Spans of 1,024 positions that are looked at in one pass: a table of some 60,000 entries. */
const SPANS_AT_ONCE = 16;

/** Reports nothing if the difference has settled meanwhile. */
export async function compareEntries(
	view: LogView,
	spans: readonly Span[],
	report: Report,
): Promise<void> {
	for (let done = 0; done < spans.length; done += SPANS_AT_ONCE) {
		const examined = spans.slice(done, done + SPANS_AT_ONCE);
		const found = await compareSpans(view, examined, report);
		const left = spans.length - done - examined.length;
		if (found && left > 0) report(`entries differ in ${left} more spans of 1,024 positions`);
		if (found) return;
	}
}

/**
 * An entry that an event must have; in an index stream its version is not known, and undefined.
 * Or the key of its id, in place of a version.
 */
type Owed = {
	readonly name: string;
	readonly version: number | undefined;
	readonly position: number;
};

/** @returns whether there was anything to report */
async function compareSpans(
	view: LogView,
	spans: readonly Span[],
	report: Report,
): Promise<boolean> {
	const { owed, unreadable } = await owedIn(view, spans);
	const unproven = await unprovenIn(view);
	let found = false;
	await view.entries(({ name }, version, position) => {
		if (!isWithin(spans, position) || isWithin(unreadable, position)) return;
		if (isUnproven(name, position, unproven)) return;
		const key = keyOf(name, version, position);
		const expected = owed.get(key);
		if (expected && (expected.version === undefined || expected.version === version)) {
			owed.delete(key);
			return;
		}
		report(misplaced(name, version, position));
		found = true;
	});
	for (const { name, version, position } of owed.values()) {
		report(`position ${position}: ${missing(name, version)}`);
	}
	return found || owed.size > 0;
}

/** The entries that the events of some spans must have, and the events that cannot be read. */
async function owedIn(view: LogView, spans: readonly Span[]) {
	const owed = new Map<string, Owed>();
	// Events that cannot be read were named; their entries have nothing to be held against.
	const unreadable: Span[] = [];
	const visit = (event: StoredEvent) => {
		const { stream, version, position } = event;
		for (const name of [stream, ...streamsJoined(event)]) {
			const entry = { name, version: name === stream ? version : undefined, position };
			owed.set(keyOf(name, 0, position), entry);
		}
		const idKey = view.idKeyOf?.(event.id);
		if (idKey === undefined) return;
		owed.set(keyOf(stream, idKey, position), { name: stream, version: idKey, position });
	};
	const onUnreadable = (span: Span) => unreadable.push(span);
	for (const { from, to } of spans) await view.events(from, to, { visit, onUnreadable });
	return { owed, unreadable };
}

function isWithin(spans: readonly Span[], position: number): boolean {
	return spans.some(({ from, to }) => position >= from && position < to);
}

/** An event has one entry and one id in a stream, at most. */
function keyOf(name: string, version: number, position: number): string {
	return `${position} ${version < 0 ? "id" : "entry"} ${name}`;
}

function missing(name: string, version: number | undefined): string {
	if (version === undefined) return `is not in ${name}`;
	return version < 0 ? `its id is not noted in ${name}` : `version ${version} of ${name} is not it`;
}
