/**
 * Reads a file as lines of latin1 text (one character for each byte), a chunk at a time: an array
 * of lines costs one turn of the event loop, an iterator would cost one for each line.
 */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Failure } from "../explain.ts";

/**
 * Larger than any event may be, even in Base64; a file without line ends must not fill the memory.
 */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

/**
 * Opens a file, `-` for standard input. Content that starts like gzip is unpacked, under any name.
 * @throws the errors of `node:fs`
 */
export async function openLines(file: string): Promise<LineSource> {
	return new LineSource(await openInput(file));
}

export class LineSource {
	/** Bytes of the file; undefined if they are unknown, as for a pipe. */
	readonly bytes: number | undefined;
	readonly chunks: AsyncIterable<readonly string[]>;
	readonly #input: Readable;
	readonly #plain: Readable;
	#bytesRead = 0;

	constructor({ input, bytes, packed }: Input) {
		this.bytes = bytes;
		this.#input = input;
		this.#plain = packed ? unpack(input) : input;
		this.chunks = linesOf(this.#plain);
		// The count must not start the stream before it has a consumer.
		input.on("data", (chunk: Buffer) => {
			this.#bytesRead += chunk.length;
		});
		if (!packed) input.pause();
	}

	/** How many bytes of the file were read; if it is compressed, how many were unpacked. */
	readonly bytesRead = (): number => {
		const { bytesWritten } = this.#plain as { bytesWritten?: number };
		return bytesWritten ?? this.#bytesRead;
	};

	/** Ends the reading, with an error if it had not reached the end. */
	close(): void {
		this.#input.destroy();
		this.#plain.destroy();
	}
}

type Input = {
	readonly input: Readable;
	readonly bytes: number | undefined;
	readonly packed: boolean;
};

async function openInput(file: string): Promise<Input> {
	if (file === "-") return { input: process.stdin as Readable, bytes: undefined, packed: false };
	const handle = await open(file);
	const stat = await handle.stat();
	if (stat.isDirectory()) {
		await handle.close();
		throw new Failure(`${file} is a directory`);
	}
	if (!stat.isFile())
		return {
			input: handle.createReadStream({ highWaterMark: CHUNK_BYTES }) as Readable,
			bytes: undefined,
			packed: file.endsWith(".gz"),
		};
	const magic = Buffer.alloc(2);
	await handle.read(magic, 0, 2, 0);
	await handle.close();
	const input = createReadStream(file, { highWaterMark: CHUNK_BYTES }) as Readable;
	return { input, bytes: stat.size, packed: magic[0] === 0x1f && magic[1] === 0x8b };
}

function unpack(input: Readable): Readable {
	const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
	// `pipe` does not pass on errors.
	input.on("error", (error) => gunzip.destroy(error));
	return input.pipe(gunzip);
}

async function* linesOf(input: Readable): AsyncGenerator<readonly string[]> {
	let rest = "";
	let first = true;
	for await (const chunk of input) {
		let text = rest + (chunk as Buffer).toString("latin1");
		if (first && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(BYTE_ORDER_MARK.length);
		first = false;
		const lines = text.split("\n");
		rest = lines.pop() ?? "";
		if (rest.length > LINE_BYTES_MAX)
			throw new Failure(`a line is longer than ${LINE_BYTES_MAX} bytes; is this NDJSON?`);
		yield lines;
	}
	if (rest !== "") yield [rest];
}
