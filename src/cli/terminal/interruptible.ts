/** Work that takes its time: it shows its progress, and a signal can stop it. */
import { standardStream } from "../../observe/standard.ts";
import { type Measure, Progress } from "../output/progress.ts";
import { note } from "../output/standard.ts";
import { onStopSignal } from "../signals.ts";
import { EXIT } from "../verb.ts";

/** Prints `done`, the finished part of the work, then shows the progress of the next part. */
type Show = (measure: Measure, done?: string) => void;

/**
 * Runs work that shows its progress and that a signal can stop.
 * @param work returns a function that prints the result, after the progress has gone
 */
export async function interruptible(
	work: (signal: AbortSignal, show: Show) => Promise<() => number>,
): Promise<number> {
	const stop = new AbortController();
	let progress: Progress | undefined;
	const stopListening = onStopSignal(() => stop.abort());
	const show: Show = (measure, done) => {
		progress?.close();
		if (done !== undefined) note(`${done}\n`);
		progress = new Progress(standardStream(2), measure);
	};
	try {
		const say = await work(stop.signal, show);
		progress?.close();
		return say();
	} catch (error) {
		progress?.close();
		if (!stop.signal.aborted) throw error;
		note("interrupted\nRun the same command again to continue.\n");
		return EXIT.interrupted;
	} finally {
		stopListening();
	}
}
