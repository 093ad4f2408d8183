/** `varve export`: a stream as the NDJSON that `varve import` takes. */
import type { Arguments } from "../options.ts";
import { exportLine } from "./output/event.ts";
import { Printer } from "./output/printer.ts";
import { ShownReading } from "./output/reading.ts";
import { FROM, RETRIES_MAX, readOptions } from "./read.ts";
import { CLIENT_OPTIONS, EXIT, type Verb } from "./verb.ts";

export const exportVerb: Verb = {
	name: "export",
	summary: "Print events in the form that varve import reads",
	operands: ["[STREAM]"],
	purpose: `Prints the events of a stream, by default $all, one JSON object a line: stream, type,
		id, data and metadata. varve import makes the same streams from it: the same events in the same
		order, with the same ids and byte for byte the same content. Content that one line of JSON
		cannot carry is in Base64. The command ends at the head. If the log is damaged, it prints the
		events before the first one that cannot be read, and fails; with --from it continues after that
		event.`,
	options: [...CLIENT_OPTIONS, FROM],
	examples: [
		"varve export | gzip > backup.ndjson.gz",
		"varve export order-42",
		"varve export --url http://old:2113 | varve import --url http://new:2113",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const printer = new Printer(process.stdout);
	const options = readOptions(operands.length === 0 ? ["$all"] : operands, values);
	const { readStream } = await import("../../feeds/node/index.ts");
	const reading = new ShownReading(options.from ?? 0);
	const bounded = {
		...options,
		...reading.options,
		retriesMax: RETRIES_MAX,
		signal: printer.signal,
	};
	try {
		for await (const event of readStream(bounded)) await printer.print(exportLine(event));
	} finally {
		reading.close();
	}
	await printer.flushed();
	return EXIT.done;
}
