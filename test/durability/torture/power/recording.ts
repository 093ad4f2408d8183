/** Servers whose doings on disk are recorded, and the record as a list of what they did. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Launch } from "../server.ts";

/** In the order of `recorder.c`. */
const KINDS = [
	"",
	"opened",
	"created",
	"write",
	"truncate",
	"sync",
	"unlink",
	"rename",
	"answer",
	"unknown",
] as const;

export type Step = {
	readonly kind: Exclude<(typeof KINDS)[number], "">;
	/** Of an opened file, for as long as it was open: no other has it. */
	readonly file: string;
	readonly offset: number;
	readonly bytes: Buffer;
	/** CLOCK_MONOTONIC, the clock of `process.hrtime`, in nanoseconds. */
	readonly time: bigint;
};

const HEADER_BYTES = 32;

/** Builds the recorder. Undefined where there is no compiler, or no LD_PRELOAD. */
export function buildRecorder(folder: string): string | undefined {
	if (process.platform !== "linux") return undefined;
	const source = fileURLToPath(new URL("recorder.c", import.meta.url));
	const library = join(folder, "recorder.so");
	const options = ["-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread"];
	const built = spawnSync("cc", [...options, "-o", library, source, "-ldl"], { encoding: "utf8" });
	if (built.error) return undefined;
	if (built.status !== 0) throw new Error(`the recorder does not compile: ${built.stderr}`);
	return library;
}

/** What makes a server record what it does to `data`, into files whose names begin with `file`. */
export function recorded(
	data: string,
	recorder: string,
	file: string,
): Pick<Launch, "data" | "env" | "killSignal"> {
	const env = {
		LD_PRELOAD: recorder,
		TORTURE_DIRECTORY: data,
		TORTURE_RECORD: file,
		// Changes that go past libc would go past the record.
		UV_USE_IO_URING: "0",
	};
	return { data, env, killSignal: "SIGUSR2" };
}

/** What all the processes did, one after the other. */
export function readSteps(file: string): Step[] {
	const folder = dirname(file);
	const names = readdirSync(folder).filter((name) => name.startsWith(`${basename(file)}.`));
	return names.sort().flatMap((name, index) => stepsOf(readFileSync(join(folder, name)), index));
}

function stepsOf(record: Buffer, process: number): Step[] {
	const steps: Step[] = [];
	let at = 0;
	while (at + HEADER_BYTES <= record.length) {
		const kind = KINDS[record.readUInt32LE(at)];
		const file = `${process}.${record.readUInt32LE(at + 4)}`;
		const offset = Number(record.readBigUInt64LE(at + 8));
		if (!kind || !Number.isSafeInteger(offset)) {
			throw new Error(`the record makes no sense at byte ${at}`);
		}
		const length = Number(record.readBigUInt64LE(at + 16));
		const time = record.readBigUInt64LE(at + 24);
		at += HEADER_BYTES;
		steps.push({ kind, file, offset, bytes: record.subarray(at, at + length), time });
		at += length;
	}
	if (at !== record.length) throw new Error("the record breaks off");
	return steps;
}
