/** `varve export`: a stream as the NDJSON that `varve import` takes. */
import { standardStream } from "../observe/standard.ts";
import type { Arguments } from "../options.ts";
import { Failure } from "./explain.ts";
import { exportLine } from "./output/event.ts";
import { Printer } from "./output/printer.ts";
import { ShownReading } from "./output/reading.ts";
import { FROM, RETRIES_MAX, readOptions, refuseMissing } from "./read.ts";
import { SPAN } from "./reading/span.ts";
import { CLIENT_OPTIONS, EXIT, type Verb } from "./verb.ts";

export const exportVerb: Verb = {
	name: "export",
	summary: "Print events in the form that varve import reads",
	operands: ["[STREAM]"],
	purpose: `Prints the events of a stream, by default $all, one JSON object a line: stream, type,
		id, data and metadata. varve import makes the same streams from it: the same events in the same
		order, with the same ids and byte for byte the same content. Content that one line of JSON
		cannot carry is in Base64. The command ends at the head; with --since and --until it prints the
		events of a span of time. It fails if the stream has no events. If the log is damaged, it
		prints the events before the first one that cannot be read, and fails; with --from it continues
		after that event.`,
	options: [...CLIENT_OPTIONS, FROM, ...SPAN],
	examples: [
		"varve export | gzip > backup.ndjson.gz",
		"varve export order-42",
		"varve export --since 2026-03-01T00:00:00Z --until 2026-04-01T00:00:00Z",
		"varve export --url http://old:2113 | varve import --url http://new:2113",
	],
	run,
};

/** A part of a store looks like a whole one: whoever keeps it must hear of it. */
const CUT = "the export is cut off: the program that reads it has ended";

async function run({ operands, values }: Arguments): Promise<number> {
	const printer = new Printer(standardStream(1));
	const options = readOptions(operands.length === 0 ? ["$all"] : operands, values);
	const { readStream } = await import("../../feeds/node/index.ts");
	const bounded = { ...options, retriesMax: RETRIES_MAX, signal: printer.signal };
	const reading = new ShownReading(options.from ?? 0);
	let printed = 0;
	try {
		for await (const event of readStream({ ...bounded, ...reading.options })) {
			await printer.print(exportLine(event));
			printed++;
		}
	} finally {
		reading.close();
	}
	await printer.flushed();
	if (printer.signal.aborted) throw new Failure(CUT);
	if (printed === 0) await refuseMissing(bounded);
	return EXIT.done;
}
