/**
 * A replay: the entries of a stream from the place a client names to its end, in steps.
 *
 * Only one step is in memory. Its size follows the size of the events: a step of small events has
 * many of them, and a step of large ones few. A replay ends at the head of the moment it began, so
 * it has an end even if the stream grows faster than its reader reads.
 */
import type { PageRange } from "../../feeds/geometry.ts";
import type { Entry } from "../../feeds/model.ts";
import { isRefusal, Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import type { LogReads, Range, Slice } from "../log/log.ts";
import { composeEvents, type Urls } from "./entry.ts";

const STEP_MIN = 1;
export const STEP_FIRST = 20;
/** Beyond this a larger step reads no faster. */
const STEP_MAX = 500;
/** The size that a step aims at. */
const STEP_BYTES = 512 * 1024;

export type Replay = Pick<PageRange, "from" | "direction"> & { readonly stream: StreamName };

/**
 * Reads a replay; each step is a batch of entries in its direction. The first one may be empty.
 * @throws Refusal `stream-not-found` if the stream has no events (`$all` always exists)
 */
export async function* readReplay(
	log: LogReads,
	urls: Urls,
	replay: Replay,
): AsyncGenerator<Entry[]> {
	const { stream, direction } = replay;
	let from = replay.from;
	let limit = STEP_FIRST;
	let end: Version | undefined;
	for (;;) {
		const slice = await readStep(log, { stream, from, limit, direction, content: true });
		if (slice.last < 0 && stream !== ALL) throw new Refusal("stream-not-found", { stream });
		end ??= direction === "forward" ? slice.last : 0;
		const until = end;
		const entries = slice.entries.filter(
			({ version }) => direction === "backward" || version <= until,
		);
		yield composeEvents(urls, stream, entries);
		const next = nextFrom(replay, slice, from, until);
		if (next === undefined) return;
		from = next;
		limit = stepAfter(slice);
	}
}

/** What a step found, and how many versions it looked at, which may be fewer than it was to. */
export type Step = Slice & { readonly limit: number };

/**
 * Reads a step. If its events are much larger than the ones before, it may be too large; and it may
 * reach a damaged event. Then it reads a single event instead.
 */
export async function readStep(log: Pick<LogReads, "read">, range: Range): Promise<Step> {
	try {
		return { ...(await log.read(range)), limit: range.limit };
	} catch (error) {
		const isSmaller = isRefusal(error, "page-too-large") || isRefusal(error, "log-damaged");
		if (!isSmaller || range.limit === STEP_MIN) throw error;
		return { ...(await log.read({ ...range, limit: STEP_MIN })), limit: STEP_MIN };
	}
}

/** How many entries to read after a step that was like this. */
export function stepAfter({ entries }: Slice): number {
	if (entries.length === 0) return STEP_MAX;
	let bytes = 0;
	for (const { event } of entries) bytes += event.data.length + event.metadata.length;
	const fitting = Math.floor((STEP_BYTES * entries.length) / Math.max(bytes, 1));
	return Math.max(STEP_MIN, Math.min(STEP_MAX, fitting));
}

/** Where the next step starts; undefined at the end. A step may find none: events may be gone. */
function nextFrom(
	{ direction }: Replay,
	step: Step,
	from: Range["from"],
	end: Version,
): Version | undefined {
	const { entries, last, gap, limit } = step;
	const reached = entries.at(-1)?.version;
	if (direction === "forward") {
		const next = reached === undefined ? passed(step, Number(from), limit) : reached + 1;
		return next > end ? undefined : next;
	}
	const start = from === "head" ? last : from;
	// Nothing is beyond the head, however far beyond it a client starts.
	const searched = Math.min(start - limit, last, Number(gap?.first ?? Infinity) - 1);
	const next = reached === undefined ? searched : reached - 1;
	return next < end ? undefined : next;
}

/**
 * Where to read on, forward, after a read from `from` that found nothing: events may be gone.
 * @param limit of that read; of a step its own, since it may be smaller than was asked for
 */
export function passed({ gap, retention }: Slice, from: Version, limit: number): Version {
	return Math.max(from + limit, Number(gap?.last ?? -1) + 1, retention?.first ?? 0);
}
