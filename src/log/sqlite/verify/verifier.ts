/**
 * Checks a directory's log, in threads of their own: reading everything takes as long as it takes,
 * and a server goes on answering meanwhile. It takes no lock and changes nothing, so it may run
 * beside a server or without one. It checks the events there are when it begins; as nothing of them
 * ever changes, no snapshot needs to be held, which would keep the WAL from being folded.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Refusal } from "../../../errors.ts";
import type { Verification, VerifyWatch } from "../../log.ts";
import type { CheckedEntries } from "../../verify/entries.ts";
import { differences, type Span } from "../../verify/sums.ts";
import { blocksOf, EventTotals } from "../../verify/totals.ts";
import { createReport, type Report } from "../../verify/view.ts";
import { logFile, refusalOf } from "../files/directory.ts";
import { ReadableLog } from "../files/medium.ts";
import { schemaFault } from "../files/schema.ts";
import { provideTemporaryPlace } from "../files/temporary.ts";
import type { Job, Outcome } from "./jobs.ts";
import { ProgressCount } from "./progress.ts";
import { VerifyingThread } from "./verifying-thread.ts";

/** More threads would read the same disk, and take cores from a server that is running. */
const THREADS_MAX = 2;
const FULL_PERCENT = 100;

/**
 * Verifies the log in `directory`.
 * @throws Refusal `data-directory-unusable`; the signal's reason
 */
export async function verifyDirectory(
	directory: string,
	{ onProgress = () => {}, signal, percent = FULL_PERCENT }: VerifyWatch = {},
): Promise<Verification> {
	if (!existsSync(logFile(resolve(directory)))) {
		throw new Refusal("data-directory-unusable", { path: directory, reason: "it holds no log" });
	}
	let readable: ReadableLog | undefined;
	const threads: VerifyingThread[] = [];
	const stop = () => {
		for (const thread of threads) thread.end();
	};
	try {
		provideTemporaryPlace(directory);
		readable = new ReadableLog(resolve(directory));
		const { file } = readable;
		const fault = schemaFault(file, directory);
		if (fault) throw fault;
		signal?.throwIfAborted();
		signal?.addEventListener("abort", stop);
		const threadsMax = percent < FULL_PERCENT ? 1 : THREADS_MAX;
		const start = () => new VerifyingThread(file, percent);
		return await verifyWith({ threads, threadsMax, start }, onProgress);
	} catch (error) {
		signal?.throwIfAborted();
		throw error instanceof Refusal ? error : refusalOf(error, directory);
	} finally {
		signal?.removeEventListener("abort", stop);
		for (const thread of threads) thread.close();
		readable?.close();
	}
}

type Threads = {
	/** Gets the threads that are started; the caller closes them. */
	readonly threads: VerifyingThread[];
	readonly threadsMax: number;
	readonly start: () => VerifyingThread;
};

async function verifyWith(
	{ threads, threadsMax, start }: Threads,
	onProgress: NonNullable<VerifyWatch["onProgress"]>,
): Promise<Verification> {
	const { faults, report } = createReport();
	const first = start();
	threads.push(first);
	const { size = 0, faults: unreadable } = await first.work({ kind: "size" });
	for (const fault of unreadable) report(fault);
	const blocks = blocksOf(size);
	// A small log is checked before a second thread has started.
	while (threads.length < Math.min(threadsMax, availableParallelism(), blocks.length)) {
		threads.push(start());
	}
	const progress = new ProgressCount(size, onProgress);
	const long: readonly Job[] = [{ kind: "files" }, { kind: "entries", size }, { kind: "notes" }];
	const short = blocks.map((block): Job => ({ kind: "events", block }));
	// Two threads begin with the long ones, so that both end at a time; one begins with the blocks,
	// so that its progress is seen.
	const isAlone = threadsMax === 1;
	const jobs = isAlone ? [...short, ...long] : [...long, ...short];
	const outcomes = await share(threads, jobs, progress);
	for (const { faults } of outcomes) for (const fault of faults) report(fault);
	const firstBlock = isAlone ? 0 : long.length;
	const ofBlocks = outcomes.slice(firstBlock, firstBlock + short.length);
	const entries = outcomes.find((outcome) => outcome.entries)?.entries;
	const rest = await conclude(first, size, { blocks, ofBlocks, entries }, report);
	return { ok: faults.length === 0, ...rest, faults };
}

type Found = {
	readonly blocks: readonly Span[];
	/** In the order of the blocks. */
	readonly ofBlocks: readonly Outcome[];
	/** Undefined if they cannot be read. */
	readonly entries: CheckedEntries | undefined;
};

/** Compares the findings of the parts. */
async function conclude(
	thread: VerifyingThread,
	size: number,
	{ blocks, ofBlocks, entries }: Found,
	report: Report,
): Promise<Omit<Verification, "ok" | "faults">> {
	const totals = new EventTotals(size, report);
	for (const [index, block] of blocks.entries()) {
		const checked = ofBlocks[index]?.block;
		if (checked) totals.add(block, checked);
	}
	const later: Job[] = [{ kind: "nodes", size }];
	const spans = entries ? differences(totals.sums, entries.sums) : [];
	if (spans.length > 0) later.push({ kind: "compare", spans });
	for (const job of later) {
		for (const fault of (await thread.work(job)).faults) report(fault);
	}
	const { streams = 0, unproven = 0 } = entries ?? {};
	return { events: totals.events, streams, erased: totals.erased, unproven };
}

/** Does all jobs, each thread the next one as soon as it is free. */
async function share(
	threads: readonly VerifyingThread[],
	jobs: readonly Job[],
	progress: ProgressCount,
): Promise<Outcome[]> {
	const outcomes: Outcome[] = [];
	let next = 0;
	const takeTurns = async (thread: VerifyingThread) => {
		while (next < jobs.length) {
			const index = next++;
			const job = jobs[index] as Job;
			outcomes[index] = await thread.work(job, (seen) => progress.entries(seen));
			progress.done(job);
		}
	};
	await Promise.all(threads.map(takeTurns));
	return outcomes;
}
