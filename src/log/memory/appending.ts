/** Appending in memory: fetch the facts, plan, write the plan. */
import type { NewEvent, StreamName, Version } from "../../event.ts";
import { type Facts, type FactsNeeded, factsNeeded } from "../appending/facts.ts";
import { FetchedFacts, type FetchedStream, type Place } from "../appending/fetched.ts";
import { marksOf } from "../appending/marks.ts";
import { type Plan, planAppend, planDelete, type WritePlan } from "../appending/plan.ts";
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
	return carryOut(
		tables,
		planAppend(request, factsFor(tables, stream, events)),
		request,
		now,
		tell,
	);
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
	return carryOut(tables, plan, { stream, events: [] }, now, tell);
}

function factsFor(tables: MemoryTables, stream: StreamName, events: readonly NewEvent[]): Facts {
	const needed = factsNeeded(stream, events);
	const streams = new Map(needed.streams.map((name) => [name, fetchStream(tables, name)]));
	return new FetchedFacts({ streams, places: fetchPlaces(tables, needed) }).for(stream, events);
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
		return { stream, id, version };
	});
}

type Batch = { readonly stream: StreamName; readonly events: readonly NewEvent[] };

export function carryOut(
	tables: MemoryTables,
	plan: Plan,
	{ stream, events }: Batch,
	now: number,
	tell: (commit: Commit) => void,
): Appended {
	if (!plan.repeated) return write(tables, plan, events, now, tell);
	const position = tables.eventAt(stream, plan.final)?.position ?? -1;
	return { first: plan.first, position, repeated: true };
}

/** Writes all of a plan as one commit, of one moment. */
function write(
	tables: MemoryTables,
	{ writes, answered }: WritePlan,
	batch: readonly NewEvent[],
	now: number,
	tell: (commit: Commit) => void,
): Appended {
	const created = Math.max(now, tables.events.at(-1)?.created ?? 0);
	const grown = new Map<StreamName, Version>();
	const marked = new Set<StreamName>();
	let answer = { first: -1, position: -1 };
	for (const [index, planned] of writes.entries()) {
		const { stream, made, mark } = planned;
		const events = made ? [made] : batch;
		const first = tables.lastOf(stream) + 1;
		if (mark === "tombstone") tables.gone.add(stream);
		for (const event of events) {
			for (const name of tables.add(event, stream, created)) grown.set(name, tables.lastOf(name));
		}
		for (const { stream } of marksOf(planned, events)) marked.add(stream);
		if (index === answered) answer = { first, position: tables.events.length - 1 };
	}
	tell({ last: tables.events.length - 1, streams: grown, marked: [...marked] });
	return { ...answer, repeated: false };
}
