/** `varve read`: the events of a stream as NDJSON, up to its head. */
import type { ReadEvent } from "../../feeds/reader/event.ts";
import type { ReadOptions } from "../../feeds/reader/options.ts";
import type { Arguments, Option, Values } from "../options.ts";
import { Failure } from "./explain.ts";
import { readLine } from "./output/event.ts";
import { Printer } from "./output/printer.ts";
import {
	CLIENT_OPTIONS,
	credentials,
	EXIT,
	number,
	optionalNumber,
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
	help: "Number of the first event wanted; of $all its position. Default: where the stream begins.",
};

export const read: Verb = {
	name: "read",
	summary: "Print the events of a stream",
	operands: ["STREAM"],
	purpose: `Prints the events of a stream, oldest first, one JSON object a line: stream, version,
		position, id, type, created, data and metadata. data is the JSON that was appended, its
		numbers untouched; of an event that is not JSON it is dataBase64. It ends at the head. A
		stream that has no events is a failure. Every stream can be read: $all, $ce-order (a
		category), $et-OrderPlaced (a type), $streams.`,
	options: [
		...CLIENT_OPTIONS,
		FROM,
		{
			name: "limit",
			flag: "limit",
			kind: "whole-number",
			default: undefined,
			min: 1,
			perCall: true,
			help: "How many events at most.",
		},
		{
			name: "backward",
			flag: "backward",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Newest first, from the head or from --from down.",
		},
	],
	examples: [
		"varve read order-42",
		"varve read order-42 --backward --limit 1",
		"varve read '$all' --from 1000 | jq .type",
	],
	run,
};

/** Faults in a row a read that ends somewhere puts up with: a few seconds of them. */
export const RETRIES_MAX = 5;

async function run({ operands, values }: Arguments): Promise<number> {
	const limit = optionalNumber(values, "limit") ?? Number.POSITIVE_INFINITY;
	const printer = new Printer(process.stdout);
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
	if (printed === 0) await refuseMissing(options);
	return EXIT.done;
}

/**
 * Nothing to print is no failure where the stream is there, as beyond its head; a name with a
 * mistake in it is one.
 * @throws Failure
 */
async function refuseMissing({ url, stream, headers = {} }: ReadOptions): Promise<void> {
	const address = `${url.replace(/\/$/, "")}/streams/${encodeURIComponent(stream)}`;
	const accept = "application/vnd.eventstore.atom+json";
	const { status } = await fetch(address, { method: "HEAD", headers: { ...headers, accept } });
	if (status === 404) throw new Failure(`stream '${stream}' has no events`);
}

/** What the reader needs to know, for each verb that reads one stream to its head. */
export function readOptions(operands: readonly string[], values: Values): ReadOptions {
	const [stream, unexpected] = operands;
	if (stream === undefined) throw new Failure("which stream? STREAM is missing", EXIT.usage);
	if (unexpected !== undefined)
		throw new Failure(`one stream at a time, not ${unexpected} too`, EXIT.usage);
	return {
		url: text(values, "url"),
		stream,
		from: optionalNumber(values, "from") ?? 0,
		headers: credentials(values),
		onRetry: ({ reason, delayMs }) => {
			process.stderr.write(`varve: ${reason}; trying again in ${Math.ceil(delayMs / 1000)} s\n`);
		},
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

/** Who wants three events is not sent five hundred. */
function withPageSize(options: ReadOptions, limit: number | undefined): ReadOptions {
	return limit !== undefined && limit <= 20 ? { ...options, pageSize: 20 } : options;
}
