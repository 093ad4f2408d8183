/** Appending in memory: fetch the facts, plan, write the plan. */
import type { NewEvent, StreamName, Version } from "../../event.ts";
import { type Batch, carryOut } from "../appending/carry-out.ts";
import { type Facts, type FactsNeeded, factsNeeded } from "../appending/facts.ts";
import { FetchedFacts, type FetchedStream, type Place } from "../appending/fetched.ts";
import { type Plan, planAppend, planDelete } from "../appending/plan.ts";
import type { Append, Appended, Commit, Deletion } from "../commit.ts";
import type { MemoryTables } from "./tables.ts";

/**
 * @param tell hands the commit to the log's listeners
 * @throws Refusal as `Log.append`
 */
export function append(
	tables: MemoryTables,
	request: Append,
	now: number,
	tell: (commit: Commit) => void,
): Appended {
	const { stream, events } = request;
	const plan = planAppend(request, factsFor(tables, stream, events));
	return commit(tables, plan, request, now, tell);
}

/** @throws Refusal as `Log.delete` */
export function remove(
	tables: MemoryTables,
	request: Deletion,
	now: number,
	tell: (commit: Commit) => void,
): Appended {
	const { stream } = request;
	const plan = planDelete(request, factsFor(tables, stream, []));
	return commit(tables, plan, { stream, events: [] }, now, tell);
}

function factsFor(tables: MemoryTables, stream: StreamName, events: readonly NewEvent[]): Facts {
	const needed = factsNeeded(stream, events);
	const streams = new Map(needed.streams.map((name) => [name, fetchStream(tables, name)]));
	const places = fetchPlaces(tables, needed);
	return new FetchedFacts({ end: tables.events.length, streams, places }).for(stream, events);
}

export function fetchStream(tables: MemoryTables, stream: StreamName): FetchedStream {
	const metadata = tables.newestMetadata(stream);
	return { last: tables.lastOf(stream), hasTombstone: tables.gone.has(stream), metadata };
}

export function fetchPlaces(
	tables: MemoryTables,
	{ streams: [stream], ids }: FactsNeeded,
): Place[] {
	if (stream === undefined || ids.length === 0) return [];
	const wanted = new Set(ids);
	return tables.positionsOf(stream).flatMap((position, version) => {
		const id = tables.events[position]?.id ?? "";
		if (!wanted.has(id)) return [];
		return { stream, id, version, position };
	});
}

/** Writes all of a plan as one commit, of one moment; a repeat writes nothing. */
export function commit(
	tables: MemoryTables,
	plan: Plan,
	batch: Batch<NewEvent>,
	now: number,
	tell: (commit: Commit) => void,
): Appended {
	const created = Math.max(now, tables.events.at(-1)?.created ?? 0);
	const grown = new Map<StreamName, Version>();
	const marked = new Set<StreamName>();
	const appended = carryOut(plan, batch, {
		made: (event) => event,
		insert({ stream, mark }, events) {
			const first = { version: tables.lastOf(stream) + 1, position: tables.events.length };
			if (mark === "tombstone") tables.gone.add(stream);
			for (const event of events) {
				for (const name of tables.add(event, stream, created)) grown.set(name, tables.lastOf(name));
			}
			return first;
		},
		mark: ({ stream }) => marked.add(stream),
		positionAt: (stream, version) => tables.eventAt(stream, version)?.position ?? -1,
	});
	if (appended.repeated) return appended;
	tell({ last: tables.events.length - 1, streams: grown, marked: [...marked] });
	return appended;
}
