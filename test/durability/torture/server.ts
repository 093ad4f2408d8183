/** The server as its operators run it: a process, which can be killed at any moment. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../../bin/varve", import.meta.url));
const PRAGMAS = fileURLToPath(new URL("pragmas.cjs", import.meta.url));
const CHECKPOINTS = fileURLToPath(new URL("checkpoints.cjs", import.meta.url));

export type Running = {
	readonly url: string;
	readonly port: number;
	/** Each resolves with the exit code once the process is gone. */
	kill(): Promise<number | null>;
	stop(): Promise<number | null>;
};

export type Launch = {
	readonly data: string;
	/** 0 for any that is free. */
	readonly port: number;
	/** SQLite's settings other than the server's own; see `pragmas.cjs`. */
	readonly pragmas?: string;
	/** Pages in the WAL that make a checkpoint due, where not as many as the server's own. */
	readonly checkpointPages?: number | undefined;
	/** A file that takes down each checkpoint; see `checkpoints.cjs`. */
	readonly checkpointMarks?: string;
	readonly env?: Readonly<Record<string, string>>;
	/** What ends the process at once; SIGKILL unless the process sees to it by itself. */
	readonly killSignal?: NodeJS.Signals;
};

/** Starts a server and resolves once it answers. */
export async function startServer(launch: Launch): Promise<Running> {
	const { child, output, exited } = spawnServer(launch);
	const over = exited.then((code) => {
		throw new Error(`the server ended with ${code} before it answered: ${output()}`);
	});
	await Promise.race([saysIt(child, output), over]);
	over.catch(() => undefined);
	const url = /http:\/\/\S+/.exec(output())?.[0] ?? "";
	return {
		url,
		port: Number(new URL(url).port),
		kill: () => killed(child, launch.killSignal, exited),
		stop() {
			child.kill("SIGTERM");
			return exited;
		},
	};
}

/** Starts a server and kills it while it starts. */
export async function killAtStart(launch: Launch, afterMs: number): Promise<void> {
	const { child, exited } = spawnServer(launch);
	await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, afterMs))]);
	await killed(child, launch.killSignal, exited);
}

/** Another signal than SIGKILL is repeated until it has its effect. */
async function killed(
	child: ChildProcess,
	signal: NodeJS.Signals = "SIGKILL",
	exited: Promise<number | null>,
): Promise<number | null> {
	child.kill(signal);
	const again = setInterval(() => child.kill(signal), 50);
	const code = await exited;
	clearInterval(again);
	return code;
}

function spawnServer(launch: Launch) {
	const { data, port } = launch;
	const child = spawn(process.execPath, [BIN, "serve", "--port", String(port), "--data", data], {
		env: { PATH: process.env.PATH, VARVE_INSECURE: "yes", ...tortured(launch), ...launch.env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	// A server must not outlive the one that tortures it.
	const end = () => child.kill("SIGKILL");
	process.once("exit", end);
	let text = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (chunk) => {
			text += chunk;
		});
	}
	const exited = once(child, "close").then(([code]) => {
		process.off("exit", end);
		return code as number | null;
	});
	return { child, output: () => text, exited };
}

/** What makes a process load our files before its own code, and what they go by. */
function tortured({ pragmas, checkpointPages, checkpointMarks }: Launch): NodeJS.ProcessEnv {
	const env: NodeJS.ProcessEnv = {};
	const loaded: string[] = [];
	if (pragmas !== undefined) {
		loaded.push(PRAGMAS);
		env.TORTURE_PRAGMAS = pragmas;
	}
	if (checkpointMarks !== undefined) {
		loaded.push(CHECKPOINTS);
		env.TORTURE_CHECKPOINT_MARKS = checkpointMarks;
		env.TORTURE_CHECKPOINT_PAGES = String(checkpointPages ?? 0);
	}
	env.NODE_OPTIONS = loaded.map((file) => `--require ${file}`).join(" ");
	return env;
}

function saysIt(child: ChildProcess, output: () => string): Promise<void> {
	return new Promise((resolve) => {
		child.stdout?.on("data", () => {
			if (output().includes("The data is in")) resolve();
		});
	});
}
