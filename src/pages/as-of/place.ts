/** Finds the newest event of a stream as of a moment: by binary search, as `../moment.ts` does. */
import { Refusal } from "../../errors.ts";
import { ALL, type StreamName, type Version } from "../../event.ts";
import type { LogReads } from "../../log/log.ts";
import { findFirst, timeOf } from "../moment.ts";
import type { AsOf } from "./query.ts";

export type PlaceAsOf = {
	/** The newest version as of then; -1 if the stream began later. */
	readonly at: Version;
	/** The newest version now. */
	readonly last: Version;
};

/**
 * A time or a position beyond the end means now, since nothing else has happened yet.
 * @throws Refusal `stream-not-found` if the stream has no events (`$all` always exists),
 *   `event-not-found` for a version that the stream does not have yet, and as a read of the stream
 */
export async function findAsOf(log: LogReads, stream: StreamName, asOf: AsOf): Promise<PlaceAsOf> {
	if (asOf.kind === "time") {
		const { first, last } = await findFirst(log, stream, (entry) => timeOf(entry) >= asOf.before);
		return { at: first - 1, last };
	}
	if (asOf.kind === "position" && stream !== ALL) {
		const { first, last } = await findFirst(
			log,
			stream,
			({ event, link }) => Number((link ?? event).position) > Number(asOf.position),
		);
		return { at: first - 1, last };
	}
	const last = await log.last(stream);
	if (last < 0 && stream !== ALL) throw new Refusal("stream-not-found", { stream });
	// The versions of `$all` are the positions.
	if (asOf.kind === "position") return { at: Math.min(Number(asOf.position), Number(last)), last };
	const { version } = asOf;
	if (version > last) throw new Refusal("event-not-found", { stream, eventNumber: version });
	return { at: version, last };
}
