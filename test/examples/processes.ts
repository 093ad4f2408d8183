/** Programs as their users start them: as processes of their own, from the command line. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type Ended = {
	readonly code: number | null;
	readonly signal: string | null;
	readonly stdout: string;
	readonly stderr: string;
};

export type Server = { readonly url: string; stop(): Promise<void> };

export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
const VARVE = `${ROOT}bin/varve`;

/** Runs a script of Node to its end; `env` is added to an environment without options of Varve. */
export async function run(
	script: string,
	args: readonly string[],
	env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
	const child = start(script, args, env);
	const stdout = textOf(child, "stdout");
	const stderr = textOf(child, "stderr");
	const [code, signal] = (await once(child, "close")) as [number | null, string | null];
	return { code, signal, stdout: stdout(), stderr: stderr() };
}

/** Runs a verb of the command line. */
export function varve(...args: readonly string[]): Promise<Ended> {
	return run(VARVE, args);
}

/** Starts a server on a free port, resolves once it listens. */
export async function startServer(data: string, ...options: string[]): Promise<Server> {
	const child = start(VARVE, ["serve", "--port", "0", "--data", data, ...options], {});
	const stderr = textOf(child, "stderr");
	const exited = once(child, "exit");
	const url = await new Promise<string>((resolve, reject) => {
		let printed = "";
		child.stdout?.on("data", (text: string) => {
			printed += text;
			const found = /listens on (\S+)\n/.exec(printed)?.[1];
			if (found !== undefined) resolve(found);
		});
		exited.then(() => reject(new Error(`the server ended: ${stderr()}`)), reject);
	});
	return {
		url,
		stop: async () => {
			child.kill("SIGTERM");
			await exited;
		},
	};
}

function start(script: string, args: readonly string[], env: Readonly<Record<string, string>>) {
	const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("VARVE_"));
	return spawn(process.execPath, [script, ...args], {
		cwd: ROOT,
		env: { ...Object.fromEntries(inherited), ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
}

function textOf(child: ChildProcess, name: "stdout" | "stderr"): () => string {
	let text = "";
	child[name]?.setEncoding("utf8").on("data", (part: string) => {
		text += part;
	});
	return () => text;
}
