/** `varve read`: the events of a stream as NDJSON, up to its head. */
import type { ReadEvent } from "../../feeds/reader/event.ts";
import type { ReadOptions } from "../../feeds/reader/options.ts";
import { lacksDollar } from "../event.ts";
import { standardStream } from "../observe/standard.ts";
import type { Arguments, Option, Values } from "../options.ts";
import { Failure } from "./explain.ts";
import { readLine } from "./output/event.ts";
import { Printer } from "./output/printer.ts";
import { FirstAnswer } from "./reading/first-answer.ts";
import { SPAN, spanOf } from "./reading/span.ts";
import {
	CLIENT_OPTIONS,
	credentials,
	EXIT,
	number,
	optionalNumber,
	streamOperand,
	text,
	type Verb,
} from "./verb.ts";

export const FROM: Option = {
	name: "from",
	flag: "from",
	kind: "whole-number",
	default: undefined,
	max: 2 ** 52,
	perCall: true,
	help: "Number of the first event to print; for $all, its position. Default: the stream's first.",
};

export const read: Verb = {
	name: "read",
	summary: "Print the events of a stream",
	operands: ["STREAM"],
	purpose: `Prints the events of a stream, oldest first, one JSON object a line: stream, version,
		position, id, type, created, data and metadata. data is the JSON that was appended, with its
		numbers unchanged; if an event is not JSON, the line has dataBase64 instead. The command ends at
		the head. It fails if the stream has no events. --since and --until print the events of a span
		of time. You can read every stream: $all, $ce-order (a category), $et-OrderPlaced (a type),
		$streams.`,
	options: [
		...CLIENT_OPTIONS,
		FROM,
		...SPAN,
		{
			name: "limit",
			flag: "limit",
			kind: "whole-number",
			default: undefined,
			min: 1,
			perCall: true,
			help: "Print at most so many events.",
		},
		{
			name: "backward",
			flag: "backward",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Print newest first, from the head or from --from down.",
		},
	],
	examples: [
		"varve read order-42",
		"varve read order-42 --backward --limit 1",
		"varve read '$all' --from 1000 | jq .type",
		"varve read '$all' --since 2026-03-01T00:00:00Z --until 2026-04-01T00:00:00Z",
	],
	run,
};

/** Faults in a row that a read up to the head tolerates: a few seconds of them. */
export const RETRIES_MAX = 5;

async function run({ operands, values }: Arguments): Promise<number> {
	const limit = optionalNumber(values, "limit") ?? Number.POSITIVE_INFINITY;
	const printer = new Printer(standardStream(1));
	const options = {
		...readOptions(operands, values),
		retriesMax: RETRIES_MAX,
		signal: printer.signal,
	};
	let printed = 0;
	for await (const event of await events(options, values)) {
		await printer.print(readLine(event));
		if (++printed >= limit) break;
	}
	await printer.flushed();
	if (printed === 0 && !printer.signal.aborted) await refuseMissing(options);
	return EXIT.done;
}

/**
 * If nothing was printed, that is a failure only if the stream does not exist: then its name may
 * hold a mistake.
 * @throws Failure
 */
export async function refuseMissing(options: ReadOptions): Promise<void> {
	const { settingsOf } = await import("../../feeds/reader/options.ts");
	const { fetchPage } = await import("../../feeds/reader/session.ts");
	const { lastPageUrl } = await import("../../feeds/reader/links.ts");
	const settings = settingsOf(options);
	const { server, stream } = settings;
	const { signal = new AbortController().signal } = options;
	const page = await fetchPage(lastPageUrl(server, stream), settings, signal);
	if (page === undefined) throw new Failure(`stream '${stream}' has no events${nameHint(stream)}`);
}

/** The streams that the server keeps lose their $ in a shell, or are typed without it. */
function nameHint(stream: string): string {
	if (!lacksDollar(stream)) return "";
	return "; a name that starts with $ goes in single quotes: '$ce-order', '$all'";
}

/**
 * The options of the reader, for each verb that reads one stream.
 * @param waits whether the verb waits for a server that is not there
 * @throws Failure
 */
export function readOptions(
	operands: readonly string[],
	values: Values,
	waits = false,
): ReadOptions {
	const url = text(values, "url");
	const { fetch, onRetry } = new FirstAnswer(url, waits);
	return {
		url,
		stream: streamOperand(operands, "read"),
		from: optionalNumber(values, "from") ?? 0,
		...spanOf(values),
		headers: credentials(values),
		fetch,
		onRetry,
	};
}

async function events(options: ReadOptions, values: Values): Promise<AsyncIterable<ReadEvent>> {
	if (!values.backward) {
		const { readStream } = await import("../../feeds/reader/read.ts");
		return readStream(withPageSize(options, optionalNumber(values, "limit")));
	}
	const { readBackward } = await import("./output/backward.ts");
	return readBackward(options, values.from === undefined ? undefined : number(values, "from"));
}

/** For three events, the server need not send five hundred. */
function withPageSize(options: ReadOptions, limit: number | undefined): ReadOptions {
	return limit !== undefined && limit <= 20 ? { ...options, pageSize: 20 } : options;
}
