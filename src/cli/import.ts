/** `varve import`: sends NDJSON over HTTP. It can resume, and writes no event twice. */
import { setMaxListeners } from "node:events";
import { basename } from "node:path";
import { standardStream } from "../observe/standard.ts";
import type { Arguments, Values } from "../options.ts";
import { Connection } from "./import/connection.ts";
import type { Target } from "./import/deliver.ts";
import { deriveId, idOf, itemOf, type Line, lineFailure, parseLine } from "./import/event.ts";
import { Lanes } from "./import/lanes.ts";
import { type LineSource, openLines } from "./import/lines.ts";
import { counted } from "./import/tally.ts";
import { Progress } from "./output/progress.ts";
import { note, report } from "./output/standard.ts";
import { onStopSignal } from "./signals.ts";
import {
	CLIENT_OPTIONS,
	credentials,
	EXIT,
	number,
	optionalText,
	text,
	type Verb,
} from "./verb.ts";

export const importVerb: Verb = {
	name: "import",
	summary: "Append the events of an NDJSON file",
	operands: ["[FILE]"],
	purpose: `Appends one event for each line: {"stream","type","data","metadata","id"}; the last two
		are optional. FILE may be compressed with gzip. Without FILE, or with -, the command reads
		standard input. It fills many streams at once, each in the order of the file, and sends data and
		metadata byte for byte. If a line has no id, the command derives one from the source's name, the
		line's place in its stream, and its content. So you can run an interrupted import again: the
		server recognises the events it has, and does not write them twice. If the server is away or
		busy, the command waits. If a line is wrong, the command stops and names the line.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "inFlight",
			flag: "in-flight",
			kind: "whole-number",
			default: 64,
			min: 1,
			max: 1024,
			help: "Requests that run at once. 1 keeps the order of the file across streams.",
		},
		{
			name: "source",
			flag: "source",
			kind: "text",
			default: undefined,
			placeholder: "NAME",
			perCall: true,
			help: "Name from which ids are derived. Default: the file's name without its folder and .gz.",
		},
		{
			name: "retrySeconds",
			flag: "retry-seconds",
			kind: "whole-number",
			default: 60,
			min: 0,
			max: 86_400,
			help: "Seconds to try again while the server fails or is away. 0: for ever.",
		},
		{
			name: "dryRun",
			flag: "dry-run",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Check every line by the server's rules, and send nothing.",
		},
	],
	examples: [
		"varve import events.ndjson.gz",
		"varve import --dry-run events.ndjson",
		"varve export --url http://old:2113 | varve import --url http://new:2113",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const [file = "-"] = operands;
	const source = await openLines(file);
	const reading = readItems(source, optionalText(values, "source") ?? sourceName(file));
	return values.dryRun ? check(reading) : send(reading, source, values);
}

/** Undefined for standard input: two different inputs of that name must not share their ids. */
function sourceName(file: string): string | undefined {
	return file === "-" ? undefined : basename(file).replace(/\.gz$/, "");
}

type Reading = {
	readonly chunks: AsyncIterable<readonly string[]>;
	/** How often each stream was seen: the only memory of earlier lines, one number a stream. */
	readonly ordinals: Map<string, number>;
	readonly source: string | undefined;
	lines: number;
};

function readItems({ chunks }: LineSource, source: string | undefined): Reading {
	return { chunks, ordinals: new Map(), source, lines: 0 };
}

/** The next line as an event; undefined for an empty one. */
function nextItem(reading: Reading, text: string) {
	reading.lines++;
	if (text === "" || text.trim() === "") return undefined;
	const line = parseLine(text, reading.lines);
	const { stream } = line;
	const ordinal = reading.ordinals.get(stream);
	// A slice would keep its whole chunk in memory, as long as the map lives.
	reading.ordinals.set(ordinal === undefined ? unshared(stream) : stream, (ordinal ?? 0) + 1);
	return { stream, item: itemOf(line, idOf(line) ?? derive(reading, line, ordinal ?? 0)) };
}

function unshared(text: string): string {
	return Buffer.from(text, "utf8").toString("utf8");
}

function derive({ source }: Reading, line: Line, ordinal: number): string {
	if (source === undefined)
		throw lineFailure(
			line.number,
			"it has no id; name the input with --source, so that one can be derived",
		);
	return deriveId(source, ordinal, line);
}

async function check(reading: Reading): Promise<number> {
	const { refuseAsServer } = await import("./import/dry-run.ts");
	let events = 0;
	for await (const lines of reading.chunks) {
		for (const text of lines) {
			const next = nextItem(reading, text);
			if (next === undefined) continue;
			refuseAsServer(next.stream, next.item);
			events++;
		}
	}
	const streams = counted(reading.ordinals.size, "stream");
	report(`${counted(events, "event")} in ${streams}; nothing was sent\n`);
	return EXIT.done;
}

async function send(reading: Reading, source: LineSource, values: Values): Promise<number> {
	const startedAt = performance.now();
	const stop = new AbortController();
	// Each waiting request listens to it.
	setMaxListeners(0, stop.signal);
	stop.signal.addEventListener("abort", () => source.close());
	const target = targetOf(values, stop, (reason) => say(reason));
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
		await pump(reading, lanes);
	} finally {
		stopListening();
		progress.close();
		for (const connection of connections) connection.close();
	}
	const summary = lanes.done.summary(performance.now() - startedAt);
	if (!interrupted) {
		report(`${summary}\n`);
		return EXIT.done;
	}
	note(`interrupted: ${summary}\nRun the same command again to continue.\n`);
	return EXIT.interrupted;
}

/** Delivers everything before a malformed line, and nothing after it. */
async function pump(reading: Reading, lanes: Lanes): Promise<void> {
	let malformed: unknown;
	try {
		for await (const lines of reading.chunks) {
			lanes.done.read(lines);
			for (const text of lines) {
				if (lanes.full) await lanes.room();
				if (lanes.stopped) break;
				const next = nextItem(reading, text);
				lanes.done.taken(text, next !== undefined);
				if (next) lanes.push(next.stream, next.item);
			}
			if (lanes.stopped) break;
		}
	} catch (error) {
		// After a stop, the input was closed while it was read.
		if (!lanes.stopped) malformed = error;
	}
	await lanes.settled();
	if (malformed) throw malformed;
}

function targetOf(values: Values, stop: AbortController, onWait: Target["onWait"]): Target {
	const url = new URL(text(values, "url"));
	const headers = Object.entries({ Host: url.host, ...credentials(values) })
		.map(([name, value]) => `${name}: ${value}\r\n`)
		.join("");
	return { url, headers, retryMsMax: number(values, "retrySeconds") * 1000, stop, onWait };
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
