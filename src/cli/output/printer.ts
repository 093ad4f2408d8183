/**
 * Prints lines to stdout, no faster than stdout takes them. It writes all lines of one turn of the
 * event loop at once. If the reader of stdout goes away (`| head`), it ends quietly.
 */
import type { StandardStream } from "../../observe/standard.ts";
import { Failure } from "../explain.ts";
import { isReaderGone, lost, waitAtExit } from "./standard.ts";

/** Large enough to make writes rare, small enough to cost no memory. */
const PENDING_CHARS_MAX = 64 * 1024;

export class Printer {
	readonly #out: StandardStream;
	readonly #gone = new AbortController();
	#pending = "";
	#failure: Error | undefined;
	#writing: Promise<void> | undefined;

	constructor(out: StandardStream) {
		this.#out = out;
		// A verb that fails has printed what came before.
		waitAtExit(() => this.flushed().catch(() => undefined));
	}

	/** Aborts when stdout has no reader any more, or cannot be written. */
	get signal(): AbortSignal {
		return this.#gone.signal;
	}

	/** Takes a line; resolves when there is room for the next. */
	async print(line: string): Promise<void> {
		this.#pending += line;
		this.#writing ??= this.#write();
		if (this.#pending.length > PENDING_CHARS_MAX) await this.#writing;
	}

	/**
	 * Resolves when everything printed so far was handed to the system, or stdout has no reader.
	 * @throws Failure if it was not, for example on a full disk
	 */
	async flushed(): Promise<void> {
		if (this.#pending !== "") this.#writing ??= this.#write();
		await this.#writing;
		if (this.#failure) throw new Failure(lost(this.#failure));
	}

	async #write(): Promise<void> {
		// The lines of one turn: the next ones may already be there.
		await new Promise((resolve) => setImmediate(resolve));
		while (this.#pending !== "" && !this.#gone.signal.aborted) {
			const text = this.#pending;
			this.#pending = "";
			const error = await new Promise<Error | null | undefined>((resolve) =>
				this.#out.write(text, resolve),
			);
			if (error) this.#fail(error);
		}
		this.#writing = undefined;
	}

	#fail(error: Error): void {
		if (!isReaderGone(error)) this.#failure = error;
		this.#gone.abort();
	}
}
