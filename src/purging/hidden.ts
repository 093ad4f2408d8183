/**
 * Finds the streams whose pages caches must not show any longer, from a commit.
 *
 * A stream is also marked if a link was appended to it, which hides nothing. Metadata with a rule
 * of retention, a tombstone or an erasure hides events. If a client writes the same rule again, the
 * stream is purged again: the rule before is not kept. Another ACL shows them to others.
 */
import { isRefusal } from "../errors.ts";
import { ALL, type StreamName } from "../event.ts";
import type { Commit, HiddenReads, Log } from "../log/log.ts";
import { aclTextOf, parseMetadata } from "../retention/metadata.ts";
import { metadataStream } from "../retention/window.ts";

const TOMBSTONES = "$et-$streamDeleted" as StreamName;
const METADATA = "$et-$metadata" as StreamName;
/** The ACLs of streams that have none themselves. */
const SETTINGS = "$settings" as StreamName;

/**
 * The streams, of those that a commit marked, that show less than before, or show it to others.
 * Everything, if the ACLs of all streams that have none themselves may be others.
 */
export async function streamsHidden(
	log: Log,
	hidden: HiddenReads,
	commit: Commit,
): Promise<StreamName[] | "everything"> {
	const { marked, streams, erasures } = commit;
	if (erasures !== undefined) return [...marked];
	if (streams.has(SETTINGS)) return "everything";
	const found: StreamName[] = [];
	for (const stream of marked) {
		const described = streams.has(metadataStream(stream)) && (await hidesSome(hidden, stream));
		const buried = streams.has(TOMBSTONES) && (await isGone(log, stream));
		if (described || buried) found.push(stream);
	}
	return found;
}

/** Whether a commit has to be examined. */
export function mayHide({ marked, streams }: Commit): boolean {
	return marked.length > 0 || streams.has(SETTINGS);
}

/** The position of the newest event that may have hidden others; -1 if there is none. */
export async function newestHiding(hidden: HiddenReads): Promise<number> {
	const positions = [TOMBSTONES, METADATA, SETTINGS].map(async (stream) => {
		const newest = { from: "head", limit: 1, direction: "backward", content: false } as const;
		const { entries } = await hidden.read({ stream, ...newest, resolve: false });
		return entries[0]?.event.position ?? -1;
	});
	return Math.max(...(await Promise.all(positions)));
}

async function hidesSome(hidden: HiddenReads, stream: StreamName): Promise<boolean> {
	const newest = { from: "head", limit: 2, direction: "backward", content: true } as const;
	const { entries } = await hidden.read({ stream: metadataStream(stream), ...newest });
	const [now = NOTHING, before = NOTHING] = entries.map(({ event }) => event.data);
	// What a scavenge erased may have been any ACL.
	const isUnknown = entries.length === 1 && Number(entries[0]?.version) > 0;
	if (isUnknown || aclTextOf(now) !== aclTextOf(before)) return true;
	// Nothing is ever hidden from the log.
	if (stream === ALL) return false;
	const { maxCount, maxAgeMs, truncateBefore } = parseMetadata(now);
	return (maxCount ?? maxAgeMs ?? truncateBefore) !== undefined;
}

const NOTHING = new Uint8Array(0);

async function isGone(log: Log, stream: StreamName): Promise<boolean> {
	try {
		await log.last(stream);
		return false;
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return true;
		throw error;
	}
}
