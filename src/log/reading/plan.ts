/**
 * How a range of a stream is read: decided once, for every engine. All facts of a read are of one
 * snapshot.
 *
 *     what is known of the stream   ─▶ planRead     which versions to fetch; refused if it is gone
 *     the entries at these versions ─▶ withTargets  what they lead to (`targets.ts`)
 *     the rest, if it is asked for  ─▶ sliceOf      what is shown (`slice.ts`)
 */
import { Refusal } from "../../errors.ts";
import { ALL, type StreamName, type Version } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import { firstShown, type StreamState } from "../../retention/window.ts";
import type { Range } from "../log.ts";
import { bounds } from "./bounds.ts";

/** What has to be known of a stream before its entries are fetched. */
export type ReadFacts = {
	/** Its last version, shown or not; -1 if it has no events. */
	readonly last: Version;
	/**
	 * Undefined if the stream is nothing but its entries; left out as well to read what is hidden.
	 */
	readonly state: StreamState | undefined;
	/**
	 * Whether entries may change otherwise than by growth. Of an index: whether any stream has
	 * metadata, links or a tombstone. Of any other stream, and of `$all`: whether it holds links.
	 */
	readonly hasMarkedEntries: boolean;
};

export type ReadPlan = {
	readonly range: Range & { readonly resolve: boolean };
	readonly facts: ReadFacts;
	/** The lowest version the range covers. */
	readonly low: Version;
	/** The versions to fetch; none if `from` lies above `to`. */
	readonly from: Version;
	readonly to: Version;
	/** Whether what the entries lead to has to be fetched as well. */
	readonly resolves: boolean;
	/** Milliseconds since 1970. */
	readonly now: number;
};

/** @throws Refusal `stream-deleted` */
export function planRead(asked: Range, facts: ReadFacts, now: number): ReadPlan {
	const { stream, resolve = stream !== ALL } = asked;
	const { last, state, hasMarkedEntries } = facts;
	refuseGone(stream, state);
	const { limit, direction, content } = asked;
	// Written out: a spread here takes 2 µs of the 60 that a read of 20 events does.
	const range = { stream, from: asked.from, limit, direction, content, resolve };
	const { low, high } = bounds(asked.from, limit, direction, last);
	// What `$tb` and `$maxCount` hide need not be fetched.
	const from = state ? Math.max(low, firstShown(state)) : low;
	return { range, facts, low, from, to: high, resolves: resolve && hasMarkedEntries, now };
}

/**
 * The last version a reader of the stream is told of; -1 if it shows no events at all.
 * @throws Refusal `stream-deleted`
 */
export function lastShown(
	stream: StreamName,
	{ last, state }: Pick<ReadFacts, "last" | "state">,
): Version {
	refuseGone(stream, state);
	return state?.metadata.isDeleted ? -1 : last;
}

/** Whether what the range shows may change by anything but growth. */
export function isMarked({ range, facts, resolves }: ReadPlan): boolean {
	if (facts.state) return true;
	return isIndexStream(range.stream) ? facts.hasMarkedEntries : resolves;
}

function refuseGone(stream: StreamName, state: StreamState | undefined): void {
	if (state?.isGone)
		throw new Refusal("stream-deleted", { stream, attempt: "read", forEver: true });
}
