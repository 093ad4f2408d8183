/**
 * The process that answers a question, as its server sees it. SQLite cannot be interrupted from its
 * own thread, and a thread cannot bound the memory of native code: a process can be ended, with all
 * that it holds.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { Refusal, type Word } from "../../../errors.ts";
import type { SqlAnswer } from "../../questions/question.ts";
import { answerReads, type LogReads } from "./asked.ts";
import type { Job, Outcome } from "./child.ts";

/** As a shell tells of SIGABRT. */
const ABORTED = 134;
/** The end of a stack, for the operator log. */
const SAID_MAX = 2000;

/**
 * @param reads what it reads the log by, if not by the file of the job
 * @throws Refusal as `LogQuestions.ask`
 */
export async function answerInProcess(
	job: Job,
	signal: AbortSignal | undefined,
	reads?: LogReads,
): Promise<SqlAnswer> {
	return answerIn(await run(job, signal, reads));
}

/** @returns what the process wrote */
function run(
	job: Job,
	signal: AbortSignal | undefined,
	reads: LogReads | undefined,
): Promise<string> {
	const { limits } = job;
	// The name carries the extension this very file runs under.
	const url = new URL(import.meta.url.replace(/process(\.\w+)$/, "child$1"));
	const child = spawn(process.execPath, ["--no-warnings", fileURLToPath(url)], {
		// Nothing of this process: no secrets of its environment, no options of its Node.js.
		env: {},
		stdio: ["pipe", "pipe", "pipe", ...(reads ? ["pipe" as const] : [])],
	});
	const { stdin, stdout, stderr } = child as ChildProcessWithoutNullStreams;
	if (reads) answerReads(child.stdio[3] as Duplex, reads);
	let said = "";
	stderr.setEncoding("utf8").on("data", (text: string) => {
		said = (said + text).slice(-SAID_MAX);
	});
	return new Promise((resolve, reject) => {
		const texts: Buffer[] = [];
		const end = (reason: unknown) => {
			reject(reason);
			child.kill("SIGKILL");
		};
		const tooSlow = () => end(new Refusal("sql-too-slow", { timeMs: limits.timeMs }));
		const timer = setTimeout(tooSlow, limits.timeMs);
		const leave = () => end(signal?.reason);
		signal?.addEventListener("abort", leave, { once: true });
		stdout.on("data", (chunk: Buffer) => texts.push(chunk));
		// It may end before it has read its job; how it ended says more.
		stdin.on("error", () => undefined);
		child.on("error", end);
		child.on("close", (code, ended) => {
			clearTimeout(timer);
			signal?.removeEventListener("abort", leave);
			// Its watch ended it; Node.js does if its heap is full, and the kernel if the machine is.
			if (ended !== null || code === ABORTED)
				return reject(new Refusal("sql-too-large", { memoryBytesMax: limits.memoryBytesMax }));
			if (code !== 0)
				return reject(new Error(`the process of a question ended with ${code}: ${said}`));
			resolve(Buffer.concat(texts).toString());
		});
		stdin.end(JSON.stringify(job));
	});
}

function answerIn(text: string): SqlAnswer {
	const outcome = JSON.parse(text) as Outcome;
	if ("answer" in outcome) return outcome.answer;
	if ("failed" in outcome) throw new Error(`a question in SQL failed: ${outcome.failed}`);
	const { word, facts } = outcome.refused;
	throw new Refusal(word as Word, facts as never);
}
