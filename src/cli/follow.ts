/** `varve follow`: the events of a stream as NDJSON, for ever. */
import { ReadError } from "../../feeds/reader/error.ts";
import type { Arguments } from "../options.ts";
import { explainDamage, Failure } from "./explain.ts";
import { readLine } from "./output/event.ts";
import { openPrinter, type Printer } from "./output/printer.ts";
import { FROM, readOptions } from "./read.ts";
import { onStopSignal } from "./signals.ts";
import { CLIENT_OPTIONS, EXIT, optionalText, type Verb } from "./verb.ts";

export const follow: Verb = {
	name: "follow",
	summary: "Print the events of a stream, and wait for more",
	operands: ["STREAM"],
	purpose: `Prints what varve read prints, then waits for more events. It continues when the server
		restarts. With --checkpoint it stores in a file how far it has come, and starts after that the
		next time. It writes the file after it has handed over the lines, so a crash can repeat the last
		lines but never lose one: at least once. It ends on SIGINT, on SIGTERM, or when the program that
		reads its output ends. If the server finds a damaged event, the command fails.`,
	options: [
		...CLIENT_OPTIONS,
		{ ...FROM, help: `${FROM.help} If the checkpoint file exists, it wins.` },
		{
			name: "checkpoint",
			flag: "checkpoint",
			kind: "text",
			default: undefined,
			placeholder: "FILE",
			perCall: true,
			help: "File that stores the number of the last printed event.",
		},
	],
	examples: [
		"varve follow '$all'",
		"varve follow '$ce-order' --checkpoint orders.checkpoint | ./bill-orders",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const options = readOptions(operands, values);
	const file = optionalText(values, "checkpoint");
	const checkpoint = await import("../../feeds/reader/checkpoint.ts");
	const reached = file === undefined ? undefined : await checkpoint.loadCheckpoint(file);
	const from = reached === undefined ? options.from : reached + 1;

	const printer = openPrinter(process.stdout);
	const stop = new AbortController();
	const stopListening = onStopSignal(() => stop.abort());
	printer.signal.addEventListener("abort", () => stop.abort());
	const keep = keeper(printer, stop, async (at) => {
		if (file !== undefined) await checkpoint.saveCheckpoint(file, at);
	});

	const { readStream } = await import("../../feeds/reader/read.ts");
	const endless = {
		...options,
		...(from === undefined ? {} : { from }),
		follow: true,
		signal: stop.signal,
	};
	try {
		for await (const event of readStream(endless)) {
			await printer.print(readLine(event));
			keep.reached(event.at);
		}
	} catch (error) {
		throw file === undefined ? error : withCheckpoint(error, file);
	}
	await keep.done();
	await printer.flushed();
	stopListening();
	return EXIT.done;
}

/** If there is a checkpoint, --from would change nothing. */
function withCheckpoint(error: unknown, file: string): unknown {
	if (!(error instanceof ReadError) || error.at === undefined) return error;
	return new Failure(
		explainDamage(error, error.at, `write ${error.at} into ${file} to continue after it`),
	);
}

type Keeper = { reached(at: number): void; done(): Promise<void> };

/**
 * Saves the number of the latest printed line, one save at a time, as often as the disk can. If a
 * save fails, `follow` ends: otherwise a restart would not keep what the lines promised.
 */
function keeper(
	printer: Printer,
	stop: AbortController,
	save: (at: number) => Promise<void>,
): Keeper {
	let printed: number | undefined;
	let saved: number | undefined;
	let saving: Promise<void> | undefined;
	let failure: unknown;

	const saveLatest = async () => {
		while (printed !== saved && printed !== undefined && failure === undefined) {
			const at = printed;
			await printer.flushed();
			// If stdout has no reader, the lines were not handed over.
			if (printer.signal.aborted) return;
			await save(at);
			saved = at;
		}
	};
	const start = () => {
		saving ??= saveLatest()
			.catch((error: unknown) => {
				failure = error;
				stop.abort();
			})
			.finally(() => {
				saving = undefined;
			});
		return saving;
	};
	return {
		reached: (at) => {
			printed = at;
			void start();
		},
		done: async () => {
			await saving;
			await start();
			if (failure !== undefined) throw failure;
		},
	};
}
