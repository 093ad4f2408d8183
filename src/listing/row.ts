/** What a list shows of one stream, looked up when it is asked for. */
import { isRefusal } from "../errors.ts";
import type { StreamName, Version } from "../event.ts";
import type { Log, StreamEntry, VersionRange } from "../log/log.ts";
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

export type ListedLog = Pick<Log, "read" | "bytesOf">;

const NOTHING = { events: 0, bytes: 0, lastVersion: -1 } as const;
/** More are not looked at for a row. */
const MEASURED_MAX = 100;
/** If the oldest event is hidden, so many look-ups find the next one. */
const STEPS_MAX = 3;
const STEP = 20;

/** @throws Refusal as a read of the log, but `stream-deleted` */
export async function rowOf(log: ListedLog, stream: StreamName): Promise<ListedStream> {
	const newest = { stream, from: "head", limit: 1, direction: "backward", content: false } as const;
	try {
		const { last, entries } = await log.read(newest);
		if (last < 0) return { stream, ...NOTHING, deleted: "until-appended" };
		const oldest = await oldestOf(log, stream, last);
		const first = oldest?.version ?? last;
		const events = Number(last) - Number(first) + 1;
		return {
			stream,
			events,
			...(await sizeOf(log, { stream, first, last })),
			lastVersion: last,
			deleted: "no",
			...endsOf(oldest, entries[0]),
		};
	} catch (error) {
		if (!isRefusal(error, "stream-deleted")) throw error;
		return { stream, ...NOTHING, deleted: "for-ever" };
	}
}

/** The lists of index streams have hundreds of rows, and their events are those of others. */
async function sizeOf(
	log: ListedLog,
	{ stream, first, last }: VersionRange,
): Promise<Pick<ListedStream, "bytes" | "isEstimate">> {
	const events = Number(last) - Number(first) + 1;
	const measured = Math.min(events, stream.startsWith("$") ? 1 : MEASURED_MAX);
	const bytes = await log.bytesOf({ stream, first: Number(last) - measured + 1, last });
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
	log: Pick<Log, "read">,
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
