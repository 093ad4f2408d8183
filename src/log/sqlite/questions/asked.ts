/**
 * Reads that the process of a question asks its server for, one at a time, over a pipe that both
 * write to. So SQL never reaches the database of the log, the process has no password of it, and
 * rows are what reads of this server show. What the process asks for is taken as hostile: its
 * statement is.
 *
 *     process ── a line of JSON: what to read ─────────────────────────────────▶ server
 *        ▲                                                                         │
 *        └──── four bytes of length, and the answer as V8 serializes it ───────────┘
 */
import { readSync, writeSync } from "node:fs";
import type { Duplex } from "node:stream";
import { deserialize, serialize } from "node:v8";
import { isRefusal, Refusal, type Word } from "../../../errors.ts";
import type { StreamName, Version } from "../../../event.ts";
import type { Log, NameRange, Range, Slice } from "../../log.ts";
import type { ReadsAtOnce } from "./reads.ts";

export type LogReads = Pick<Log, "read" | "last" | "names">;

/** The number of the pipe, in the process. */
const PIPE = 3;
const LENGTH_BYTES = 4;
/** The name of a stream, escaped, and room. */
const ASKED_BYTES_MAX = 64 * 1024;
/** No table asks for more in one read. */
const LIMIT_MAX = 1000;

type Asked =
	| { readonly read: Range }
	| { readonly last: StreamName }
	| { readonly names: NameRange };

type Answered =
	| { readonly found: unknown }
	| { readonly refused: { readonly word: string; readonly facts: object } }
	| { readonly failed: string };

/** Answers what a process asks for until the pipe ends. */
export function answerReads(pipe: Duplex, reads: LogReads): void {
	let asked = "";
	// A process that was ended reads no answer.
	pipe.on("error", () => undefined);
	pipe.setEncoding("utf8").on("data", (text: string) => {
		asked += text;
		if (asked.length > ASKED_BYTES_MAX) pipe.destroy();
		else if (asked.endsWith("\n")) {
			const line = asked;
			asked = "";
			// What asks for more before it has its answer is not read.
			pipe.pause();
			void answer(line, reads).then((bytes) => {
				pipe.write(bytes);
				pipe.resume();
			});
		}
	});
}

async function answer(line: string, reads: LogReads): Promise<Buffer> {
	const bytes = serialize(await answered(line, reads));
	const length = Buffer.alloc(LENGTH_BYTES);
	length.writeUInt32LE(bytes.length);
	return Buffer.concat([length, bytes]);
}

async function answered(line: string, reads: LogReads): Promise<Answered> {
	try {
		return { found: await found(JSON.parse(line) as Asked, reads) };
	} catch (error) {
		if (isRefusal(error)) return { refused: { word: error.word, facts: error.facts } };
		return { failed: String(error instanceof Error ? error.stack : error) };
	}
}

async function found(asked: Asked, reads: LogReads): Promise<unknown> {
	if ("last" in asked) return reads.last(String(asked.last) as StreamName);
	if ("names" in asked) {
		const { from, before, limit } = asked.names;
		const end = before === undefined ? undefined : String(before);
		return reads.names({ from: String(from), before: end, limit: limitIn(limit) });
	}
	const { stream, from, limit, content } = asked.read;
	const { entries, gap } = await reads.read({
		...{ stream: String(stream) as StreamName, from: Number(from), limit: limitIn(limit) },
		...{ direction: "forward", content: content === true },
	});
	return { entries, ...(gap && { gap }) };
}

function limitIn(limit: unknown): number {
	return Math.min(Number(limit), LIMIT_MAX);
}

/** In the process: each read waits for the answer of the server. */
export class ServerReads implements ReadsAtOnce {
	read(range: Range): Slice {
		return ask({ read: range }) as Slice;
	}

	last(stream: StreamName): Version {
		return ask({ last: stream }) as Version;
	}

	names(range: NameRange): readonly StreamName[] {
		return ask({ names: range }) as readonly StreamName[];
	}

	/** The pipe ends with the process. */
	close(): void {}
}

function ask(asked: Asked): unknown {
	writeSync(PIPE, `${JSON.stringify(asked)}\n`);
	const answered = deserialize(bytesOf(bytesOf(LENGTH_BYTES).readUInt32LE())) as Answered;
	if ("found" in answered) return answered.found;
	if ("refused" in answered) {
		const { word, facts } = answered.refused;
		throw new Refusal(word as Word, facts as never);
	}
	throw new Error(answered.failed);
}

function bytesOf(length: number): Buffer {
	const bytes = Buffer.allocUnsafe(length);
	for (let at = 0; at < length; ) {
		const read = readSync(PIPE, bytes, at, length - at, null);
		if (read === 0) throw new Error("the server that was asked for a read is gone");
		at += read;
	}
	return bytes;
}
