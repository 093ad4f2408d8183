/**
 * Asks questions in processes of their own. SQLite cannot be interrupted from its own thread, and a
 * thread cannot bound the memory of native code: a process can be ended, with all that it holds.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Refusal, type Word } from "../../../errors.ts";
import type { LogQuestions, SqlAnswer, SqlLimits, SqlQuestion } from "../../questions/question.ts";
import { ReadableLog } from "../files/medium.ts";
import type { Job, Outcome } from "./child.ts";

/** More would take the machine from those who append. */
const AT_ONCE_MAX = 2;
/** As a shell tells of SIGABRT. */
const ABORTED = 134;
/** The end of a stack, for the operator log. */
const SAID_MAX = 2000;

export class SqliteQuestions implements LogQuestions {
	readonly #directory: string;
	#running = 0;

	/** @param directory the data directory of the log */
	constructor(directory: string) {
		this.#directory = directory;
	}

	async ask(question: SqlQuestion, limits: SqlLimits, signal?: AbortSignal): Promise<SqlAnswer> {
		signal?.throwIfAborted();
		if (this.#running === AT_ONCE_MAX)
			throw new Refusal("sql-busy", { atOnceMax: AT_ONCE_MAX, retryAfterSeconds: 1 });
		this.#running++;
		const readable = new ReadableLog(this.#directory);
		try {
			const text = await run({ file: readable.file, question, limits }, signal);
			return answerIn(text);
		} finally {
			readable.close();
			this.#running--;
		}
	}
}

/** @returns what the process wrote */
function run(job: Job, signal: AbortSignal | undefined): Promise<string> {
	const { limits } = job;
	// The name carries the extension this very file runs under.
	const url = new URL(import.meta.url.replace(/questions(\.\w+)$/, "child$1"));
	const child = spawn(process.execPath, ["--no-warnings", fileURLToPath(url)], {
		// Nothing of this process: no secrets of its environment, no options of its Node.js.
		env: {},
		stdio: ["pipe", "pipe", "pipe"],
	});
	let said = "";
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
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
		child.stdout.on("data", (chunk: Buffer) => texts.push(chunk));
		// It may end before it has read its job; how it ended says more.
		child.stdin.on("error", () => undefined);
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
		child.stdin.end(JSON.stringify(job));
	});
}

function answerIn(text: string): SqlAnswer {
	const outcome = JSON.parse(text) as Outcome;
	if ("answer" in outcome) return outcome.answer;
	if ("failed" in outcome) throw new Error(`a question in SQL failed: ${outcome.failed}`);
	const { word, facts } = outcome.refused;
	throw new Refusal(word as Word, facts as never);
}
