/** The entries of a range, and the events at places: rows made into events. */
import { ALL, type RecordedEvent, type StreamName, type Version } from "../../../event.ts";
import type { Target } from "../../../indexes/links.ts";
import { FLAG_JSON, FLAG_REDACTED } from "../../appending/flags.ts";
import type { ReadPlan } from "../../reading/plan.ts";
import { checkBytes, type Entry } from "../../reading/targets.ts";
import type { Database, Queryable, Row } from "../connection/database.ts";
import { present } from "../connection/failures.ts";
import { arrayOf, textsOf } from "../connection/values.ts";
import * as sql from "../statements.ts";

const NOTHING = Buffer.alloc(0);

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
	const [page] = await database.rows(statement, [id, from, to, content, bytesMax], on);
	const found = present(page, "the end of the log");
	const entries = entriesOf(found, content, bytesMax);
	const links = new Map<number, Uint8Array>();
	for (const [position, link] of Object.entries(jsonOf(found.link) ?? {})) {
		links.set(Number(position), Buffer.from(link as string, "hex"));
	}
	return { entries, links, moment: momentOf(found) };
}

/** Of a row that has all values of a column in one; those are null if there are no entries. */
function entriesOf(page: Row, content: boolean, bytesMax: number): Entry[] {
	const columns = columnsOf(page);
	const { entry, dataBytes, metadataBytes } = columns;
	if (content) checkBytes(sumOf(dataBytes) + sumOf(metadataBytes), bytesMax);
	const [data, metadata] = [page.data as Buffer | null, page.metadata as Buffer | null];
	const entries: Entry[] = [];
	for (let index = 0, dataAt = 0, metadataAt = 0; index < entry.length; index++) {
		const [ofData, ofMetadata] = [dataBytes[index] as number, metadataBytes[index] as number];
		const row = {
			position: columns.position[index],
			name: columns.name[index],
			version: columns.version[index],
			id: columns.id[index],
			type: columns.type[index],
			created: columns.created[index],
			flags: columns.flags[index],
			data: data && partOf(data, dataAt, ofData),
			metadata: metadata && partOf(metadata, metadataAt, ofMetadata),
		};
		dataAt += ofData;
		metadataAt += ofMetadata;
		entries.push({ version: entry[index] as Version, event: eventOf(row) });
	}
	return entries;
}

function columnsOf(page: Row) {
	const numbers = (name: string) => (jsonOf(page[name]) ?? []) as number[];
	const texts = (name: string) => (jsonOf(page[name]) ?? []) as string[];
	return {
		...{ entry: numbers("entry"), position: numbers("position"), version: numbers("version") },
		...{ name: texts("name"), id: texts("id"), type: texts("type") },
		...{ created: numbers("created"), flags: numbers("flags") },
		...{ dataBytes: numbers("dataBytes"), metadataBytes: numbers("metadataBytes") },
	};
}

/** A copy: whoever keeps an event must not keep the content of a whole page with it. */
function partOf(content: Buffer, at: number, bytes: number): Uint8Array {
	return bytes === 0 ? NOTHING : Buffer.from(content.subarray(at, at + bytes));
}

function jsonOf(value: unknown): unknown {
	return value === null ? undefined : JSON.parse(value as string);
}

function sumOf(numbers: readonly number[]): number {
	return numbers.reduce((sum, one) => sum + one, 0);
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
