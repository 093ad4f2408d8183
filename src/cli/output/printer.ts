/**
 * Prints lines to stdout, no faster than stdout takes them. It writes all lines of one turn of the
 * event loop at once. If the reader of stdout goes away (`| head`), it ends quietly.
 */
export type Printer = {
	/** Takes a line; resolves when there is room for the next. */
	print(line: string): Promise<void>;
	/**
	 * Resolves when everything printed so far was handed to the system, or stdout has no reader.
	 * @throws the error of the write, for example of a full disk
	 */
	flushed(): Promise<void>;
	/** Aborts when stdout has no reader any more. */
	readonly signal: AbortSignal;
};

/** Large enough to make writes rare, small enough to cost no memory. */
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
		// The lines of one turn: the next ones may already be there.
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
