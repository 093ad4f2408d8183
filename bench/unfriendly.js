// `npm run bench:unfriendly`: every unfriendly script of the tests, against the limits that a server
// has by default, as a transient projection; meanwhile a page is asked for and an event appended
// every few milliseconds. How long the answers take, beside the same without any script.
//
// Words choose the scripts whose group or name has one of them. The clients are in this process, on
// the same cores.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { cpus, loadavg, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LIMITS } from "../dist/src/projections/script/script.js";
import * as scripts from "../test/projections/script/unfriendly.ts";
import { startVarve } from "./processes.js";

/** A page and an append begin this often. */
const EVERY_MS = 5;
/** Without scripts: before them, and after them. */
const CALM_MS = 10_000;
/** As many scripts at once as the sandbox has threads. */
const AT_ONCE = 16;
/** No script may take longer than its limit, three times over, and what surrounds it. */
const OVER_MS = 60_000;
const TARGET_MS = 50;
const STREAMS = 100;
const ORIGIN = { method: "GET", path: "/streams/orders-1/0/forward/20?embed=body" };

// A run that is itself put before others would put the server before the sandbox.
setPriority(0);
const words = process.argv.slice(2);
const workDir = mkdtempSync(join(tmpdir(), "varve-unfriendly-"));
process.on("exit", () => rmSync(workDir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const args = ["--insecure", "--allow-anonymous", "--insecure-defaults"];
const server = await startVarve(workDir, args);
process.exitCode = (await measure().finally(stop)) ? 0 : 1;

async function stop() {
	agent.destroy();
	await server.stop();
}

async function measure() {
	for (let n = 0; n < STREAMS; n++) await append(n);
	await calm(2_000);
	const before = await calm(CALM_MS);
	const rows = [];
	for (const { group, name, source } of chosen()) {
		const took = await during(async () => run(name, source));
		rows.push({ group, name, ...took });
		process.stderr.write(`${group}: ${name}: ${took.outcome}, ${cells(took.times)}\n`);
	}
	const loops = Array.from({ length: AT_ONCE }, (_, n) => `loop ${n}`);
	const code = scripts.atThird("for (;;);");
	const atOnce = await during(() => Promise.all(loops.map((name) => run(name, code))));
	const after = await calm(CALM_MS);
	report({ calm: [...before, ...after], rows, atOnce: atOnce.times });
	return worst(rows.flatMap(({ times }) => times)) < TARGET_MS;
}

function chosen() {
	const groups = {
		time: scripts.LOOPS.map(([name, code]) => [name, scripts.atThird(code)]),
		memory: scripts.memory(LIMITS).map(([name, code]) => [name, scripts.atThird(code)]),
		stack: scripts.STACK.map(([name, code]) => [name, scripts.atThird(code)]),
		"what it throws or returns": scripts.THROWS.map(([name, code]) => [
			name,
			scripts.atThird(code),
		]),
		"as a whole": scripts.whole(LIMITS),
		poison: scripts.POISONS.map(([name, code]) => [
			name,
			scripts.atThird(`try { ${code} } catch {}`),
		]),
	};
	return Object.entries(groups)
		.flatMap(([group, list]) => list.map(([name, source]) => ({ group, name, source })))
		.filter(
			({ group, name }) =>
				words.length === 0 || words.some((one) => `${group} ${name}`.includes(one)),
		);
}

function calm(ms) {
	return during(() => sleep(ms)).then(({ times }) => times);
}

/** Asks as long as some work goes on. @returns what came of it, and what each answer took */
async function during(work) {
	const times = [];
	const asked = [];
	const note = (kind, ask) => {
		const startedAt = performance.now();
		asked.push(ask().then(() => times.push({ kind, ms: performance.now() - startedAt })));
	};
	const timer = setInterval(() => {
		note("page", page);
		note("append", () => append());
	}, EVERY_MS);
	try {
		const outcome = await work();
		return { outcome, times };
	} finally {
		clearInterval(timer);
		await Promise.all(asked);
	}
}

/**
 * Runs one as a transient projection, and deletes it. If it emits, it is of the mode OneTime, since
 * others may not.
 * @returns how it ended
 */
async function run(name, source) {
	const at = `/projection/${encodeURIComponent(name)}`;
	const mode = /emit\(|linkTo\(/.test(source) ? "onetime" : "transient";
	const path = `/projections/${mode}?name=${encodeURIComponent(name)}&emit=yes`;
	const made = await send({ method: "POST", path }, source);
	if (made.status !== 201) return `refused with ${made.status}`;
	const startedAt = performance.now();
	for (;;) {
		await sleep(50);
		const { status } = JSON.parse((await send({ method: "GET", path: at })).text);
		const isOver = /^(Faulted|Completed|Stopped)/.test(status);
		if (!isOver && performance.now() - startedAt < OVER_MS) continue;
		await send({ method: "POST", path: `${at}/command/disable` });
		await send({ method: "DELETE", path: at });
		return isOver ? status.replace(/\W.*/, "").toLowerCase() : `stopped as ${status}`;
	}
}

async function page() {
	const { status } = await send(ORIGIN);
	if (status !== 200) throw new Error(`a page was answered with ${status}`);
}

async function append(n = Math.floor(Math.random() * STREAMS)) {
	const headers = {
		"Content-Type": "application/json",
		"ES-EventType": "Placed",
		"ES-EventId": randomUUID(),
	};
	const { status } = await send(
		{ method: "POST", path: `/streams/orders-${n}`, headers },
		'{"amount":1}',
	);
	if (status !== 201) throw new Error(`an append was answered with ${status}`);
}

function report({ calm, rows, atOnce }) {
	const all = rows.flatMap(({ times }) => times);
	const line = (name, times) =>
		`| ${name} | ${times.length.toLocaleString("en")} | ${cells(times)} |`;
	const lines = [
		`${rows.length} scripts, one after another; a page and an append every ${EVERY_MS} ms, from the same machine:`,
		`${cpus()[0]?.model.trim()}, ${cpus().length} cores, node ${process.version}, load average ${loadavg()[0].toFixed(1)} at the end.`,
		"",
		"| While there runs | answers | p50 | p99 | max, ms |",
		"|---|--:|--:|--:|--:|",
		line("no script", calm),
		line("a script", all),
		...["page", "append"].map((kind) =>
			line(
				`a script: ${kind}s`,
				all.filter((one) => one.kind === kind),
			),
		),
		line(`${AT_ONCE} endless loops at once`, atOnce),
		"",
		"| Script | ended | answers | p50 | p99 | max, ms |",
		"|---|---|--:|--:|--:|--:|",
		...rows.map(({ group, name, outcome, times }) => line(`${group}: ${name} | ${outcome}`, times)),
	];
	process.stdout.write(`${lines.join("\n")}\n`);
}

function cells(times) {
	const sorted = times.map(({ ms }) => ms).sort((a, b) => a - b);
	const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
	return [0.5, 0.99, 1].map((share) => (at(share) ?? 0).toFixed(1)).join(" | ");
}

function worst(times) {
	return Math.max(...times.map(({ ms }) => ms));
}

function send(options, body = "") {
	return new Promise((resolve, reject) => {
		const sent = request(server.url + options.path, { ...options, agent }, (res) => {
			const chunks = [];
			res.on("data", (chunk) => chunks.push(chunk));
			res.on("end", () =>
				resolve({ status: res.statusCode, text: Buffer.concat(chunks).toString() }),
			);
		});
		sent.on("error", reject);
		sent.end(body);
	});
}
