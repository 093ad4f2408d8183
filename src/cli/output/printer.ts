/**
 * Lines to stdout, no faster than it takes them, and no slower than they come: what arrives within
 * one turn of the event loop is written at once. A reader that goes away (`| head`) ends it
 * quietly.
 */
/** Enough to make writes rare, small enough to be nothing. */
const PENDING_CHARS_MAX = 64 * 1024;

export class Printer {
	readonly #out: NodeJS.WritableStream;
	readonly #gone = new AbortController();
	#pending = "";
	#failure: Error | undefined;
	#writing: Promise<void> | undefined;

	constructor(out: NodeJS.WritableStream) {
		this.#out = out;
		out.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code !== "EPIPE") this.#failure = error;
			this.#gone.abort();
		});
	}

	/** Aborts when nobody reads any more. */
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
	 * Resolves when everything printed so far was handed to the system, or nobody reads any more.
	 * @throws what went wrong, a full disk for instance
	 */
	async flushed(): Promise<void> {
		if (this.#pending !== "") this.#writing ??= this.#write();
		await this.#writing;
		if (this.#failure) throw this.#failure;
	}

	async #write(): Promise<void> {
		// One turn's worth of lines: the next ones may already be there.
		await new Promise((resolve) => setImmediate(resolve));
		while (this.#pending !== "" && !this.#gone.signal.aborted) {
			const text = this.#pending;
			this.#pending = "";
			await new Promise((resolve) => this.#out.write(text, resolve));
		}
		this.#writing = undefined;
	}
}
