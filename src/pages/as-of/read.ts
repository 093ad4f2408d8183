/**
 * A stream as of a moment: its newest events until then, and the object that they make. The work
 * is bounded: of a long stream the newest events alone are read, and the answer says from where.
 */
import { setImmediate } from "node:timers/promises";
import { ALL, type StreamName, type Version } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import type { LogReads } from "../../log/log.ts";
import { readStep, STEP_FIRST, type Step, stepAfter } from "../replay.ts";
import { KEYS_MAX, type Merged, merge, type ReadEvent, readEvent } from "./merge.ts";
import { findAsOf, type PlaceAsOf } from "./place.ts";
import type { AsOf } from "./query.ts";

/** Some 20 ms of reading. */
export const EVENTS_MAX = 1000;
/** Twice the largest event: some 50 ms of parsing. */
export const BYTES_MAX = 8 * 1024 * 1024;
/** Some 100 ms of parsing. */
const KEYS_IN_ALL_MAX = 2 * KEYS_MAX;
/** Events of several streams make no object; of them a page is shown. */
const OF_SEVERAL_MAX = 20;

export type StreamAsOf = PlaceAsOf &
	Merged & {
		/** The lowest version that is shown now: metadata and erasures hide those below. */
		readonly first: Version;
		/** The lowest version that was looked at. */
		readonly from: Version;
		/** Whether the events are those of one stream, so that they make an object. */
		readonly isObject: boolean;
	};

/**
 * @param log as the reader may read it
 * @param times the log in which moments are found: an event that is left out has one, too
 * @throws Refusal as `findAsOf`, and as a read of the stream
 */
export async function readAsOf(
	log: LogReads,
	stream: StreamName,
	asOf: AsOf,
	times = log,
): Promise<StreamAsOf> {
	const place = await findAsOf(times, stream, asOf);
	const isObject = !makesNoObject(stream);
	const { read, bounds } = await readBack(
		log,
		stream,
		place.at,
		isObject ? EVENTS_MAX : OF_SEVERAL_MAX,
	);
	return { ...place, ...merge(read.toReversed()), ...bounds, isObject };
}

/** Whether a stream holds the events of others. */
function makesNoObject(stream: StreamName): boolean {
	return stream === ALL || isIndexStream(stream);
}

type Bounds = Pick<StreamAsOf, "first" | "from">;

/** Reads the events with what they set, the newest first. */
async function readBack(log: LogReads, stream: StreamName, at: Version, eventsMax: number) {
	const read: ReadEvent[] = [];
	const range = { stream, direction: "backward", content: true } as const;
	const budget = new Budget();
	let [next, first, step] = [Number(at), 0, Math.min(STEP_FIRST, eventsMax)];
	while (next >= first && !budget.isSpent && Number(at) - next < eventsMax) {
		const limit = Math.min(step, eventsMax - (Number(at) - next), next + 1);
		const slice = await readStep(log, { ...range, from: next, limit });
		first = Math.max(first, Number(slice.retention?.first ?? 0));
		let lowest = lowestOf(slice, next);
		for (const entry of slice.entries) {
			const one = readEvent(entry);
			read.push(one);
			budget.spend(one);
			if (!budget.isSpent) continue;
			lowest = Number(entry.version);
			break;
		}
		next = lowest - 1;
		step = stepAfter(slice);
		// Others have their turn between two steps.
		await setImmediate();
	}
	const bounds: Bounds = { first, from: Math.max(next + 1, first) };
	return { read, bounds };
}

/** What one answer may read; the event that spends the rest of it still counts. */
class Budget {
	#bytes = BYTES_MAX;
	#keys = KEYS_IN_ALL_MAX;

	get isSpent(): boolean {
		return this.#bytes <= 0 || this.#keys <= 0;
	}

	spend({ entry: { event }, sent }: ReadEvent): void {
		this.#bytes -= event.data.length + event.metadata.length;
		// One that was given up on was read that far.
		this.#keys -= sent === "too many keys" ? KEYS_MAX : typeof sent === "string" ? 0 : sent.size;
	}
}

/** The lowest version that a step looked at. */
function lowestOf({ entries, gap, limit }: Step, start: number): number {
	const reached = entries.at(-1)?.version;
	if (reached !== undefined) return Number(reached);
	return Math.max(0, gap ? Number(gap.first) : start - limit + 1);
}
