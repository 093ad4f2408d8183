/** Makes a store the copy of the log in a file, and tells how far it is. */
import type { Values } from "../../options.ts";
import { type Input, interruptedAfter, summarise } from "../import/send.ts";
import { count, Progress } from "../output/progress.ts";
import { onStopSignal } from "../signals.ts";
import { EXIT, number } from "../verb.ts";
import { serverOf } from "./admin.ts";
import { ExactImport, type State } from "./exact.ts";

/** @returns the exit code */
export async function sendExact(
	state: State,
	{ source, chunks }: Input,
	values: Values,
): Promise<number> {
	const startedAt = performance.now();
	const stop = new AbortController();
	const server = serverOf(values, stop.signal, number(values, "retrySeconds") * 1000);
	const exact = new ExactImport(
		{ ...server, onWait: (why) => progress.say(`${why}; trying again`) },
		state,
	);
	const progress = new Progress(process.stderr, {
		events: () => exact.done.events,
		fraction: () => source.bytes && source.bytesRead() / source.bytes,
	});
	const stopListening = onStopSignal(() => {
		stop.abort();
		source.close();
	});
	let isRaised = false;
	try {
		let line = 0;
		for await (const lines of chunks) {
			for (const text of lines) {
				line++;
				if (text.trim() !== "") await exact.take(text, line);
			}
		}
		isRaised = await exact.finish();
	} catch (error) {
		if (!stop.signal.aborted) throw error;
	} finally {
		stopListening();
		progress.close();
		source.close();
	}
	const done = summarise(exact.done, exact.streams.size, performance.now() - startedAt);
	if (stop.signal.aborted) return interruptedAfter(done);
	const more = exact.more === 0 ? "" : `, and has ${count(exact.more)} more behind them`;
	process.stdout.write(`${done}; the store has the events of the source at their places${more}\n`);
	if (isRaised) {
		process.stderr.write(
			"varve: the source has another history number; restart the server, so that it serves the copy " +
				"under that number, too\n",
		);
	}
	return EXIT.done;
}
