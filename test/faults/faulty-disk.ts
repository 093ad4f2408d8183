/** Disks that fail when they are told to: see `faulty-disk.c`, which a C compiler must be there for. */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newDirectory } from "../cli/varve.ts";

const SOURCE = fileURLToPath(new URL("faulty-disk.c", import.meta.url));

export type Call = "fsync" | "pwrite" | "pread" | "ftruncate";

export type Fault = {
	readonly calls: readonly Call[];
	/** What the name of the file ends in: `log.sqlite`, `log.sqlite-wal`. */
	readonly file: string;
	readonly error: "EIO" | "ENOSPC";
	/** Calls that are let through first. */
	readonly skip?: number;
	/** Calls that fail then; all by default. */
	readonly times?: number;
};

export type FaultyDisk = {
	/** The environment of the process that has this disk. */
	readonly env: Record<string, string>;
	/** From now on, until `heal`. */
	fail(fault: Fault): void;
	heal(): void;
	/** Calls that have failed. */
	hits(): number;
};

let shim: string | undefined;

/** Whether this machine can build one. */
export function canFail(): boolean {
	if (process.platform !== "linux") return false;
	shim ??= join(newDirectory(), "faulty-disk.so");
	if (existsSync(shim)) return true;
	return spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", shim, SOURCE, "-ldl"]).status === 0;
}

export function newDisk(): FaultyDisk {
	const rule = join(newDirectory(), "rule");
	let number = 0;
	return {
		env: { LD_PRELOAD: shim as string, FAULTY_DISK: rule },
		fail({ calls, file, error, skip = 0, times = -1 }) {
			const code = constants.errno[error];
			// The number makes each rule another text, so that counting starts anew.
			writeFileSync(rule, `${calls.join()} ${file} ${code} ${skip} ${times} #${number++}\n`);
		},
		heal: () => rmSync(rule, { force: true }),
		hits: () => (existsSync(`${rule}.hits`) ? statSync(`${rule}.hits`).size : 0),
	};
}
