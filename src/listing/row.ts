/** What a list shows of one stream, looked up when it is asked for. */
import { isRefusal } from "../errors.ts";
import type { StreamName, Version } from "../event.ts";
import type { Log, LogReads, StreamEntry, VersionRange } from "../log/log.ts";
import { passed } from "../pages/replay.ts";

export type ListedStream = ListedEnds & {
	readonly stream: StreamName;
	/** How many events it shows; if some within were erased, at most so many. */
	readonly events: number;
	/**
	 * Of their data and metadata; of many events an estimate, by the newest ones. With
	 * `order=bytes`, of all that the disk holds, shown or not.
	 */
	readonly bytes: number;
	readonly isEstimate?: true;
	/** -1 if it shows none. */
	readonly lastVersion: Version;
	readonly deleted: "no" | "until-appended" | "for-ever";
};

/** Of the oldest and the newest event that are shown; absent if there is none. */
export type ListedEnds = {
	readonly firstType?: string;
	readonly lastType?: string;
	/** Milliseconds since 1970. */
	readonly created?: number;
	readonly changed?: number;
	/** Where the newest stands in the log. */
	readonly position?: number;
};

/** Where a row comes from: events as the list's reader may read them, and sizes. */
export type ListedLog = {
	readonly reads: Pick<LogReads, "read">;
	readonly bytes: Pick<Log, "bytesOf">;
};

const NOTHING = { events: 0, bytes: 0, lastVersion: -1 } as const;
/** More are not looked at for a row. */
const MEASURED_MAX = 100;
/** If the oldest event is hidden, so many look-ups find the next one. */
const STEPS_MAX = 3;
const STEP = 20;

/**
 * @returns undefined if the reader may see none of the events at both ends: the name of an index
 *   stream is the type, the category or the correlation of its events
 * @throws Refusal as a read of the log, but `stream-deleted` and `unauthorized`
 */
export async function rowOf(
	{ reads, bytes }: ListedLog,
	stream: StreamName,
): Promise<ListedStream | undefined> {
	try {
		const { last, newest, isWhole } = await newestOf(reads, stream);
		if (last < 0) return { stream, ...NOTHING, deleted: "until-appended" };
		const oldest = await oldestOf(reads, stream, last);
		if (!isWhole && newest === undefined && oldest === undefined) return undefined;
		const first = oldest?.version ?? last;
		const shown = { stream, first, last: newest?.version ?? first };
		return {
			stream,
			events: Number(last) - Number(first) + 1,
			...(await sizeOf(bytes, isWhole ? { ...shown, last } : shown, last)),
			lastVersion: last,
			deleted: "no",
			...endsOf(oldest, newest),
		};
	} catch (error) {
		// The right was taken away meanwhile.
		if (isRefusal(error, "unauthorized")) return undefined;
		if (!isRefusal(error, "stream-deleted")) throw error;
		return { stream, ...NOTHING, deleted: "for-ever" };
	}
}

/** The newest event, or of the newest ones that one that the list's reader may see. */
async function newestOf(reads: Pick<LogReads, "read">, stream: StreamName) {
	const newest = { stream, from: "head", direction: "backward", content: false } as const;
	const { last, entries, withheld } = await reads.read({ ...newest, limit: 1 });
	const isWhole = withheld === undefined;
	if (isWhole || entries[0]) return { last, newest: entries[0], isWhole };
	const further = await reads.read({ ...newest, limit: STEP });
	return { last: further.last, newest: further.entries[0], isWhole };
}

/**
 * The lists of index streams have hundreds of rows, and their events are those of others: of such a
 * stream, the newest event that is shown stands for all.
 */
async function sizeOf(
	log: Pick<Log, "bytesOf">,
	{ stream, first, last: shown }: VersionRange,
	last: Version,
): Promise<Pick<ListedStream, "bytes" | "isEstimate">> {
	const events = Number(last) - Number(first) + 1;
	const measured = Math.min(events, stream.startsWith("$") ? 1 : MEASURED_MAX);
	const bytes = await log.bytesOf({ stream, first: Number(shown) - measured + 1, last: shown });
	if (measured === events) return { bytes };
	return { bytes: Math.round((bytes / measured) * events), isEstimate: true };
}

function endsOf(oldest: StreamEntry | undefined, newest: StreamEntry | undefined): ListedEnds {
	const first = oldest && { firstType: oldest.event.type, created: timeOf(oldest) };
	if (!newest) return { ...first };
	const { position } = newest.link ?? newest.event;
	return { ...first, lastType: newest.event.type, changed: timeOf(newest), position };
}

/** The time of the entry itself: a link may be younger than the event it shows. */
function timeOf({ event, link }: StreamEntry): number {
	return (link ?? event).created;
}

async function oldestOf(
	log: Pick<LogReads, "read">,
	stream: StreamName,
	last: Version,
): Promise<StreamEntry | undefined> {
	let from: Version = 0;
	for (let step = 0; step < STEPS_MAX && from <= last; step++) {
		const limit = step === 0 ? 1 : STEP;
		const range = { stream, from, limit, direction: "forward", content: false } as const;
		const slice = await log.read(range);
		if (slice.entries[0]) return slice.entries[0];
		from = passed(slice, from, limit);
	}
	return undefined;
}
