/** Sends the lines of a file as appends, many streams at once: `varve import` without places. */
import { setMaxListeners } from "node:events";
import { standardStream } from "../../observe/standard.ts";
import type { Values } from "../../options.ts";
import { Progress } from "../output/progress.ts";
import { note, report } from "../output/standard.ts";
import { onStopSignal } from "../signals.ts";
import { credentials, EXIT, number, text } from "../verb.ts";
import { Connection } from "./connection.ts";
import type { Target } from "./deliver.ts";
import type { Items } from "./items.ts";
import { Lanes } from "./lanes.ts";
import type { LineSource } from "./lines.ts";

/** Lines named for what has no effect; a writer that errs does so in every line. */
const IGNORED_TOLD_MAX = 20;

export type Input = {
	readonly source: LineSource;
	readonly chunks: AsyncIterable<readonly string[]>;
};

/**
 * @param tellLosses says what the copy has not got
 * @returns the exit code
 */
export async function send(
	items: Items,
	{ source, chunks }: Input,
	values: Values,
	tellLosses: () => void,
): Promise<number> {
	const startedAt = performance.now();
	const stop = new AbortController();
	// Each waiting request listens to it.
	setMaxListeners(0, stop.signal);
	stop.signal.addEventListener("abort", () => source.close());
	const target = targetOf(
		values,
		stop,
		(reason) => say(reason),
		(line) => progress.say(line),
	);
	const connections = Array.from(
		{ length: number(values, "inFlight") },
		() => new Connection(target.url),
	);
	const lanes = new Lanes(target, connections);
	const progress = new Progress(standardStream(2), {
		events: () => lanes.done.events,
		fraction: () => lanes.done.fraction(source),
	});
	const say = oncePerReason(progress);
	let interrupted = false;
	const stopListening = onStopSignal(() => {
		progress.say("stopping: waiting for the requests that run");
		interrupted = true;
		stop.abort();
	});
	try {
		await pump(items, chunks, lanes);
	} finally {
		stopListening();
		progress.close();
		for (const connection of connections) connection.close();
	}
	const done = lanes.done.summary(performance.now() - startedAt);
	if (interrupted) return interruptedAfter(done);
	tellLosses();
	report(`${done}\n`);
	return EXIT.done;
}

export function interruptedAfter(done: string): number {
	note(`interrupted: ${done}\nRun the same command again to continue.\n`);
	return EXIT.interrupted;
}

/** Delivers everything before a malformed line, and nothing after it. */
async function pump(
	items: Items,
	chunks: AsyncIterable<readonly string[]>,
	lanes: Lanes,
): Promise<void> {
	let malformed: unknown;
	try {
		for await (const lines of chunks) {
			lanes.done.read(lines);
			for (const text of lines) {
				if (lanes.full) await lanes.room();
				if (lanes.stopped) break;
				const next = items.next(text);
				lanes.done.taken(text, next !== undefined);
				if (next) lanes.push(next.stream, next.item);
			}
			if (lanes.stopped) break;
		}
		if (!lanes.stopped) for (const { stream, item } of items.rest()) lanes.push(stream, item);
	} catch (error) {
		// After a stop, the input was closed while it was read.
		if (!lanes.stopped) malformed = error;
	}
	await lanes.settled();
	if (malformed) throw malformed;
}

function targetOf(
	values: Values,
	stop: AbortController,
	onWait: Target["onWait"],
	say: (line: string) => void,
): Target {
	const url = new URL(text(values, "url"));
	const headers = Object.entries({ Host: url.host, ...credentials(values) })
		.map(([name, value]) => `${name}: ${value}\r\n`)
		.join("");
	let told = 0;
	const onIgnored = (line: number, ignored: string) => {
		told++;
		if (told <= IGNORED_TOLD_MAX) say(`line ${line}: ${ignored}`);
		if (told === IGNORED_TOLD_MAX) say("no more lines are named for what has no effect");
	};
	const retryMsMax = number(values, "retrySeconds") * 1000;
	return { url, headers, retryMsMax, tookAtMs: Date.now(), stop, onWait, onIgnored };
}

/** Reports a reason once, even if 64 connections find the server away. */
function oncePerReason(progress: Progress): (reason: string) => void {
	let said = "";
	let saidAt = 0;
	return (reason) => {
		if (reason === said && performance.now() - saidAt < 30_000) return;
		said = reason;
		saidAt = performance.now();
		progress.say(`${reason}; trying again`);
	};
}
