/** Makes a store the copy of the log in a file, and tells how far it is. */
import { standardStream } from "../../observe/standard.ts";
import type { Values } from "../../options.ts";
import { type Input, interruptedAfter } from "../import/send.ts";
import { count, Progress } from "../output/progress.ts";
import { note, report } from "../output/standard.ts";
import { onStopSignal } from "../signals.ts";
import { EXIT } from "../verb.ts";
import { writtenServer } from "./admin.ts";
import { ExactImport, type State } from "./exact.ts";

/** @returns the exit code */
export async function sendExact(
	state: State,
	{ source, chunks }: Input,
	values: Values,
): Promise<number> {
	const startedAt = performance.now();
	const stop = new AbortController();
	const server = writtenServer(values, stop.signal);
	const exact = new ExactImport(
		{ ...server, onWait: (why) => progress.say(`${why}; trying again`) },
		state,
	);
	const progress = new Progress(standardStream(2), {
		events: () => exact.done.events,
		fraction: () => exact.done.fraction(source),
	});
	const stopListening = onStopSignal(() => {
		stop.abort();
		source.close();
	});
	let isRaised = false;
	try {
		let line = 0;
		for await (const lines of chunks) {
			exact.done.read(lines);
			for (const text of lines) {
				line++;
				const isEvent = text.trim() !== "";
				if (isEvent) await exact.take(text, line);
				exact.done.taken(text, isEvent);
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
	const done = exact.done.summary(performance.now() - startedAt);
	if (stop.signal.aborted) return interruptedAfter(done);
	const more = exact.more === 0 ? "" : `, and has ${count(exact.more)} more behind them`;
	report(`${done}; the store has the events of the source at their places${more}\n`);
	if (isRaised) {
		note(
			"varve: the source has another history number; restart the server, so that it serves the copy " +
				"under that number, too\n",
		);
	}
	return EXIT.done;
}
