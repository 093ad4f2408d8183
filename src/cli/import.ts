/** `varve import`: sends NDJSON over HTTP. It can resume, and writes no event twice. */
import { basename } from "node:path";
import type { Arguments, Values } from "../options.ts";
import { Failure } from "./explain.ts";
import { Items } from "./import/items.ts";
import { openLines } from "./import/lines.ts";
import { describeLosses, Renumbering } from "./import/renumber.ts";
import { type Input, send } from "./import/send.ts";
import { counted } from "./import/tally.ts";
import { writtenServer } from "./moving/admin.ts";
import { beginsLog, type State, stateFor } from "./moving/exact.ts";
import { sendExact } from "./moving/send.ts";
import { note, report } from "./output/standard.ts";
import { CLIENT_OPTIONS, EXIT, number, optionalText, type Verb } from "./verb.ts";

export const importVerb: Verb = {
	name: "import",
	summary: "Append the events of an NDJSON file",
	operands: ["[FILE]"],
	purpose: `Appends one event for each line: {"stream","type","data","metadata","id"}; the last two
		are optional. FILE may be compressed with gzip. Without FILE, or with -, the command reads
		standard input. It fills many streams at once, and sends data and metadata byte for byte. The
		events of one stream, and the metadata of that stream, always arrive in the order of the file.
		If a line has no id, the command derives one from the source's name, the line's place in its
		stream, and its content. So you can run an interrupted import again: the server recognises the
		events it has, and does not write them twice. If the server is away or busy, the command waits.
		If a line is wrong, the command stops and names the line. Two lines with one id in one stream
		and different content are wrong, if no more than a million lines lie between them. The whole log
		of varve export makes an empty store equal to its source: positions, times, erased events,
		links, all in one order. If the server does not take that, or holds other events, the command
		appends the events with new numbers, adjusts links and $tb, and says what the copy has not
		got.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "inFlight",
			flag: "in-flight",
			kind: "whole-number",
			default: 64,
			min: 1,
			max: 1024,
			help: "Requests that run at once. With 1, events of different streams keep their order, too.",
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
		{
			name: "exact",
			flag: "exact",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Stop if the copy cannot be equal to its source.",
		},
		{
			name: "renumber",
			flag: "renumber",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Append the events of an export with new numbers, whatever the server can do.",
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
	if (values.exact && values.renumber) {
		throw new Failure("--exact and --renumber contradict each other", EXIT.usage);
	}
	const source = await openLines(file);
	const { first, chunks } = await peeked(source.chunks);
	const input: Input = { source, chunks };
	const name = optionalText(values, "source") ?? sourceName(file);
	const isLog = beginsLog(first);
	if (values.exact && !isLog) {
		source.close();
		throw new Failure("the file is not the export of a whole log");
	}
	const renumbering = new Renumbering(number(values, "inFlight") === 1);
	if (values.dryRun) {
		return isLog && !values.renumber
			? checkLog(chunks)
			: check(new Items(name, renumbering), chunks);
	}
	const state = isLog && !values.renumber ? await stateOf(values, first) : undefined;
	if (typeof state === "object") return sendExact(state, input, values);
	if (values.exact) {
		source.close();
		throw new Failure(String(state));
	}
	return sendRenumbered(renumbering, name, input, { values, reason: state });
}

/** Undefined for standard input: two different inputs of that name must not share their ids. */
function sourceName(file: string): string | undefined {
	return file === "-" ? undefined : basename(file).replace(/\.gz$/, "");
}

type Peeked = { readonly first: string; readonly chunks: AsyncIterable<readonly string[]> };

/** The first line, and all lines. */
async function peeked(chunks: AsyncIterable<readonly string[]>): Promise<Peeked> {
	const rest = chunks[Symbol.asyncIterator]();
	const seen: (readonly string[])[] = [];
	let first = "";
	while (first === "") {
		const { done, value } = await rest.next();
		if (done) break;
		seen.push(value);
		first = value.find((line) => line.trim() !== "") ?? "";
	}
	async function* all(): AsyncGenerator<readonly string[]> {
		yield* seen.splice(0);
		for (let step = await rest.next(); !step.done; step = await rest.next()) yield step.value;
	}
	return { first, chunks: all() };
}

type Chunks = AsyncIterable<readonly string[]>;

async function check(items: Items, chunks: Chunks): Promise<number> {
	const { refuseAsServer } = await import("./import/dry-run.ts");
	let events = 0;
	for await (const lines of chunks) {
		for (const text of lines) {
			const next = items.next(text);
			if (next === undefined) continue;
			refuseAsServer(next.stream, next.item);
			events++;
		}
	}
	return nothingSent(events, items.streams);
}

/** Checks the lines of a whole log as the server would. */
async function checkLog(chunks: Chunks): Promise<number> {
	const { LogCheck } = await import("./import/dry-run.ts");
	const log = new LogCheck();
	let line = 0;
	for await (const lines of chunks) {
		for (const text of lines) {
			line++;
			if (text.trim() !== "") log.check(text, line);
		}
	}
	return nothingSent(log.events, log.streams);
}

function nothingSent(events: number, streams: number): number {
	const what = `${counted(events, "event")} in ${counted(streams, "stream")}`;
	report(`${what}; nothing was sent\n`);
	return EXIT.done;
}

function stateOf(values: Values, first: string): Promise<State | string> {
	return stateFor(writtenServer(values, new AbortController().signal), first);
}

type Renumbered = { readonly values: Values; readonly reason: string | undefined };

/** Appends the lines; those of an export get new numbers. */
async function sendRenumbered(
	renumbering: Renumbering,
	name: string | undefined,
	input: Input,
	{ values, reason }: Renumbered,
): Promise<number> {
	if (reason !== undefined) {
		note(`varve: ${reason}: the events get new positions and times\n`);
	}
	return send(new Items(name, renumbering), input, values, () => {
		for (const loss of describeLosses(renumbering.losses, renumbering.streams)) {
			note(`varve: ${loss}\n`);
		}
	});
}
