/** Which stream a search reads, and which part of it. */
import { ALL, nameFault, STREAM_NAME_BYTES_MAX, type StreamName, type Version } from "../event.ts";
import { isIndexStream, STREAMS } from "../indexes/joins.ts";
import type { LogReads } from "../log/log.ts";
import { findMoment } from "../pages/moment.ts";
import type { Conditions, SearchQuery } from "./query.ts";

export type SearchLog = LogReads;

/** What is read, and the log in which times are found: an event that is left out has one, too. */
export type SearchedLog = { readonly reads: SearchLog; readonly times: SearchLog };

/** Some 60 ms. */
const LOOK_UPS_MAX = 20_000;

/** Read from `high` down to `low`; nothing if it is below. */
export type Span = {
	readonly stream: StreamName;
	readonly low: number;
	readonly high: number;
	/** The condition that leaves nothing to be searched. */
	readonly emptiedBy?: "id" | "stream" | "type" | "time";
};

/**
 * The stream of the conditions: the one that is named; else, if there is one, the index of the
 * type or of the category; else `$all`. It depends on nothing but them, so that a search goes on
 * where it stopped.
 */
export function searchedStream({ stream, type }: Conditions): StreamName {
	if (stream?.name !== undefined) return stream.name;
	// A link has the type `$>`, and is in no index of a type.
	const ofType = type === undefined || type === "$>" ? undefined : indexOf(`$et-${type}`);
	return ofType ?? indexOf(categoryIndexOf(stream?.prefix ?? "")) ?? ALL;
}

/** A name that is too long for an index has none: `joins.ts`. */
function indexOf(name: string): StreamName | undefined {
	return nameFault(name, STREAM_NAME_BYTES_MAX) === undefined ? (name as StreamName) : undefined;
}

/** All streams that begin with `order-` or more are of one category. */
function categoryIndexOf(prefix: string): string {
	const dash = prefix.indexOf("-");
	return dash > 0 && !prefix.startsWith("$") ? `$ce-${prefix.slice(0, dash)}` : "";
}

/** @throws Refusal as a read of the stream, and `shutting-down` */
export async function spanOf({ reads, times }: SearchedLog, query: SearchQuery): Promise<Span> {
	const stream = searchedStream(query);
	const last = Number(await reads.last(stream));
	if (last < 0) {
		const emptiedBy = stream.startsWith("$et-") && query.type !== undefined ? "type" : "stream";
		return { stream, low: 0, high: -1, ...(stream === ALL ? {} : { emptiedBy }) };
	}
	const low = query.from === undefined ? 0 : await firstAt(times, stream, query.from);
	const end = query.until === undefined ? last + 1 : await firstAt(times, stream, query.until);
	if (low >= end) return { stream, low, high: low - 1, emptiedBy: "time" };
	const high = Math.min(end, query.before ?? Infinity) - 1;
	const span = { stream, low, high };
	const isLookedUp = query.id !== undefined && (await hasQuickLookUp(times, query, stream));
	return isLookedUp ? spanOfId(reads, span, query.id as string) : span;
}

/**
 * Ids are found by stream: in an own stream by one look-up, elsewhere by one in each stream of the
 * log. If there are many of those, the events are searched, which can be stopped and go on.
 */
async function hasQuickLookUp(
	log: SearchLog,
	{ stream }: Conditions,
	searched: StreamName,
): Promise<boolean> {
	if (stream?.name !== undefined && searched !== ALL && !isIndexStream(searched)) return true;
	return Number(await log.last(STREAMS)) < LOOK_UPS_MAX;
}

async function spanOfId(log: SearchLog, span: Span, id: string): Promise<Span> {
	const at = await log.locate(span.stream, id);
	if (at === undefined) return { ...span, high: span.low - 1, emptiedBy: "id" };
	if (at < span.low || at > span.high) return { ...span, high: span.low - 1, emptiedBy: "time" };
	return { stream: span.stream, low: Number(at), high: Number(at) };
}

async function firstAt(log: SearchLog, stream: StreamName, time: number): Promise<Version> {
	return Number((await findMoment(log, stream, time)).first);
}
