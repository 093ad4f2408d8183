/** The entries of a range, and the events at places: rows made into events. */
import { ALL, type RecordedEvent, type StreamName, type Version } from "../../../event.ts";
import type { Target } from "../../../indexes/links.ts";
import { FLAG_JSON, FLAG_REDACTED } from "../../appending/flags.ts";
import type { ReadPlan } from "../../reading/plan.ts";
import { checkBytes, type Entry } from "../../reading/targets.ts";
import type { Database, Queryable, Row } from "../connection/database.ts";
import { MissingRows, present } from "../connection/failures.ts";
import { arrayOf, textsOf, unescaped } from "../connection/values.ts";
import { SELECT_EVENTS_AT, SELECT_PAGE } from "./statements.ts";

const NOTHING = Buffer.alloc(0);
/** Whoever keeps an event keeps the content of its page with it, unless the page has more. */
const SHARED_BYTES_MAX = 1024 * 1024;

/** What a statement says of the log at its moment. */
export type Moment = { readonly next: number; readonly erasures: number };

export type FoundEntries = {
	readonly entries: readonly Entry[];
	/** The data of the links among them, by position. */
	readonly links: ReadonlyMap<number, Uint8Array>;
	readonly moment: Moment;
};

/** A page as a statement found it: each value of its row holds a column of all entries. */
export class FoundPage {
	readonly #row: Row;
	readonly #versions: readonly Version[];

	constructor(row: Row) {
		this.#row = row;
		this.#versions = numbersIn(row.entries);
	}

	/** True if all of its entries lie between these versions. */
	isWithin(from: Version, to: Version): boolean {
		const ends = [this.#versions[0], this.#versions.at(-1)];
		return ends.every((end) => end === undefined || (end >= from && end <= to));
	}

	/** @throws Refusal `page-too-large` */
	entries(content: boolean, bytesMax: number): FoundEntries {
		const row = this.#row;
		const links = new Map<number, Uint8Array>();
		for (const [position, link] of Object.entries(jsonOf(row.links) ?? {})) {
			links.set(Number(position), Buffer.from(link as string, "hex"));
		}
		const [dataBytes, metadataBytes] = [numbersIn(row.dataBytes), numbersIn(row.metadataBytes)];
		const bytes = sumOf(dataBytes) + sumOf(metadataBytes);
		if (content) checkBytes(bytes, bytesMax);
		const cut = content ? cutterOf(row, bytes) : () => NOTHING;
		const eventAt = eventsOf(row);
		const entries = this.#versions.map((version, index) => {
			const data = cut(dataBytes[index] as number);
			return { version, event: eventAt(index, data, cut(metadataBytes[index] as number)) };
		});
		return { entries, links, moment: momentOf(row) };
	}
}

/** The entries of a plan, in its direction. */
export async function fetchPage(
	database: Database,
	{ range, from, to }: ReadPlan,
	id: number,
	bytesMax: number,
	on: Queryable,
): Promise<FoundPage> {
	const { stream, direction, content } = range;
	const statement = SELECT_PAGE[stream === ALL ? "all" : "stream"][direction];
	const [row] = await database.rows(statement, [id, from, to, content, bytesMax], on);
	return new FoundPage(present(row, "the end of the log"));
}

/** Makes an event of its place in the columns of a row. */
function eventsOf(row: Row) {
	const [positions, own] = [numbersIn(row.positions), numbersIn(row.versions)];
	const [times, flags] = [numbersIn(row.times), numbersIn(row.flags)];
	const [ids, types] = [textsIn(row.ids), textsIn(row.types, "\n")];
	const streams = numbersIn(row.streams);
	const names = (jsonOf(row.named) ?? {}) as Readonly<Record<number, StreamName>>;
	return (index: number, data: Uint8Array, metadata: Uint8Array) => {
		const flag = flags[index] as number;
		// Written out: a spread takes as long as all else here.
		const event: RecordedEvent = {
			position: positions[index] as number,
			stream: present(names[streams[index] as number], "the name of a stream"),
			version: own[index] as number,
			id: ids[index] as string,
			type: types[index] as string,
			created: times[index] as number,
			isJson: (flag & FLAG_JSON) !== 0,
			data,
			metadata,
		};
		return flag & FLAG_REDACTED ? { ...event, isRedacted: true as const } : event;
	};
}

/** Cuts one part after another off the content of a page, all of it side by side. */
function cutterOf({ content, isEscaped }: Row, bytes: number): (length: number) => Uint8Array {
	const text = (content as string | null) ?? "";
	const whole = isEscaped ? unescaped(text) : Buffer.from(text, "base64");
	if (whole.length !== bytes) throw new MissingRows("some of the content is missing");
	const isShared = bytes <= SHARED_BYTES_MAX;
	let at = 0;
	return (length) => {
		if (length === 0) return NOTHING;
		at += length;
		const part = whole.subarray(at - length, at);
		return isShared ? part : Buffer.from(part);
	};
}

function numbersIn(list: unknown): number[] {
	return list === null ? [] : JSON.parse(`[${list}]`);
}

function textsIn(list: unknown, between = ","): string[] {
	return list === null ? [] : (list as string).split(between);
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
	const rows = await database.rows(SELECT_EVENTS_AT, values, on);
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
