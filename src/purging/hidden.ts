/**
 * Finds the streams whose pages caches must not show any longer, from a commit.
 *
 * A stream is also marked if a link was appended to it, which hides nothing. Metadata with a rule
 * of retention, a tombstone or an erasure hides events. If a client writes the same rule again, the
 * stream is purged again: the rule before is not kept.
 */
import { isRefusal } from "../errors.ts";
import { ALL, type StreamName } from "../event.ts";
import type { Commit, HiddenReads, Log } from "../log/log.ts";
import { parseMetadata } from "../retention/metadata.ts";
import { metadataStream } from "../retention/window.ts";

const TOMBSTONES = "$et-$streamDeleted" as StreamName;
const METADATA = "$et-$metadata" as StreamName;

/** The streams, of those that a commit marked, that show less than before. */
export async function streamsHidden(
	log: Log,
	hidden: HiddenReads,
	commit: Commit,
): Promise<StreamName[]> {
	const { marked, streams, erasures } = commit;
	if (erasures !== undefined) return [...marked];
	const found: StreamName[] = [];
	for (const stream of marked) {
		const described = streams.has(metadataStream(stream)) && (await hidesSome(hidden, stream));
		const buried = streams.has(TOMBSTONES) && (await isGone(log, stream));
		if (described || buried) found.push(stream);
	}
	return found;
}

/** The position of the newest event that may have hidden others; -1 if there is none. */
export async function newestHiding(hidden: HiddenReads): Promise<number> {
	const positions = [TOMBSTONES, METADATA].map(async (stream) => {
		const newest = { from: "head", limit: 1, direction: "backward", content: false } as const;
		const { entries } = await hidden.read({ stream, ...newest, resolve: false });
		return entries[0]?.event.position ?? -1;
	});
	return Math.max(...(await Promise.all(positions)));
}

async function hidesSome(hidden: HiddenReads, stream: StreamName): Promise<boolean> {
	// Nothing is ever hidden from the log.
	if (stream === ALL) return false;
	const newest = { from: "head", limit: 1, direction: "backward", content: true } as const;
	const { entries } = await hidden.read({ stream: metadataStream(stream), ...newest });
	const { maxCount, maxAgeMs, truncateBefore } = parseMetadata(
		entries[0]?.event.data ?? new Uint8Array(0),
	);
	return (maxCount ?? maxAgeMs ?? truncateBefore) !== undefined;
}

async function isGone(log: Log, stream: StreamName): Promise<boolean> {
	try {
		await log.last(stream);
		return false;
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return true;
		throw error;
	}
}
