/** `varve export`: the log, or a stream of it, as the NDJSON that `varve import` takes. */
import { lacksDollar } from "../event.ts";
import { standardStream } from "../observe/standard.ts";
import type { Arguments, Values } from "../options.ts";
import { Failure } from "./explain.ts";
import { readServer } from "./moving/admin.ts";
import { exportLine } from "./output/event.ts";
import { Printer } from "./output/printer.ts";
import { ShownReading } from "./output/reading.ts";
import { note } from "./output/standard.ts";
import { FROM, RETRIES_MAX, readOptions, refuseMissing } from "./read.ts";
import { SPAN } from "./reading/span.ts";
import { CLIENT_OPTIONS, EXIT, optionalNumber, streamOperand, type Verb } from "./verb.ts";

export const exportVerb: Verb = {
	name: "export",
	summary: "Print events in the form that varve import reads",
	operands: ["[STREAM]"],
	purpose: `Prints the whole log, or all events of one stream, one JSON object a line: stream,
		type, id, data and metadata, byte for byte; then version, position, created, hash, and what else
		a copy needs to be equal to its source. Content that one line of JSON cannot carry is in Base64.
		Events that metadata hides are there, too. What was erased has a line without the content, which
		says whether the event was redacted or scavenged. Events of users are there
		as if they were redacted, unless you pass --accounts. From the whole log, varve import makes an
		equal store. The command ends at the head. If the log is damaged, it prints the events before
		the first one that cannot be read, and fails; with --from it continues after that event. The
		entries of an index stream ($ce-order) are printed as the events they stand for. With --since
		or --until, the command prints what reads show of a span of time, for an import that appends the
		events anew. If the server has no /admin/export, it prints what reads show, and says so. It
		fails if STREAM has no events.`,
	options: [
		...CLIENT_OPTIONS,
		FROM,
		...SPAN,
		{
			name: "accounts",
			flag: "accounts",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "With the hashes of passwords, so that users can log in to the copy.",
		},
	],
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
	const named = operands.length === 0 ? ["$all"] : operands;
	const stream = streamOperand(named, "export");
	const isSpan = values.since !== undefined || values.until !== undefined;
	if (isSpan || isKept(stream) || !(await exportWhole(stream, values, printer))) {
		await exportShown(named, values, printer);
	}
	await printer.flushed();
	if (printer.signal.aborted) throw new Failure(CUT);
	return EXIT.done;
}

/** Whether the log itself keeps the stream: its entries stand for events of other streams. */
function isKept(stream: string): boolean {
	return /^\$(?:ce|et|bc)-|^\$streams$/.test(stream) || lacksDollar(stream);
}

/** @returns whether the server can export so; if not, nothing was printed */
async function exportWhole(stream: string, values: Values, printer: Printer): Promise<boolean> {
	const { exportedPages, NoExport } = await import("./moving/pages.ts");
	const server = readServer(values, printer.signal);
	const from = optionalNumber(values, "from") ?? 0;
	try {
		const of = stream === "$all" ? undefined : stream;
		const accounts = values.accounts === true;
		for await (const lines of exportedPages(server, { from, stream: of, accounts })) {
			await printer.print(lines);
		}
	} catch (error) {
		if (printer.signal.aborted) return true;
		if (!(error instanceof NoExport)) throw error;
		note(
			`varve: the server has no /admin/export for us (${error.message}): the lines leave out what ` +
				"was erased, and what a copy needs to be equal\n",
		);
		return false;
	}
	return true;
}

async function exportShown(
	operands: readonly string[],
	values: Values,
	printer: Printer,
): Promise<void> {
	const options = readOptions(operands, values);
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
	if (printed === 0 && !printer.signal.aborted) await refuseMissing(bounded);
}
