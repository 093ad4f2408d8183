/** What a group has to know of the log, looked up in a transaction that has taken its end. */
import type pg from "pg";
import type { StreamName } from "../../../event.ts";
import { factsNeeded } from "../../appending/facts.ts";
import { FetchedFacts, type FetchedStream, type Place } from "../../appending/fetched.ts";
import type { Database, Row } from "../connection/database.ts";
import { noStandby, present, unreachable } from "../connection/failures.ts";
import { arrayOf, textsOf } from "../connection/values.ts";
import { readEdge } from "../hashes/edge.ts";
import { type Guards, weaknessOf } from "../start/checks.ts";
import * as sql from "../statements.ts";
import { type KnownStream, type LogEnd, type PreparedWrite, streamsTouched } from "./rows.ts";
import { type CommitWatch, type Demands, send, settled } from "./transaction.ts";

/** The streams that writes ask for, and the others that they may write to. */
export function namesOf(writes: readonly PreparedWrite[]) {
	const needed = writes.map(({ write, events }) => factsNeeded(write.stream, events));
	const asked = new Set(needed.flatMap(({ streams }) => streams));
	const others = new Set<StreamName>();
	for (const { write, events } of writes) {
		for (const stream of streamsTouched(write.stream, events)) others.add(stream);
	}
	for (const stream of asked) others.delete(stream);
	return { needed, asked, others };
}

type GroupFacts = {
	readonly end: Row;
	readonly facts: FetchedFacts;
	readonly streams: Map<string, KnownStream>;
	readonly found: Map<StreamName, FetchedStream>;
	/** The number of the node that leads; undefined if no write asks for it. */
	readonly epoch: number | undefined;
};

/** Begins a transaction that has the end of the log, once no other one has it. */
export async function takeEnd(database: Database, client: pg.Client): Promise<Row> {
	const [, rows] = (await settled([
		client.query(sql.BEGIN_WRITE),
		send(database, client, sql.TAKE_END, []),
	])) as [unknown, Row[]];
	return present(rows[0], "the end of the log");
}

/** @param held the end of the log, if the transaction has it already */
export async function fetchFacts(
	database: Database,
	client: pg.Client,
	writes: readonly PreparedWrite[],
	{ watch, held }: { readonly watch: CommitWatch; readonly held: Row | undefined },
): Promise<GroupFacts> {
	const { needed, asked, others } = namesOf(writes);
	const places = needed.flatMap(({ streams: [name = ""], ids }) => ids.map((id) => ({ name, id })));
	const isFenced = writes.some(({ epoch }) => epoch !== undefined);
	const [ends, factRows, joinedRows, placeRows, epochRows] = (await settled([
		held ? Promise.resolve([held]) : takeEnd(database, client).then((end) => [end]),
		send(database, client, sql.SELECT_FACTS, [textsOf([...asked])]),
		send(database, client, sql.SELECT_JOINED, [textsOf([...others])]),
		places.length === 0
			? Promise.resolve([])
			: send(database, client, sql.SELECT_PLACES, [
					textsOf(places.map(({ name }) => name)),
					arrayOf(places.map(({ id }) => id)),
				]),
		isFenced ? send(database, client, sql.SELECT_EPOCH, []) : Promise.resolve([]),
	])) as [Row[], Row[], Row[], Row[], Row[]];
	const [end] = ends;
	const log = present(end, "the end of the log");
	refuseWeak(log, watch);
	const streams = new Map<string, KnownStream>();
	for (const row of [...factRows, ...joinedRows]) streams.set(row.name as string, knownOf(row));
	const found = new Map(factRows.map((row) => [row.name as StreamName, fetchedOf(row)]));
	const facts = new FetchedFacts({
		...{ end: Number(log.next), streams: found, places: placeRows.map(placeOf) },
	});
	const epoch = isFenced ? Number(epochRows[0]?.epoch) : undefined;
	return { end: log, facts, streams, found, epoch };
}

/** The settings of the server may have been reloaded since the connection was made. */
export function refuseWeak(end: Row, { allowsUnsafe, requiresStandby }: Demands): void {
	if (requiresStandby && end.standbys === "") throw noStandby();
	const weakness = allowsUnsafe ? undefined : weaknessOf(end as unknown as Guards);
	if (weakness !== undefined) throw unreachable(new Error(weakness));
}

/** The end of the log, of its row. */
export function endOf({ next, created, streams, edge }: Row): LogEnd {
	const frontier = readEdge(Number(next), edge as Buffer);
	return { next: Number(next), created: Number(created), streams: Number(streams), frontier };
}

export function knownOf({ id, last, metadataAt }: Row): KnownStream {
	const at = metadataAt === null ? null : Number(metadataAt);
	return { id: Number(id ?? 0), last: last === null ? -1 : Number(last), metadataAt: at };
}

function fetchedOf({ last, tombstone, metadataLast, metadata }: Row): FetchedStream {
	return {
		last: last === null ? -1 : Number(last),
		hasTombstone: tombstone !== null,
		metadata: {
			last: metadataLast === null ? -1 : Number(metadataLast),
			data: metadata === null ? undefined : (metadata as Buffer),
		},
	};
}

function placeOf({ name, id, version, position }: Row): Place {
	return {
		stream: name as StreamName,
		id: id as string,
		version: Number(version),
		position: Number(position),
	};
}
