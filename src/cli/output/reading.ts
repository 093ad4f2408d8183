/** How far a reader has come, on a terminal, while the events go to a file or another program. */
import type { Progress as Reached } from "../../../feeds/reader/pages/progress.ts";
import { Progress } from "./progress.ts";

/** What a verb gives its reader, and closes at the end. */
export type ShownReading = {
	/** For the reader; nothing if nobody would see it. */
	readonly options: { readonly onProgress?: (reached: Reached) => void };
	close(): void;
};

/** @param from the first event that the reader was to hand out */
export function showReading(from: number): ShownReading {
	const { stderr, stdout } = process;
	// On one terminal, lines and a bar would overwrite each other.
	if (!stderr.isTTY || stdout.isTTY) return { options: {}, close: () => undefined };
	let last: Reached | undefined;
	const progress = new Progress(stderr, {
		events: () => last?.events ?? 0,
		fraction: () => fractionOf(from, last),
	});
	return {
		options: {
			onProgress: (reached) => {
				last = reached;
			},
		},
		close: () => progress.close(),
	};
}

function fractionOf(from: number, reached: Reached | undefined): number | undefined {
	if (reached?.head === undefined || reached.head < from) return undefined;
	return ((reached.at ?? from - 1) - from + 1) / (reached.head - from + 1);
}
