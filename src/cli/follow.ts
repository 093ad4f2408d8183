/** `varve follow`: the events of a stream as NDJSON, for ever. */
import { ReadError } from "../../feeds/reader/error.ts";
import { standardStream } from "../observe/standard.ts";
import type { Arguments } from "../options.ts";
import { explainDamage, Failure } from "./explain.ts";
import { readLine } from "./output/event.ts";
import { Printer } from "./output/printer.ts";
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
		{ ...FROM, help: `${FROM.help} If the position file exists, it wins.` },
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
	const positionFile = await import("../../feeds/reader/position-file.ts");
	const reached = file === undefined ? undefined : await positionFile.loadCheckpoint(file);
	const from = reached === undefined ? options.from : reached + 1;

	const printer = new Printer(standardStream(1));
	const stop = new AbortController();
	const stopListening = onStopSignal(() => stop.abort());
	printer.signal.addEventListener("abort", () => stop.abort());
	const saver = new PositionSaver(printer, stop, async (at) => {
		if (file !== undefined) await positionFile.saveCheckpoint(file, at);
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
			saver.reached(event.at);
		}
	} catch (error) {
		// The lines before it are handed over; where that cannot be saved, they come again.
		await saver.close().catch(() => undefined);
		throw file === undefined ? error : withPositionFile(error, file);
	}
	await saver.close();
	await printer.flushed();
	stopListening();
	return EXIT.done;
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
