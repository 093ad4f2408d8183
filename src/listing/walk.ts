/** Where the rows of a list come from: names of streams in its order, step by step. */
import { setImmediate } from "node:timers/promises";
import { isRefusal } from "../errors.ts";
import { ALL, nameFault, STREAM_NAME_BYTES_MAX, type StreamName } from "../event.ts";
import { STREAMS } from "../indexes/joins.ts";
import type { Log, StreamEntry } from "../log/log.ts";
import { describedStream } from "../retention/window.ts";
import type { Heaviest } from "./heaviest.ts";
import type { Largest } from "./largest.ts";
import type { NameIndex } from "./name-index.ts";
import { rangesOf } from "./names.ts";
import type { ListQuery } from "./query.ts";

export type Candidate = {
	readonly stream: StreamName;
	/** What a next page goes on from, if this is the last row of its page. */
	readonly key: string;
	/** What the disk holds of it, if the order goes by that. */
	readonly bytes?: number;
};

export type Step = {
	readonly candidates: readonly Candidate[];
	/** How many names or events it looked at, and how many one request may. */
	readonly searched: number;
	readonly searchedMax: number;
	/** What a request goes on from, if none of the candidates fits. */
	readonly next: string;
	readonly isLast: boolean;
};

/** Some 50 ms of looking at names. */
const NAMES_MAX = 100_000;
const NAMES_STEP = 1000;
/** Some 30 ms of reading events without their content. */
const EVENTS_MAX = 10_000;
const EVENTS_STEP = 500;
const TOMBSTONE = "$streamDeleted";
const METADATA = "$metadata";

/** What a walk may ask besides the log. */
export type Indexes = {
	readonly names: NameIndex;
	readonly largest: Largest;
	readonly heaviest: Heaviest;
};

export function candidatesOf(log: Log, indexes: Indexes, query: ListQuery): AsyncGenerator<Step> {
	switch (query.order) {
		case "name":
			return byName(log, indexes.names, query);
		case "largest":
			return byRank(query, async () => {
				return (await indexes.largest.ranked()).map((stream) => ({ stream }));
			});
		case "bytes":
			return byRank(query, () => indexes.heaviest.ranked());
		case "created":
			return backward(log, query, createdIn(query), firstOf);
		case "changed":
			return backward(log, query, changedIn(query), newestOf(log));
	}
}

async function* byName(log: Log, index: NameIndex, query: ListQuery): AsyncGenerator<Step> {
	// A category is a prefix; of the two the longer one decides, and the row is held against both.
	const category = query.category === undefined ? "" : `${query.category}-`;
	const prefix = category.length > query.prefix.length ? category : query.prefix;
	const limit = stepOf(query);
	let untilPause = NAMES_STEP;
	for (const whole of rangesOf(prefix, query.after)) {
		for (const span of index.narrow(whole, query.contains) ?? [whole]) {
			let { from } = span;
			for (let isOver = false; !isOver; ) {
				const names = await log.names({ from, before: span.before, limit });
				const next = names.at(-1);
				if (next === undefined) break;
				isOver = names.length < limit;
				from = `${next}\0`;
				const candidates = names.map((stream) => ({ stream, key: stream }));
				// The ranges follow each other, so that only running dry is the end.
				yield { candidates, searched: names.length, searchedMax: NAMES_MAX, next, isLast: false };
				untilPause -= names.length;
				if (untilPause > 0) continue;
				await setImmediate();
				untilPause = NAMES_STEP;
			}
		}
	}
}

/** A page without a filter needs no more names than it has rows. */
function stepOf({ contains, type, limit }: ListQuery): number {
	return contains === "" && type === undefined ? limit + 1 : NAMES_STEP;
}

async function* byRank(
	{ after }: ListQuery,
	rank: () => Promise<readonly Omit<Candidate, "key">[]>,
): AsyncGenerator<Step> {
	const start = Number(after ?? 0);
	const ranked = (await rank()).slice(start);
	const candidates = ranked.map((one, index) => ({ ...one, key: String(start + index + 1) }));
	const searched = ranked.length;
	yield { candidates, searched, searchedMax: searched, next: String(start), isLast: true };
}

/** Which stream an entry stands for in the list; undefined if for none. */
type Standing = (entry: StreamEntry) => StreamName | undefined | Promise<StreamName | undefined>;

async function* backward(
	log: Log,
	{ after }: ListQuery,
	source: StreamName,
	standing: Standing,
): AsyncGenerator<Step> {
	let from: number | "head" = after === undefined ? "head" : Number(after) - 1;
	while (from === "head" || from >= 0) {
		const range = { stream: source, from, limit: EVENTS_STEP, direction: "backward" } as const;
		const { entries, last, gap } = await log.read({ ...range, content: false });
		if (last < 0) return;
		const candidates: Candidate[] = [];
		for (const entry of entries) {
			const stream = await standing(entry);
			if (stream !== undefined) candidates.push({ stream, key: String(entry.version) });
		}
		const start = from === "head" ? Number(last) : from;
		from = Math.min(start - EVENTS_STEP, Number(gap?.first ?? Infinity) - 1);
		const isLast = from < 0;
		const searched = Math.min(EVENTS_STEP, start + 1);
		yield { candidates, searched, searchedMax: EVENTS_MAX, next: String(from + 1), isLast };
		await setImmediate();
	}
}

/** The first event of a stream stands for it, whether or not it is shown. */
function firstOf({ event, unresolved }: StreamEntry): StreamName | undefined {
	const { stream, version } = unresolved ?? event;
	return version === 0 ? stream : undefined;
}

function createdIn({ category, type }: ListQuery): StreamName {
	return indexOf("$ce-", category) ?? indexOf("$et-", type) ?? STREAMS;
}

function changedIn({ category }: ListQuery): StreamName {
	return indexOf("$ce-", category) ?? ALL;
}

/** A name too long for an index has none: the list is empty, as nothing can be in it. */
function indexOf(prefix: string, name: string | undefined): StreamName | undefined {
	if (name === undefined) return undefined;
	const stream = `${prefix}${name}`;
	return nameFault(stream, STREAM_NAME_BYTES_MAX) ? undefined : (stream as StreamName);
}

/**
 * An entry stands for its stream if it is the stream's newest; a delete stands for the stream that
 * it deleted. Each stream is looked up once a walk.
 */
function newestOf(log: Log): Standing {
	const seen = new Set<StreamName>();
	return async ({ event }) => {
		const { stream, type, version } = event;
		if (type === METADATA) return deletedBy(log, stream, version, seen);
		if (stream.startsWith("$") || seen.has(stream)) return undefined;
		seen.add(stream);
		if (type === TOMBSTONE) return stream;
		return (await lastOf(log, stream)) === version ? stream : undefined;
	};
}

async function deletedBy(
	log: Log,
	stream: StreamName,
	version: number,
	seen: Set<StreamName>,
): Promise<StreamName | undefined> {
	const described = describedStream(stream);
	if (described === undefined || described.startsWith("$") || seen.has(described)) return undefined;
	if ((await lastOf(log, stream)) !== version || (await lastOf(log, described)) !== -1) return;
	seen.add(described);
	return described;
}

/** Undefined for a stream that was deleted for ever. */
async function lastOf(log: Log, stream: StreamName): Promise<number | undefined> {
	try {
		return Number(await log.last(stream));
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return undefined;
		throw error;
	}
}
