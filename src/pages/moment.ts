/**
 * Where in a stream a moment lies: by halving, since `created` never falls along the log, and so
 * along no stream. A stream of a million events takes 20 reads of one event without its data.
 */
import { Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import type { Log } from "../log/log.ts";

export type Moment = {
	/** The version of the first event at or after the moment; beyond `last` where there is none. */
	readonly first: Version;
	readonly last: Version;
};

/**
 * @param time milliseconds since 1970, UTC
 * @throws Refusal `stream-not-found` where the stream has no events (`$all` always exists)
 */
export async function findMoment(log: Log, stream: StreamName, time: number): Promise<Moment> {
	const last = await log.last(stream);
	if (last < 0 && stream !== ALL) throw new Refusal("stream-not-found", { stream });
	let low = 0;
	let high = last + 1;
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		if (await isBefore(log, stream, middle, time)) low = middle + 1;
		else high = middle;
	}
	return { first: low, last };
}

/** An event that is gone counts as earlier: those that go are the oldest. */
async function isBefore(
	log: Log,
	stream: StreamName,
	version: Version,
	time: number,
): Promise<boolean> {
	const range = { stream, from: version, limit: 1, direction: "forward", content: false } as const;
	const [entry] = (await log.read(range)).entries;
	return entry === undefined || entry.event.created < time;
}
