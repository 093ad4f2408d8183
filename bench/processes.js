// Child processes: ours, and the floors. Each is ended by its own id, and none outlives the run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "./arguments.js";

const running = new Set();
process.on("exit", () => {
	for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a program and waits for the line that says where it listens.
 * @returns its url, how long that took, its process id, and two ways to end it
 */
export async function startProgram(script, args, { nodeArgs = [], env = {}, root = ROOT } = {}) {
	const startedAt = performance.now();
	const child = spawnNode([...nodeArgs, join(root, script), ...args], env);
	const url = await firstUrl(child, script);
	child.stdout.resume();
	return {
		url,
		pid: child.pid,
		startMs: performance.now() - startedAt,
		stop: () => end(child, "SIGTERM"),
		kill: () => end(child, "SIGKILL"),
	};
}

async function end(child, signal) {
	const gone = once(child, "exit");
	child.kill(signal);
	await gone;
}

/**
 * `varve serve` on a free port; BENCH_NODE_ARGS reaches it, for a profiler.
 * @param root the checkout it is of
 */
export function startVarve(directory, args = [], root = ROOT) {
	const nodeArgs = (process.env.BENCH_NODE_ARGS ?? "").split(" ").filter(Boolean);
	return startProgram("bin/varve", ["serve", "--port", "0", "--data", directory, ...args], {
		nodeArgs,
		root,
	});
}

/** Runs a script of a checkout to its end. @returns what it wrote to stdout, trimmed */
export async function runScript(script, args, input, root = ROOT) {
	const child = spawnNode([join(root, script), ...args], {});
	if (input) await feed(child.stdin, input);
	child.stdin.end();
	const chunks = [];
	child.stdout.on("data", (chunk) => chunks.push(chunk));
	const [code] = await once(child, "close");
	if (code !== 0) throw new Error(`${script} ended with code ${code}`);
	return Buffer.concat(chunks).toString().trim();
}

/**
 * Most bytes of memory the process ever held; where the system does not keep that, those it holds
 * now.
 */
export function residentMax(pid) {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

export function residentNow(pid) {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** What a process has computed so far; Linux counts in hundredths of a second. */
export function cpuMicros(pid) {
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
	return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function spawnNode(args, env) {
	const child = spawn(process.execPath, args, {
		cwd: ROOT,
		env: { ...process.env, ...env },
		stdio: ["pipe", "pipe", "inherit"],
	});
	running.add(child);
	child.on("exit", () => running.delete(child));
	return child;
}

async function firstUrl(child, script) {
	for await (const line of createInterface({ input: child.stdout })) {
		const url = /http:\/\/[^\s]+/.exec(line)?.[0];
		if (url) return url.replace(/\/$/, "");
	}
	throw new Error(`${script} ended before it listened`);
}

async function feed(stdin, input) {
	for (const chunk of input) if (!stdin.write(chunk)) await once(stdin, "drain");
}
