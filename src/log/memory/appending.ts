/** Appending in memory: fetch the facts, plan, write what was planned. */
import type { NewEvent, StreamName, Version } from "../../event.ts";
import { type Facts, type FactsNeeded, factsNeeded } from "../appending/facts.ts";
import { FetchedFacts, type FetchedStream, type Place } from "../appending/fetched.ts";
import { marksOf } from "../appending/marks.ts";
import { type Plan, planAppend, planDelete, type Writing } from "../appending/plan.ts";
import type { Append, Appended, Commit, Deletion } from "../commit.ts";
import type { Store } from "./store.ts";

/**
 * @param tell hands the commit to the log's listeners
 * @throws Refusal as `Log.append`
 */
export function append(
	store: Store,
	request: Append,
	now: number,
	tell: (commit: Commit) => void,
): Appended {
	const { stream, events } = request;
	return carryOut(store, planAppend(request, factsFor(store, stream, events)), request, now, tell);
}

/** @throws Refusal as `Log.delete` */
export function remove(
	store: Store,
	request: Deletion,
	now: number,
	tell: (commit: Commit) => void,
): Appended {
	const { stream } = request;
	const plan = planDelete(request, factsFor(store, stream, []));
	return carryOut(store, plan, { stream, events: [] }, now, tell);
}

function factsFor(store: Store, stream: StreamName, events: readonly NewEvent[]): Facts {
	const needed = factsNeeded(stream, events);
	const streams = new Map(needed.streams.map((name) => [name, fetchStream(store, name)]));
	return new FetchedFacts({ streams, places: fetchPlaces(store, needed) }).for(stream, events);
}

export function fetchStream(store: Store, stream: StreamName): FetchedStream {
	const metadata = store.newestMetadata(stream);
	return { last: store.lastOf(stream), hasTombstone: store.gone.has(stream), metadata };
}

export function fetchPlaces(store: Store, { streams: [stream], ids }: FactsNeeded): Place[] {
	if (stream === undefined || ids.length === 0) return [];
	const wanted = new Set(ids);
	return store.positionsOf(stream).flatMap((position, version) => {
		const id = store.events[position]?.id ?? "";
		if (!wanted.has(id)) return [];
		return { stream, id, version, isRevival: store.revivals.has(position) };
	});
}

type Batch = { readonly stream: StreamName; readonly events: readonly NewEvent[] };

export function carryOut(
	store: Store,
	plan: Plan,
	{ stream, events }: Batch,
	now: number,
	tell: (commit: Commit) => void,
): Appended {
	if (!plan.repeated) return write(store, plan, events, now, tell);
	const position = store.eventAt(stream, plan.final)?.position ?? -1;
	return { first: plan.first, position, repeated: true };
}

/** Writes all of a plan as one commit, of one moment. */
function write(
	store: Store,
	{ writes, answered }: Writing,
	batch: readonly NewEvent[],
	now: number,
	tell: (commit: Commit) => void,
): Appended {
	const created = Math.max(now, store.events.at(-1)?.created ?? 0);
	const grown = new Map<StreamName, Version>();
	const marked = new Set<StreamName>();
	let answer = { first: -1, position: -1 };
	for (const [index, planned] of writes.entries()) {
		const { stream, made, mark } = planned;
		const events = made ? [made] : batch;
		const first = store.lastOf(stream) + 1;
		if (mark === "revival") store.revivals.add(store.events.length);
		if (mark === "tombstone") store.gone.add(stream);
		for (const event of events) {
			for (const name of store.add(event, stream, created)) grown.set(name, store.lastOf(name));
		}
		for (const { stream } of marksOf(planned, events)) marked.add(stream);
		if (index === answered) answer = { first, position: store.events.length - 1 };
	}
	tell({ last: store.events.length - 1, streams: grown, marked: [...marked] });
	return { ...answer, repeated: false };
}
