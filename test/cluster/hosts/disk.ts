/**
 * A disk that loses its power with its host: what was written and not synced is gone.
 *
 *     processes ── write ──▶ memory of ext4 ── sync ──▶ a file that stands for the disk
 *                            (lost)                     (kept)
 *
 * A file system holds what it was given in memory until somebody syncs it, or its time is up. So a
 * copy of the file below it, made as soon as all processes are dead, is the disk that a cut leaves.
 */
import { execFileSync } from "node:child_process";
import {
	closeSync,
	existsSync,
	fsyncSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	rmSync,
	writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** Sparse: it takes as much as is written. */
const SIZE = "4G";
/** The file system's own commits would keep what nobody synced: none during a run. */
const OPTIONS = "loop,commit=3600,noatime";

export class Disk {
	readonly #file: string;
	readonly #folder: string;

	/**
	 * Makes an empty disk.
	 * @param file stands for it; is not there yet
	 * @param folder shows what is on it
	 */
	constructor(file: string, folder: string) {
		this.#file = file;
		this.#folder = folder;
		run("truncate", "-s", SIZE, file);
		run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", file);
		this.#mount();
	}

	/** Cuts the power. All that ran on the host must be dead. */
	cut(): void {
		const left = `${this.#file}.left`;
		run("cp", "--sparse=always", this.#file, left);
		run("umount", this.#folder);
		run("mv", left, this.#file);
		this.#mount();
	}

	/** @throws Error if it keeps what nobody synced, or loses what was: it would prove nothing */
	prove(): void {
		const names = ["synced", "unsynced"].map((name) => join(this.#folder, name));
		for (const name of names) {
			const file = openSync(name, "w");
			writeSync(file, "content");
			if (name === names[0]) fsyncSync(file);
			closeSync(file);
		}
		this.cut();
		const [isKept, isLost] = names.map((name, index) => existsSync(name) === (index === 0));
		if (!isKept || !isLost) throw new Error(`the disk ${this.#file} does not lose its power`);
		for (const name of names) rmSync(name, { force: true });
	}

	close(): void {
		run("umount", this.#folder);
	}

	#mount(): void {
		run("mount", "-o", OPTIONS, this.#file, this.#folder);
	}
}

/**
 * Lets the hosts see what is mounted in a folder later, and what no longer is.
 * @returns ends that, and whatever is still mounted there
 */
export function shareMounts(folder: string): () => void {
	run("mount", "--bind", folder, folder);
	run("mount", "--make-shared", folder);
	const end = () => {
		process.off("exit", end);
		// This process has the logs open.
		run("umount", "--recursive", "--lazy", folder);
	};
	// Nothing of it may outlive this process.
	process.once("exit", end);
	return end;
}

/** What keeps this machine from having such disks; undefined if it can. */
export function lacksDisks(): string | undefined {
	const folder = newFolder();
	try {
		const point = join(folder, "disk");
		mkdirSync(point);
		const disk = new Disk(`${point}.disk`, point);
		try {
			disk.prove();
		} finally {
			disk.close();
		}
		return undefined;
	} catch (error) {
		return `no file system can be made in a file: ${(error as Error).message.split("\n")[0]}`;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** In memory, where there is room: a rewind syncs all of a cluster's files. */
export function newFolder(): string {
	return mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "varve-cluster-"));
}

function run(program: string, ...parameters: string[]): void {
	execFileSync(program, parameters, { stdio: ["ignore", "ignore", "pipe"] });
}
