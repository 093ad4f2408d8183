// What the examples' proofs need of Varve: a server of their own, and the command line.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const VARVE = fileURLToPath(new URL("../bin/varve", import.meta.url));
/** Far more than a start takes, even on a machine with much else to do. */
const START_MS_MAX = 30_000;

/**
 * Starts `varve serve` on a free port.
 * @param options further arguments
 * @returns its URL, and the way to stop it; resolves once it listens
 */
export async function startServer(data, ...options) {
	const args = ["serve", "--port", "0", "--data", data, "--log-level", "warn", ...options];
	const server = spawn(process.execPath, [VARVE, ...args], {
		env: withoutOptions(process.env),
		stdio: ["ignore", "pipe", "inherit"],
	});
	const url = await urlIn(server);
	const stop = async () => {
		if (server.exitCode !== null || server.signalCode !== null) return;
		server.kill("SIGTERM");
		await once(server, "exit");
	};
	return { url, stop };
}

/** Runs a verb to its end. @throws Error where its exit code is not 0 */
export function varve(...args) {
	return run(VARVE, args);
}

/**
 * Runs a script of Node to its end.
 * @returns what it printed
 * @throws Error where its exit code is not 0
 */
export async function run(script, args) {
	const child = spawn(process.execPath, [script, ...args], {
		env: withoutOptions(process.env),
		stdio: ["ignore", "pipe", "inherit"],
	});
	let printed = "";
	child.stdout.setEncoding("utf8").on("data", (text) => {
		printed += text;
	});
	const [code, signal] = await once(child, "close");
	if (code !== 0) throw new Error(`${script} ${args.join(" ")}: ended with ${code ?? signal}`);
	return printed;
}

/** A VARVE_DATA or VARVE_PORT meant for another server must not reach this one. */
export function withoutOptions(env) {
	return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("VARVE_")));
}

function urlIn(server) {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => {
			server.kill("SIGKILL");
			reject(new Error(`the server did not start within ${START_MS_MAX} ms`));
		}, START_MS_MAX);
		let printed = "";
		server.stdout.setEncoding("utf8").on("data", (text) => {
			printed += text;
			const url = /listens on (\S+)\n/.exec(printed)?.[1];
			if (url === undefined) return;
			clearTimeout(timer);
			resolve(url);
		});
		server.once("error", reject);
		server.once("exit", (code, signal) => {
			clearTimeout(timer);
			reject(new Error(`the server ended with ${code ?? signal}`));
		});
	});
}
