/** What a run has done and holds, for whoever looks at its projection. */
import type { Keeper } from "../keeping/keeper.ts";
import { NO_WORK, type Work } from "../status.ts";
import type { Run } from "./run.ts";

/** @param kept of a projection that does not run */
export function workOf(run: Run | undefined, kept: Keeper): Work {
	if (run?.opened === undefined) return { ...NO_WORK, partitions: kept.size };
	const { emitter, reader, keeper } = run.opened;
	const { events, scriptMs, heapBytes, partitions } = run.counts;
	return {
		events,
		scriptMs: Math.round(scriptMs),
		emitted: emitter.counts.written,
		writing: emitter.counts.writing,
		buffered: reader.inHand,
		partitions: Math.max(partitions, keeper.size),
		heapBytes,
	};
}
