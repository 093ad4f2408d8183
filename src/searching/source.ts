/** Which stream a search reads, and which part of it. */
import { ALL, nameFault, STREAM_NAME_BYTES_MAX, type StreamName, type Version } from "../event.ts";
import type { Log } from "../log/log.ts";
import { findMoment } from "../pages/moment.ts";
import type { Conditions, SearchQuery } from "./query.ts";

export type SearchLog = Pick<Log, "read" | "last" | "locate">;

/** Read from `high` down to `low`; nothing if it is below. */
export type Span = { readonly stream: StreamName; readonly low: number; readonly high: number };

/**
 * The stream of the conditions: the one that is named; else, if there is one, the index of the type
 * or of the category; else `$all`. It depends on nothing but them, so that a search goes on where it
 * stopped.
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

/** @throws Refusal as a read of the stream */
export async function spanOf(log: SearchLog, query: SearchQuery): Promise<Span> {
	const stream = searchedStream(query);
	const last = Number(await log.last(stream));
	let [low, high] = [0, last];
	if (last >= 0 && query.from !== undefined) low = await firstAt(log, stream, query.from);
	if (last >= 0 && query.until !== undefined) {
		high = Math.min(high, (await firstAt(log, stream, query.until)) - 1);
	}
	if (query.before !== undefined) high = Math.min(high, query.before - 1);
	return { stream, low, high };
}

async function firstAt(log: SearchLog, stream: StreamName, time: number): Promise<Version> {
	return Number((await findMoment(log, stream, time)).first);
}
