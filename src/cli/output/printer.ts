/**
 * Lines to stdout, no faster than it takes them, and no slower than they come: what arrives within
 * one turn of the event loop is written at once. A reader that goes away (`| head`) ends it
 * quietly.
 */
export type Printer = {
	/** Takes a line; resolves when there is room for the next. */
	print(line: string): Promise<void>;
	/**
	 * Resolves when everything printed so far was handed to the system, or nobody reads any more.
	 * @throws what went wrong, a full disk for instance
	 */
	flushed(): Promise<void>;
	/** Aborts when nobody reads any more. */
	readonly signal: AbortSignal;
};

/** Enough to make writes rare, small enough to be nothing. */
const PENDING_CHARS_MAX = 64 * 1024;

export function openPrinter(out: NodeJS.WritableStream): Printer {
	const gone = new AbortController();
	let pending = "";
	let failure: Error | undefined;
	let writing: Promise<void> | undefined;

	out.on("error", (error: NodeJS.ErrnoException) => {
		if (error.code !== "EPIPE") failure = error;
		gone.abort();
	});

	const write = async () => {
		// One turn's worth of lines: the next ones may already be there.
		await new Promise((resolve) => setImmediate(resolve));
		while (pending !== "" && !gone.signal.aborted) {
			const text = pending;
			pending = "";
			await new Promise((resolve) => out.write(text, resolve));
		}
		writing = undefined;
	};
	const flushed = async () => {
		if (pending !== "") writing ??= write();
		await writing;
		if (failure) throw failure;
	};
	return {
		print: async (line) => {
			pending += line;
			writing ??= write();
			if (pending.length > PENDING_CHARS_MAX) await writing;
		},
		flushed,
		signal: gone.signal,
	};
}
