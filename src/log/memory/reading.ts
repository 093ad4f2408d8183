/** Reading in memory: fetch the entries that the plan names. */
import { ALL, type RecordedEvent, type StreamName, type Version } from "../../event.ts";
import { firstUnexpired } from "../../retention/window.ts";
import type { NameRange, Range, Slice, VersionRange } from "../log.ts";
import { planRead, type ReadPlan } from "../reading/plan.ts";
import { type RestSought, restSought, type SliceRest, sliceOf } from "../reading/slice.ts";
import { type Entry, withTargets } from "../reading/targets.ts";
import type { MemoryTables } from "./tables.ts";

export type ReadOptions = {
	readonly now: number;
	readonly pageBytesMax: number;
	/** Whether to read what metadata and deletes hide. */
	readonly hidden: boolean;
};

const NOTHING = new Uint8Array(0);

/** @throws Refusal as `Log.read` */
export function read(
	tables: MemoryTables,
	range: Range,
	{ now, pageBytesMax, hidden }: ReadOptions,
): Slice {
	const { stream, content } = range;
	const last = tables.lastOf(stream);
	const state = hidden ? undefined : tables.stateOf(stream);
	const hasMarkedEntries = tables.hasMarkedEntries(stream);
	const plan = planRead(range, { last, state, hasMarkedEntries }, now);
	const targets = {
		dataOf: (link: RecordedEvent) => tables.events[link.position]?.data ?? NOTHING,
		stateOf: (of: StreamName) => tables.stateOf(of),
		eventAt: (of: StreamName, version: Version) => shown(tables.eventAt(of, version), content),
	};
	const found = withTargets(plan, entriesOf(tables, plan), targets, pageBytesMax);
	return sliceOf(plan, found, restOf(tables, stream, restSought(plan, found)));
}

export function entriesOf(tables: MemoryTables, { range, from, to }: ReadPlan): Entry[] {
	const entries: Entry[] = [];
	for (let version = Number(from); version <= to; version++) {
		const event = shown(tables.eventAt(range.stream, version), range.content);
		// `$all` leaves out scavenged events; in other streams they lie below `from`.
		if (event && !(range.stream === ALL && tables.scavenged.has(version))) {
			entries.push({ version, event });
		}
	}
	return range.direction === "forward" ? entries : entries.reverse();
}

export function restOf(
	tables: MemoryTables,
	stream: StreamName,
	sought: RestSought | undefined,
): SliceRest {
	if (!sought) return {};
	if (sought.kind === "gap") return { gap: tables.gapAt(sought.position) };
	const { state, from, now } = sought;
	const createdAt = (at: Version) => tables.eventAt(stream, at)?.created ?? 0;
	return { firstUnexpired: firstUnexpired(state, createdAt, from, now) };
}

export function shown(
	event: RecordedEvent | undefined,
	content: boolean,
): RecordedEvent | undefined {
	return event && !content ? { ...event, data: NOTHING, metadata: NOTHING } : event;
}

/** As `Log.bytesOf`. */
export function bytesIn(tables: MemoryTables, { stream, first, last }: VersionRange): number {
	let bytes = 0;
	for (let version = Number(first); version <= last; version++) {
		const event = tables.eventAt(stream, version);
		bytes += (event?.data.length ?? 0) + (event?.metadata.length ?? 0);
	}
	return bytes;
}

/** As `Log.names`. */
export function namesIn(
	tables: MemoryTables,
	{ from, before, limit }: NameRange,
): readonly StreamName[] {
	const low = Buffer.from(from);
	const high = before === undefined ? undefined : Buffer.from(before);
	return [...tables.streams.keys()]
		.map((name) => ({ name, bytes: Buffer.from(name) }))
		.filter(({ bytes }) => bytes.compare(low) >= 0 && (!high || bytes.compare(high) < 0))
		.sort((one, other) => one.bytes.compare(other.bytes))
		.slice(0, limit)
		.map(({ name }) => name);
}

/** As `Log.locate`: the earliest. */
export function locate(tables: MemoryTables, stream: StreamName, id: string): Version | undefined {
	for (let version = 0; version <= tables.lastOf(stream); version++) {
		if (tables.eventAt(stream, version)?.id === id) return version;
	}
	return undefined;
}
