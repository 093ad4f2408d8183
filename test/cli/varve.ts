/** Runs bin/varve as its users do: as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/varve", import.meta.url));

export type Finished = { code: number | null; stdout: string; stderr: string };
export type Started = {
	child: ChildProcess;
	/** What it has printed so far. */
	stdout(): string;
	stderr(): string;
	finished: Promise<Finished>;
};

/** A server drains for at most 10 s; one that is frozen does not end by itself. */
const END_MS = 15_000;

const running = new Set<ChildProcess>();

// A test that failed midway has stopped nothing, and Jest ends its workers without a word to their
// children. This runs before the hooks of the file, which may remove what a server stands on.
afterAll(async () => {
	await Promise.all([...running].map(ended));
});

async function ended(child: ChildProcess): Promise<void> {
	const exited = once(child, "exit");
	child.kill("SIGTERM");
	const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
	await exited;
	clearTimeout(timer);
}

/** Starts a command; the environment holds nothing of ours but what is given. */
export function start(args: string[], env: Record<string, string> = {}, input?: string): Started {
	const child = spawn(process.execPath, [BIN, ...args], {
		env: { PATH: process.env.PATH, ...env },
	});
	running.add(child);
	child.once("exit", () => running.delete(child));
	let stdout = "";
	let stderr = "";
	child.stdout.on("data", (chunk) => {
		stdout += chunk;
	});
	child.stderr.on("data", (chunk) => {
		stderr += chunk;
	});
	child.stdin.on("error", () => undefined);
	if (input !== undefined) child.stdin.end(input);
	const finished = once(child, "close").then(([code]) => ({ code, stdout, stderr }));
	return { child, stdout: () => stdout, stderr: () => stderr, finished };
}

export function varve(args: string[], env?: Record<string, string>, input = ""): Promise<Finished> {
	return start(args, env, input).finished;
}

/** Below the limit of a test, so that what was awaited is said. */
const UNTIL_MS = 55_000;

/** Resolves once `condition` holds. */
export async function until(
	condition: () => boolean | Promise<boolean>,
	what: string,
): Promise<void> {
	const before = performance.now();
	while (!(await condition())) {
		if (performance.now() - before > UNTIL_MS) throw new Error(`waited in vain for ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

export type Server = {
	url: string;
	data: string;
	greeting: string;
	pid: number;
	/** What it has logged so far. */
	stderr(): string;
	/** Resolves with the exit, however it comes. */
	finished: Promise<Finished>;
	/** Sends the signal and resolves with the exit. */
	stop(signal?: NodeJS.Signals): Promise<Finished>;
};

/**
 * Starts a server on a new directory unless one is given, and on a port that stays free while the
 * server is dead: the system gives those from 32768 on to whoever connects somewhere, and to a
 * reader that asks a dead server at such a port even that port itself.
 */
export async function startServer(
	data = newDirectory(),
	port?: number,
	options: string[] = [],
	env: Record<string, string> = {},
): Promise<Server> {
	if (port !== undefined) return startAt(port, data, options, env);
	for (let tries = 1; ; tries++) {
		try {
			return await startAt(randomInt(11_000, 31_000), data, options, env);
		} catch (error) {
			if (tries === 20 || !String(error).includes("is taken")) throw error;
		}
	}
}

async function startAt(
	port: number,
	data: string,
	options: string[],
	env: Record<string, string>,
): Promise<Server> {
	const args = ["serve", "--port", String(port), "--data", data, ...options];
	// The verbs of operators need no credentials then.
	const server = start(args, { VARVE_INSECURE: "yes", ...env });
	let over: Finished | undefined;
	void server.finished.then((finished) => {
		over = finished;
	});
	await until(() => over !== undefined || server.stdout().includes("The data is in"), "the server");
	if (over) throw new Error(`the server did not start: ${over.stderr}`);
	const greeting = server.stdout();
	const url = /https?:\S+/.exec(greeting)?.[0] ?? "";
	const stop = (signal: NodeJS.Signals = "SIGTERM") => {
		server.child.kill(signal);
		return server.finished;
	};
	const { child, stderr, finished } = server;
	return { url, data, greeting, pid: child.pid as number, stderr, finished, stop };
}

const directories: string[] = [];

export function newDirectory(): string {
	const directory = mkdtempSync(join(tmpdir(), "varve-cli-"));
	directories.push(directory);
	return directory;
}

export function removeDirectories(): void {
	for (const directory of directories.splice(0))
		rmSync(directory, { recursive: true, force: true });
}
