/** The progress of a backup or a restore. */
import type { Verification } from "../log/log.ts";
import { verifyDirectory } from "../log/sqlite/copies.ts";

export type Measure = {
	/** Done with so far: events, or whatever `unit` says. */
	events(): number;
	readonly unit?: string;
	/** From 0 to 1. */
	fraction(): number;
};

/** Verifies a copy, and reports the progress. */
export function verifyCopy(
	directory: string,
	{ signal, verifying }: { signal?: AbortSignal; verifying?(measure: Measure): void },
): Promise<Verification> {
	let done = { events: 0, fraction: 0 };
	verifying?.({ events: () => done.events, fraction: () => done.fraction });
	const onProgress = (now: typeof done) => {
		done = now;
	};
	return verifyDirectory(directory, { onProgress, ...(signal && { signal }) });
}
