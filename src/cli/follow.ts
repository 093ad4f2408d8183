/** `varve follow`: the events of a stream as NDJSON, for ever. */

import { ReadError } from "../../feeds/reader/error.ts";
import type { ReadOptions } from "../../feeds/reader/options.ts";
import { standardStream } from "../observe/standard.ts";
import type { Arguments } from "../options.ts";
import { explainDamage, Failure } from "./explain.ts";
import { readLine } from "./output/event.ts";
import { Printer } from "./output/printer.ts";
import { ShownReading } from "./output/reading.ts";
import { note } from "./output/standard.ts";
import { FROM, readOptions } from "./read.ts";
import { followGroup, groupIn, KEPT_AT_SERVER, type Kept, openAtServer } from "./reading/kept.ts";
import { SPAN } from "./reading/span.ts";
import { onStopSignal } from "./signals.ts";
import { CLIENT_OPTIONS, EXIT, optionalText, type Verb } from "./verb.ts";

export const follow: Verb = {
	name: "follow",
	summary: "Print the events of a stream, and wait for more",
	operands: ["[STREAM]"],
	purpose: `Prints what varve read prints, then waits for more events. It waits for a server that is
		not there, and continues when the server restarts. With --checkpoint it stores in a file how far
		it has come, and starts after that the next time. The file names the stream and the log, and is
		refused for others, and if it cannot be written. The command writes it after it has handed over
		the lines, so a crash can repeat the last lines but never lose one: at least once. With
		--position the server keeps that under a name, for all to see. With --group the command is a
		member of a group: it prints only the events of its partitions, and the server keeps how far
		they are; STREAM may be left out if the group is there. With --until the command ends at the
		first later event, or a minute after that time by the server's clock. Otherwise it ends on
		SIGINT, on SIGTERM, or when the program that reads its output ends. If the server finds a
		damaged event, the command fails.`,
	options: [
		...CLIENT_OPTIONS,
		{ ...FROM, help: `${FROM.help} If the position file has a position, it wins.` },
		...SPAN,
		{
			name: "checkpoint",
			flag: "checkpoint",
			kind: "text",
			default: undefined,
			placeholder: "FILE",
			perCall: true,
			help: "File that stores the number of the last printed event, its stream and its log.",
		},
		...KEPT_AT_SERVER,
	],
	examples: [
		"varve follow '$all'",
		"varve follow '$all' --position search-index | ./index",
		"varve follow --group billing | ./bill-orders",
		"varve follow '$ce-order' --group billing --partitions 50 | ./bill-orders",
		"varve follow '$ce-order' --checkpoint orders.checkpoint | ./bill-orders",
	],
	run,
};

/**
 * How long a stop waits for the program that reads the lines: less than supervisors wait for a
 * stop. What it has not taken by then, the next run prints again, by the position file.
 */
const HAND_OVER_MS = 5000;

async function run({ operands, values }: Arguments): Promise<number> {
	const group = groupIn(operands, values);
	const options = readOptions(group && !operands[0] ? ["$all"] : operands, values, true);
	const file = optionalText(values, "checkpoint");
	const printer = new Printer(standardStream(1));
	const stop = new AbortController();
	const stopListening = onStopSignal(() => {
		stop.abort();
		setInterval(() => printer.giveUp(), HAND_OVER_MS).unref();
	});
	printer.signal.addEventListener("abort", () => stop.abort());
	const stoppable = { ...options, follow: true, signal: stop.signal };
	if (group) {
		await followGroup(group, stoppable, printer);
		stopListening();
		return EXIT.done;
	}

	const name = optionalText(values, "position");
	const kept = await (name === undefined
		? openPosition(file, stoppable)
		: openAtServer(name, stoppable));
	if (stop.signal.aborted) return EXIT.done;
	const saver = new PositionSaver(printer, stop, kept.save);
	const { readStream } = await import("../../feeds/node/index.ts");
	const started = kept.at === undefined ? stoppable : { ...stoppable, from: kept.at + 1 };
	const reading = new ShownReading(started.from ?? 0);
	const endless = { ...started, ...reading.options };
	try {
		for await (const event of readStream(endless)) {
			await printer.print(readLine(event));
			saver.reached(event.at);
		}
	} catch (error) {
		// The lines before it are handed over; where that cannot be saved, they come again.
		await saver.close().catch(() => undefined);
		throw file === undefined ? error : withPositionFile(error, file);
	} finally {
		reading.close();
	}
	await saver.close();
	await printer.flushed();
	stopListening();
	return EXIT.done;
}

/** @throws Error if the file belongs to another stream or log, or holds something else */
async function openPosition(file: string | undefined, options: ReadOptions): Promise<Kept> {
	if (file === undefined) return { at: undefined, save: async () => undefined };
	const { identify, loadCheckpoint, makeCheckpoint, saveCheckpoint } = await import(
		"../../feeds/position/position-file.ts"
	);
	const identity = await identify(options).catch((error: unknown) => {
		// SIGINT or SIGTERM came before the first answer.
		if (options.signal?.aborted) return undefined;
		throw error;
	});
	if (identity === undefined) return { at: undefined, save: async () => undefined };
	const warn = (sentence: string) => note(`varve: ${sentence}\n`);
	const at = await loadCheckpoint(file, identity, warn);
	// Before the first line is printed, and not after it at each restart.
	await makeCheckpoint(file);
	return { at, save: (reached) => saveCheckpoint(file, reached, identity) };
}

/** If there is a position file, --from would change nothing. */
function withPositionFile(error: unknown, file: string): unknown {
	if (!(error instanceof ReadError) || error.at === undefined) return error;
	return new Failure(
		explainDamage(error, error.at, `write ${error.at} into ${file} to continue after it`),
	);
}

/**
 * Saves the number of the latest printed line, one save at a time, as often as the disk can. If a
 * save fails, `follow` ends: otherwise a restart would not keep what the lines promised.
 */
class PositionSaver {
	readonly #printer: Printer;
	readonly #stop: AbortController;
	readonly #save: (at: number) => Promise<void>;
	#printed: number | undefined;
	#saved: number | undefined;
	#saving: Promise<void> | undefined;
	#failure: unknown;

	constructor(printer: Printer, stop: AbortController, save: (at: number) => Promise<void>) {
		this.#printer = printer;
		this.#stop = stop;
		this.#save = save;
	}

	/** Notes the number of an event whose line was printed. */
	reached(at: number): void {
		this.#printed = at;
		void this.#start();
	}

	/**
	 * Saves what is left.
	 * @throws what kept a save from succeeding
	 */
	async close(): Promise<void> {
		await this.#saving;
		await this.#start();
		if (this.#failure !== undefined) throw this.#failure;
	}

	#start(): Promise<void> {
		this.#saving ??= this.#saveLatest()
			.catch((error: unknown) => {
				this.#failure = error;
				this.#stop.abort();
			})
			.finally(() => {
				this.#saving = undefined;
			});
		return this.#saving;
	}

	async #saveLatest(): Promise<void> {
		while (this.#printed !== this.#saved && this.#failure === undefined) {
			const at = this.#printed as number;
			await this.#printer.flushed();
			// If stdout has no reader, the lines were not handed over.
			if (this.#printer.signal.aborted) return;
			await this.#save(at);
			this.#saved = at;
		}
	}
}
