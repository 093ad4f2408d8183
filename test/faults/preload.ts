/**
 * Disks that fail and clocks that jump when they are told to: see `faulty-disk.c` and
 * `jumping-clock.c`, which a C compiler must be there for.
 */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newDirectory } from "../cli/varve.ts";

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

type Library = "faulty-disk" | "jumping-clock";
const built = new Map<Library, string>();

/** Whether this machine can build the library; says so where it cannot. */
export function canPreload(library: Library): boolean {
	const source = fileURLToPath(new URL(`${library}.c`, import.meta.url));
	const file = join(newDirectory(), `${library}.so`);
	const { status } = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", file, source, "-ldl"]);
	if (status === 0 && process.platform === "linux") built.set(library, file);
	else console.warn(`SKIPPED: a ${library} needs Linux and a C compiler (cc)`);
	return built.has(library);
}

export type JumpingClock = {
	/** The environment of the process that has this clock. */
	readonly env: Record<string, string>;
	/** From now on the time of day is off by so many seconds. */
	jump(seconds: number): void;
};

export function newClock(): JumpingClock {
	const offset = join(newDirectory(), "offset");
	return {
		env: { LD_PRELOAD: built.get("jumping-clock") as string, CLOCK_OFFSET: offset },
		jump: (seconds) => writeFileSync(offset, String(seconds)),
	};
}

export function newDisk(): FaultyDisk {
	const rule = join(newDirectory(), "rule");
	let number = 0;
	return {
		env: { LD_PRELOAD: built.get("faulty-disk") as string, FAULTY_DISK: rule },
		fail({ calls, file, error, skip = 0, times = -1 }) {
			const code = constants.errno[error];
			// The number makes each rule another text, so that counting starts anew.
			writeFileSync(rule, `${calls.join()} ${file} ${code} ${skip} ${times} #${number++}\n`);
		},
		heal: () => rmSync(rule, { force: true }),
		hits: () => (existsSync(`${rule}.hits`) ? statSync(`${rule}.hits`).size : 0),
	};
}
