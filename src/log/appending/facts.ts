/**
 * The facts that an engine gives while an append or a delete is planned.
 *
 * An engine that finds out at once answers each question as it is asked: SQLite does, inside its
 * transaction, and most appends ask two. An engine that cannot (its database is behind a network)
 * fetches what `factsNeeded` names, for all appends of a group in one round trip, and answers from
 * that: `fetched.ts`. So the plans are plain functions, and no engine repeats a rule.
 */
import type { StreamName, Version } from "../../event.ts";
import { parseMetadata } from "../../retention/metadata.ts";
import { describedStream, effectiveMetadata } from "../../retention/window.ts";

export interface Facts {
	/** As `lifecycleOf` says. */
	lifecycleOf(stream: StreamName): Lifecycle;
	/** The last version of a stream, shown or not; -1 if it has no events. */
	lastOf(stream: StreamName): Version;
	/** The metadata that was written last for a stream. */
	metadataOf(stream: StreamName): NewestMetadata;
	/** The lowest version of the batch's stream that has the id of the batch's event `index`. */
	versionOf(index: number): Version | undefined;
	/** Whether the event at `version` of the batch's stream has the id of the batch's `index`. */
	isAt(index: number, version: Version): boolean;
	/** The id of the batch's event `index`, as clients write it. */
	idOf(index: number): string;
}

/** Whether a stream was deleted: so that it may come back, or for ever. */
export type Lifecycle = "live" | "soft-deleted" | "hard-deleted";

/** The newest event of a metadata stream: its version there (-1 if there is none), and its data. */
export type NewestMetadata = {
	readonly last: Version;
	readonly data: Uint8Array | undefined;
};

/**
 * Whether a stream lives. A metadata stream ends with the stream it describes, and is never deleted
 * softly.
 * @param hasTombstone of the stream, or of the one it describes
 * @param metadata called only if the answer depends on it
 */
export function lifecycleOf(
	stream: StreamName,
	hasTombstone: boolean,
	metadata: () => NewestMetadata,
): Lifecycle {
	if (hasTombstone) return "hard-deleted";
	if (describedStream(stream) !== undefined) return "live";
	return isHidden(stream, metadata().data) ? "soft-deleted" : "live";
}

/** Whether metadata hides all events of a stream: that is what a soft delete does. */
export function isHidden(stream: StreamName, metadata: Uint8Array | undefined): boolean {
	return effectiveMetadata(stream, metadata && parseMetadata(metadata)).isDeleted;
}

/** The facts to fetch before an append or a delete is planned. */
export type FactsNeeded = {
	/** The streams whose last version, tombstone and newest metadata may be asked for. */
	readonly streams: readonly StreamName[];
	/** The ids whose places in `streams[0]` may be asked for. */
	readonly ids: readonly string[];
};

export function factsNeeded(
	stream: StreamName,
	events: readonly { readonly id: string }[],
): FactsNeeded {
	const described = describedStream(stream);
	const streams = described === undefined ? [stream] : [stream, described];
	return { streams, ids: events.map(({ id }) => id) };
}
