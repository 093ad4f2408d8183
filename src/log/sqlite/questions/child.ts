/**
 * The process that answers one question: it reads a job from stdin, writes an outcome to stdout,
 * and ends. Whoever started it ends it at its limit of time, which no statement can put off.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { isRefusal } from "../../../errors.ts";
import type { SqlAnswer, SqlLimits, SqlQuestion } from "../../questions/question.ts";
import { ServerReads } from "./asked.ts";
import { FileReads } from "./reads.ts";
import { answerQuestion } from "./statement.ts";

export type Job = {
	/** The database of the log; undefined if the server that started this process reads for it. */
	readonly file: string | undefined;
	readonly question: SqlQuestion;
	readonly limits: SqlLimits;
};

export type Outcome =
	| { readonly answer: SqlAnswer }
	| { readonly refused: { readonly word: string; readonly facts: object } }
	| { readonly failed: string };

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const job = JSON.parse(Buffer.concat(chunks).toString()) as Job;
await watchMemory(job.limits);
process.stdout.write(JSON.stringify(outcomeOf(job)));

/** Resolves when the thread looks: a statement would hold up its start. */
async function watchMemory({ memoryBytesMax }: SqlLimits): Promise<void> {
	const residentBytesMax = process.memoryUsage.rss() + memoryBytesMax;
	// The name carries the extension this very file runs under.
	const url = new URL(import.meta.url.replace(/child(\.\w+)$/, "memory-watch$1"));
	const watch = new Worker(url, { workerData: { residentBytesMax } });
	await once(watch, "message");
	watch.unref();
}

function outcomeOf({ file, question, limits }: Job): Outcome {
	try {
		const reads = file === undefined ? new ServerReads() : new FileReads(file);
		return { answer: answerQuestion(reads, question, limits) };
	} catch (error) {
		if (isRefusal(error)) return { refused: { word: error.word, facts: error.facts } };
		return { failed: String(error instanceof Error ? error.stack : error) };
	}
}
