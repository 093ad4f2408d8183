/**
 * Runs bin/varve where file systems are read-only: in a mount namespace of its own, which the
 * superuser may make, and on most systems everybody. Even the superuser cannot write there.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Finished } from "../cli/varve.ts";

const BIN = fileURLToPath(new URL("../../bin/varve", import.meta.url));

/** Makes one directory read-only; the rest stays. */
const DIRECTORY = `
	mount --make-rprivate / && mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 97
	shift; exec "$@"`;

/** As in a container with a read-only root: the one directory that takes files is /mnt. */
const ROOT = `
	mount --make-rprivate / && mount --bind "$1" /mnt && mount -o remount,ro,bind / || exit 97
	for place in /tmp /var/tmp /usr/tmp; do
		if [ -d $place ]; then
			mount --bind $place $place && mount -o remount,ro,bind $place || exit 97
		fi
	done
	shift; cd / && exec "$@"`;

const OWN_MOUNTS = process.getuid?.() === 0 ? ["--mount"] : ["--mount", "--map-root-user"];

/** Whether this machine can do so; tests that need it are skipped elsewhere. */
export function canMount(): boolean {
	return [DIRECTORY, ROOT].every(
		(script) => spawnSync("unshare", inside(script, "/var", ["true"])).status === 0,
	);
}

export type Running = { readonly child: ChildProcess; readonly finished: Promise<Finished> };

/** Runs varve where `directory` cannot be written to. */
export function onReadOnly(directory: string, args: readonly string[]): Promise<Finished> {
	return run(DIRECTORY, directory, args).finished;
}

/** Runs varve where only `directory` can be written to; it is /mnt there. */
export function onReadOnlyRoot(directory: string, args: readonly string[]): Running {
	return run(ROOT, directory, args);
}

function run(script: string, directory: string, args: readonly string[]): Running {
	const command = inside(script, directory, [process.execPath, BIN, ...args]);
	const child = spawn("unshare", command, { env: { PATH: process.env.PATH } });
	let stdout = "";
	let stderr = "";
	child.stdout.on("data", (chunk) => {
		stdout += chunk;
	});
	child.stderr.on("data", (chunk) => {
		stderr += chunk;
	});
	const finished = once(child, "close").then(([code]) => ({ code, stdout, stderr }));
	return { child, finished };
}

function inside(script: string, directory: string, command: readonly string[]): string[] {
	return [...OWN_MOUNTS, "sh", "-c", script, "sh", directory, ...command];
}
