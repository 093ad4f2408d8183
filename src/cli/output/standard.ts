/**
 * What a verb prints. Two kinds of text go to standard output, and differ if it cannot be written:
 *
 *     report   tells of work that is done: the exit code stays that of the work
 *     answer   is what the command was asked for: without it, the command has failed
 *
 * If the program that reads the output has ended (`| head`), it has what it wanted.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { standardStream } from "../../observe/standard.ts";
import { explain } from "../explain.ts";
import { EXIT } from "../verb.ts";

let reportFault: Error | undefined;
let answerFault: Error | undefined;
/** Resolves when all text so far was written, or failed. */
let settled: Promise<unknown> = Promise.resolve();
const awaited: (() => Promise<unknown>)[] = [];

export function report(text: string): void {
	write(text, (error) => {
		reportFault ??= error;
	});
}

export function answer(text: string): void {
	write(text, (error) => {
		answerFault ??= error;
	});
}

/** Has `exitCode` wait for other text on its way to standard output. */
export function waitAtExit(written: () => Promise<unknown>): void {
	awaited.push(written);
}

/** Notes go to standard error, where nobody waits for them. */
export function note(text: string): void {
	standardStream(2).write(text);
}

/** A reader of standard error that is this slow gets no more of it. */
const NOTES_MS = 1000;

/**
 * Waits for what was printed. The process may then exit: nothing is lost but notes that nobody
 * reads.
 * @param code of the work
 * @returns the exit code of the command: a lost answer makes it 1
 */
export async function exitCode(code: number): Promise<number> {
	await Promise.all(awaited.map((written) => written()));
	await settled;
	if (answerFault) note(`varve: ${lost(answerFault)}\n`);
	else if (reportFault) note(`varve: ${lost(reportFault)}; the work itself is done\n`);
	await notesWritten();
	return answerFault && code === EXIT.done ? EXIT.failed : code;
}

async function notesWritten(): Promise<void> {
	const written = new Promise<void>((resolve) => standardStream(2).write("", () => resolve()));
	await Promise.race([written, sleep(NOTES_MS, undefined, { ref: false })]);
}

function write(text: string, onFault: (error: Error) => void): void {
	const written = new Promise<void>((resolve) => {
		standardStream(1).write(text, (error) => {
			if (error && !isReaderGone(error)) onFault(error);
			resolve();
		});
	});
	settled = Promise.all([settled, written]);
}

/** Whether the program that reads standard output has ended. */
export function isReaderGone(error: Error): boolean {
	const { code } = error as NodeJS.ErrnoException;
	return code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
}

export function lost(error: Error): string {
	return `standard output cannot be written: ${explain(error)}`;
}
