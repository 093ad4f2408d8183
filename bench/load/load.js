// The load: wrk where it is installed, else a small loader of our own in a process of its own.
import { execFile, execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runScript } from "../processes.js";

const execute = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));

export const LOAD_TOOL = hasWrk() ? "wrk" : "own loader (wrk is not installed)";

let seed = 1;

/**
 * GETs one URL from many connections.
 * @param count with n above 1, the path's last `-1` becomes any of `-1` to `-n`
 * @returns requests answered a second
 */
export function get(url, { connections = 16, seconds, headers = {}, count = 1 }) {
	return run({ kind: "get", url, connections, seconds, headers, args: [count, seed++] });
}

/**
 * Appends to `/streams/order-1` … of the server at `url`.
 * @returns requests answered a second; each is answered when it is on disk
 */
export function append(url, { connections, seconds, events = 1, streams = 1000 }) {
	// Each run has ids of its own: the same ones again would be repeats and write nothing.
	const args = [events, streams, Date.now() + seed++];
	return run({ kind: "append", url, connections, seconds, headers: {}, args });
}

/**
 * Appends to `streams` streams, reads their heads, pages of their category and type, and asks for
 * streams that are not there; wrk cannot.
 * @returns requests answered a second
 */
export function mixed(url, { connections, seconds, streams }) {
	const args = [1, streams, Date.now() + seed++];
	return run({ kind: "mixed", url, connections, seconds, headers: {}, args });
}

async function run(task) {
	const { requests, micros, failed } = await (LOAD_TOOL === "wrk" && task.kind !== "mixed"
		? runWrk(task)
		: runOwn(task));
	if (failed > 0 || requests === 0) {
		throw new Error(`${failed} of ${requests} requests to ${task.url} failed`);
	}
	return requests / (micros / 1e6);
}

async function runWrk({ kind, url, connections, seconds, headers, args }) {
	const lines = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
	const size = ["-t", "1", "-c", String(connections), "-d", `${seconds}s`, "--timeout", "10s"];
	const { stdout } = await execute(
		"wrk",
		[...size, "-s", `${kind}.lua`, ...lines, url, "--", ...args.map(String)],
		{ cwd: here },
	);
	return JSON.parse(/RESULT (.*)/.exec(stdout)[1]);
}

async function runOwn(task) {
	return JSON.parse(await runScript("bench/load/loader.js", [JSON.stringify(task)]));
}

function hasWrk() {
	try {
		execFileSync("sh", ["-c", "command -v wrk"], { stdio: "ignore" });
		return true;
	} catch {
		return false;
	}
}
