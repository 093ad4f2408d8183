/**
 * What caused what: the events of one correlation, ordered so that each stands below its cause, on
 * rails as a graph of commits has them. An event whose cause is not among them begins a rail of its
 * own. Causes that lead back to themselves are cut at the event that is the oldest of them.
 */
import type { RecordedEvent, StreamName } from "../../../src/event.ts";
import type { Store } from "../../../src/screens.ts";
import { causeOf } from "../../parts/correlation.ts";
import { nearestTo } from "./nearest.ts";
import { versionIn } from "./places.ts";

/** Looked at, of a larger correlation: those around the event, and those that it began with. */
const CAUSED_MAX = 500;
const BEGINNING = 100;
/** Read with their metadata, some of which are large. */
const STEP = 100;

export type Caused = {
	readonly event: RecordedEvent;
	/** From 0; a branch takes the next one, and the longest child stays on its parent's. */
	readonly rail: number;
	/** The row of its cause; undefined for a root. */
	readonly cause: number | undefined;
	/** Why it is a root though it names a cause. */
	readonly fault: "not here" | "a cycle" | undefined;
};

export type Causation = {
	readonly rows: readonly Caused[];
	/** How many could be drawn, if somebody asks for all. */
	readonly drawable: number;
	/** Of the whole correlation. */
	readonly total: number;
	readonly stream: StreamName;
};

/** @param isWhole whether all that were looked at are drawn, however many they are */
export async function causationOf(
	store: Store,
	correlation: string,
	event: RecordedEvent,
	isWhole: boolean,
): Promise<Causation | undefined> {
	const stream = `$bc-${correlation}` as StreamName;
	const last = Number(await store.last(stream));
	if (last < 0) return undefined;
	const events = await eventsAround(store, stream, last, event);
	const shown = isWhole ? events : nearestTo(event, events);
	return { rows: rowsOf(shown), drawable: events.length, total: last + 1, stream };
}

async function eventsAround(
	store: Store,
	stream: StreamName,
	last: number,
	event: RecordedEvent,
): Promise<RecordedEvent[]> {
	const events: RecordedEvent[] = [];
	const read = async (start: number, end: number) => {
		for (let from = start; from < end; from += STEP) {
			const limit = Math.min(STEP, end - from);
			const range = { stream, from, limit, direction: "forward", content: true } as const;
			const { entries } = await store.read(range);
			for (const entry of entries) if (!entry.unresolved) events.push(entry.event);
		}
	};
	if (last < CAUSED_MAX) await read(0, last + 1);
	else {
		const at = (await versionIn(store, stream, Number(event.position))) ?? 0;
		const around = CAUSED_MAX - BEGINNING;
		const start = Math.max(BEGINNING, Math.min(at - around / 2, last + 1 - around));
		await read(0, BEGINNING);
		await read(start, start + around);
	}
	return events;
}

/** @param events oldest first */
export function rowsOf(events: readonly RecordedEvent[]): Caused[] {
	const byId = new Map(events.map((event) => [event.id, event]));
	const causes = new Map<RecordedEvent, RecordedEvent>();
	const faults = new Map<RecordedEvent, Caused["fault"]>();
	for (const event of events) {
		const id = causeOf(event.metadata);
		const cause = id === undefined ? undefined : byId.get(id);
		if (cause && leadsTo(cause, event, causes)) faults.set(event, "a cycle");
		else if (cause) causes.set(event, cause);
		else if (id !== undefined) faults.set(event, "not here");
	}
	return laidOut(events, causes, faults);
}

/** Whether the causes of `from` lead to `to`. */
function leadsTo(
	from: RecordedEvent,
	to: RecordedEvent,
	causes: ReadonlyMap<RecordedEvent, RecordedEvent>,
): boolean {
	for (let at: RecordedEvent | undefined = from; at; at = causes.get(at))
		if (at === to) return true;
	return false;
}

function laidOut(
	events: readonly RecordedEvent[],
	causes: ReadonlyMap<RecordedEvent, RecordedEvent>,
	faults: ReadonlyMap<RecordedEvent, Caused["fault"]>,
): Caused[] {
	const children = new Map<RecordedEvent, RecordedEvent[]>();
	for (const [event, cause] of causes) children.set(cause, [...(children.get(cause) ?? []), event]);
	const sizes = sizesOf(events, causes);
	const rows: Caused[] = [];
	const rowAt = new Map<RecordedEvent, number>();
	const roots = events.filter((event) => !causes.has(event));
	// A stack, since a chain may be as long as the list. Its top is the next row.
	const open = roots.toReversed().map((event) => ({ event, rail: 0 }));
	for (let next = open.pop(); next; next = open.pop()) {
		const { event, rail } = next;
		const cause = causes.get(event);
		rowAt.set(event, rows.length);
		const at = cause && rowAt.get(cause);
		rows.push({ event, rail, cause: at, fault: faults.get(event) });
		const below = (children.get(event) ?? []).toSorted(
			(one, other) => (sizes.get(one) ?? 0) - (sizes.get(other) ?? 0),
		);
		const longest = below.pop();
		if (longest) open.push({ event: longest, rail });
		for (const child of below.reverse()) open.push({ event: child, rail: rail + 1 });
	}
	return rows;
}

/** How many events each has caused, itself included. */
function sizesOf(
	events: readonly RecordedEvent[],
	causes: ReadonlyMap<RecordedEvent, RecordedEvent>,
): Map<RecordedEvent, number> {
	const sizes = new Map(events.map((event) => [event, 1]));
	// A cause that is younger than what it caused is counted short: it only chooses a rail.
	for (const event of events.toReversed()) {
		const cause = causes.get(event);
		if (cause) sizes.set(cause, (sizes.get(cause) ?? 0) + (sizes.get(event) ?? 0));
	}
	return sizes;
}
