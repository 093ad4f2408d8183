/** The entries of a range, and the events at places: rows made into events. */
import { ALL, type RecordedEvent, type StreamName, type Version } from "../../../event.ts";
import type { Target } from "../../../indexes/links.ts";
import { FLAG_JSON, FLAG_REDACTED } from "../../appending/flags.ts";
import type { ReadPlan } from "../../reading/plan.ts";
import { checkBytes, type Entry } from "../../reading/targets.ts";
import type { Database, Queryable, Row } from "../connection/database.ts";
import { arrayOf, textsOf } from "../connection/values.ts";
import * as sql from "../statements.ts";

const NOTHING = new Uint8Array(0);

const OF_STREAM = { forward: sql.selectEntries("ASC"), backward: sql.selectEntries("DESC") };
const OF_ALL = { forward: sql.selectEvents("ASC"), backward: sql.selectEvents("DESC") };

/** What a statement says of the log at its moment. */
export type Moment = { readonly next: number; readonly erasures: number };

export type FoundEntries = {
	readonly entries: readonly Entry[];
	/** The data of the links among them, by position. */
	readonly links: ReadonlyMap<number, Uint8Array>;
	readonly moment: Moment;
};

/**
 * The entries of a plan, in its direction.
 * @throws Refusal `page-too-large`
 */
export async function fetchEntries(
	database: Database,
	{ range, from, to }: ReadPlan,
	id: number,
	bytesMax: number,
	on: Queryable,
): Promise<FoundEntries> {
	const { stream, direction, content } = range;
	const statement = (stream === ALL ? OF_ALL : OF_STREAM)[direction];
	const rows = await database.rows(statement, [id, from, to, content, bytesMax], on);
	const moment = momentOf(rows[0] as Row);
	// A log without such entries still says what it is.
	const found = rows.filter(({ entry }) => entry !== null);
	if (content) checkContent(found, bytesMax);
	const links = new Map<number, Uint8Array>();
	for (const { position, link } of found) {
		if (link !== null) links.set(Number(position), link as Buffer);
	}
	const entries = found.map((row) => ({ version: Number(row.entry), event: eventOf(row) }));
	return { entries, links, moment };
}

/** An event, and the bytes it has even if they are too many to be sent. */
export type EventAt = { readonly event: RecordedEvent; readonly bytes: number };

/** The events at places of streams, by `placeOf`; without content if that is too much. */
export async function fetchEventsAt(
	database: Database,
	places: readonly Target[],
	content: boolean,
	bytesMax: number,
	on: Queryable,
): Promise<ReadonlyMap<string, EventAt>> {
	if (places.length === 0) return new Map();
	const names = textsOf(places.map(({ stream }) => stream));
	const versions = arrayOf(places.map(({ version }) => version));
	const values = [names, versions, content, bytesMax];
	const rows = await database.rows(sql.SELECT_EVENTS_AT, values, on);
	return new Map(
		rows.map((row) => {
			const bytes = Number(row.dataBytes) + Number(row.metadataBytes);
			return [placeOf(row.of as StreamName, Number(row.at)), { event: eventOf(row), bytes }];
		}),
	);
}

/**
 * Refuses a page that is too large with what its links lead to, as `withTargets` would.
 * @throws Refusal `page-too-large`
 */
export function refuseLarge(
	entries: readonly Entry[],
	places: readonly Target[],
	events: ReadonlyMap<string, EventAt>,
	bytesMax: number,
): void {
	let bytes = 0;
	for (const { event } of entries) bytes += event.data.length + event.metadata.length;
	for (const { stream, version } of places) {
		bytes += events.get(placeOf(stream, version))?.bytes ?? 0;
		checkBytes(bytes, bytesMax);
	}
}

export function placeOf(stream: StreamName, version: Version): string {
	return `${version}@${stream}`;
}

export function momentOf({ next, erasures }: Row): Moment {
	return { next: Number(next), erasures: Number(erasures) };
}

function checkContent(rows: readonly Row[], bytesMax: number): void {
	let bytes = 0;
	for (const { dataBytes, metadataBytes } of rows)
		bytes += Number(dataBytes) + Number(metadataBytes);
	checkBytes(bytes, bytesMax);
}

function eventOf(row: Row): RecordedEvent {
	const flags = Number(row.flags);
	const event: RecordedEvent = {
		position: Number(row.position),
		stream: row.name as StreamName,
		version: Number(row.version),
		id: row.id as string,
		type: row.type as string,
		created: Number(row.created),
		isJson: (flags & FLAG_JSON) !== 0,
		data: (row.data as Buffer | null) ?? NOTHING,
		metadata: (row.metadata as Buffer | null) ?? NOTHING,
	};
	return flags & FLAG_REDACTED ? { ...event, isRedacted: true } : event;
}
