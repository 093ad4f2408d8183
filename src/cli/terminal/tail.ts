/** `varve tail`: the newest events of a stream, and those to come, for people. */
import type { ReadEvent } from "../../../feeds/reader/event.ts";
import type { ReadOptions } from "../../../feeds/reader/options.ts";
import { standardStream } from "../../observe/standard.ts";
import type { Arguments } from "../../options.ts";
import { Printer } from "../output/printer.ts";
import { note } from "../output/standard.ts";
import { RETRIES_MAX, readOptions } from "../read.ts";
import { onStopSignal } from "../signals.ts";
import { CLIENT_OPTIONS, EXIT, number, type Verb } from "../verb.ts";
import { type EventLines, PlainLines, TableLines } from "./event-lines.ts";
import { columnsOf, paintFor } from "./paint.ts";

const ALL = "$all";

export const tail: Verb = {
	name: "tail",
	summary: "Show the newest events, and new ones as they come",
	operands: ["[STREAM]"],
	purpose: `Shows the newest events of a stream (without STREAM, those of $all), and then new ones.
		On a terminal it is a table: time, number, stream, type, and the beginning of the data. It has
		colours unless NO_COLOR is set, and fits the width. Elsewhere it is one line an event, with tabs
		between time, number, stream and version, type and all of the data. Characters that a terminal
		would act on are shown as escapes. For programs, varve follow prints JSON and can keep its
		place. The command ends on SIGINT, on SIGTERM, or when the program that reads its output ends.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "lines",
			flag: "lines",
			kind: "whole-number",
			default: 10,
			min: 0,
			max: 1000,
			perCall: true,
			help: "Begin with so many of the newest events.",
		},
		{
			name: "noFollow",
			flag: "no-follow",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "End at the newest event.",
		},
	],
	examples: [
		"varve tail",
		"varve tail order-42 --lines 50",
		"varve tail '$ce-order' | cut -f 1,3,4",
	],
	run,
};

async function run({ operands: [stream = ALL], values }: Arguments): Promise<number> {
	const printer = new Printer(standardStream(1));
	const stop = new AbortController();
	const stopListening = onStopSignal(() => stop.abort());
	printer.signal.addEventListener("abort", () => stop.abort());
	const { signal } = stop;
	const options = { ...readOptions([stream], values), signal };
	const lines = linesFor(stream);
	for await (const event of await newest(options, number(values, "lines"), !values.noFollow)) {
		await printer.print(lines.of(event));
	}
	await printer.flushed();
	stopListening();
	return EXIT.done;
}

function linesFor(stream: string): EventLines {
	if (!standardStream(1).isTTY) return new PlainLines();
	// A stream of the server's own shows events of others.
	const isMixed = stream.startsWith("$") && !stream.startsWith("$$");
	return new TableLines(columnsOf, paintFor(process.env), isMixed);
}

async function newest(
	options: ReadOptions,
	lines: number,
	follow: boolean,
): Promise<AsyncIterable<ReadEvent>> {
	const { readBackward } = await import("../output/backward.ts");
	const { readStream } = await import("../../../feeds/node/index.ts");
	let from: number | undefined;
	for await (const { at } of readBackward({ ...options, retriesMax: RETRIES_MAX }, undefined)) {
		from = Math.max(0, at + 1 - lines);
		break;
	}
	if (from === undefined && !options.signal?.aborted) {
		const waiting = follow ? "; waiting for the first one" : "";
		note(`varve: ${options.stream} has no events${waiting}\n`);
	}
	from ??= 0;
	if (!follow) return readStream({ ...options, from, retriesMax: RETRIES_MAX });
	return readStream({ ...options, from, follow: true });
}
