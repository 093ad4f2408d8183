/**
 * Checks a directory's log, in threads of their own: reading everything takes as long as it takes,
 * and a server goes on answering meanwhile. It takes no lock and changes nothing, so it may run
 * beside a server or without one. It checks the events there are when it begins; as nothing of them
 * ever changes, no snapshot needs to be held, which would keep the WAL from being folded.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { Refusal } from "../../../errors.ts";
import type { Verification } from "../../log.ts";
import type { CheckedEntries } from "../../verify/entries.ts";
import { addSums, createSums, differences, type Span } from "../../verify/sums.ts";
import { blocksOf, createOrderCheck } from "../../verify/verify.ts";
import { createReport, type Part, type Report } from "../../verify/view.ts";
import { logFile, refusalOf } from "../files/directory.ts";
import { schemaFault } from "../files/schema.ts";
import type { Job, Message, Outcome } from "./jobs.ts";

/** More threads would read the same disk, and take cores from a server that is running. */
const THREADS_MAX = 2;

/** Events and entries of a few reads; unbounded, the heap would grow before it is swept. */
const HEAP_MIB = 96;

/** How far it is: events checked, and the part of all there is to do, from 0 to 1. */
export type Progress = { readonly events: number; readonly fraction: number };

/** What the checks of an entry, of the files and of the notes cost: a part of an event's own. */
const ENTRY_SHARE = 0.08;
const PART_SHARES: Record<Part, number> = { files: 0.4, notes: 0.15 };

/**
 * Verifies the log in `directory`.
 * @param onProgress told every now and then how far it is
 * @throws Refusal `data-directory-unusable`; the signal's reason
 */
export async function verifyDirectory(
	directory: string,
	onProgress: (progress: Progress) => void = () => {},
	signal?: AbortSignal,
): Promise<Verification> {
	const file = logFile(resolve(directory));
	if (!existsSync(file)) {
		throw new Refusal("data-directory-unusable", { path: directory, reason: "it holds no log" });
	}
	const threads: Thread[] = [];
	const stop = () => {
		for (const thread of threads) thread.end();
	};
	try {
		const fault = schemaFault(file, directory);
		if (fault) throw fault;
		signal?.throwIfAborted();
		signal?.addEventListener("abort", stop);
		return await verifyWith(threads, () => startThread(file), onProgress);
	} catch (error) {
		signal?.throwIfAborted();
		throw error instanceof Refusal ? error : refusalOf(error, directory);
	} finally {
		signal?.removeEventListener("abort", stop);
		for (const thread of threads) thread.close();
	}
}

/** @param threads those that are started, for the caller to close */
async function verifyWith(
	threads: Thread[],
	start: () => Thread,
	onProgress: (progress: Progress) => void,
): Promise<Verification> {
	const { faults, report } = createReport();
	const first = start();
	threads.push(first);
	const { size = 0, faults: unreadable } = await first.work({ kind: "size" });
	for (const fault of unreadable) report(fault);
	const blocks = blocksOf(size);
	// A small log is checked before a second thread has started.
	while (threads.length < Math.min(THREADS_MAX, availableParallelism(), blocks.length)) {
		threads.push(start());
	}
	const progress = createProgress(size, onProgress);
	// The long ones first, and then each thread takes block after block.
	const long: readonly Job[] = [{ kind: "files" }, { kind: "entries", size }, { kind: "notes" }];
	const short = blocks.map((block): Job => ({ kind: "events", block }));
	const outcomes = await share(threads, [...long, ...short], progress);
	for (const { faults } of outcomes) for (const fault of faults) report(fault);
	const ofBlocks = outcomes.slice(long.length);
	const entries = outcomes.find((outcome) => outcome.entries)?.entries;
	const rest = await conclude(first, size, { blocks, ofBlocks, entries }, report);
	return { ok: faults.length === 0, ...rest, faults };
}

type Found = {
	readonly blocks: readonly Span[];
	/** In the order of the blocks. */
	readonly ofBlocks: readonly Outcome[];
	/** Undefined where they cannot be read. */
	readonly entries: CheckedEntries | undefined;
};

/** Holds what the parts found against each other. */
async function conclude(
	thread: Thread,
	size: number,
	{ blocks, ofBlocks, entries }: Found,
	report: Report,
): Promise<Omit<Verification, "ok" | "faults">> {
	const owed = createSums({ from: 0, to: size });
	const order = createOrderCheck(report);
	let [events, erased] = [0, 0];
	const later: Job[] = [{ kind: "nodes", size }];
	for (const [index, block] of blocks.entries()) {
		const checked = ofBlocks[index]?.block;
		if (!checked) continue;
		order(block, checked);
		addSums(owed, checked.sums);
		events += checked.events;
		erased += checked.erased;
	}
	const spans = entries ? differences(owed, entries.sums) : [];
	if (spans.length > 0) later.push({ kind: "compare", spans });
	for (const job of later) {
		for (const fault of (await thread.work(job)).faults) report(fault);
	}
	const { streams = 0, unproven = 0 } = entries ?? {};
	return { events, streams, erased, unproven };
}

/** Does all jobs, each thread the next one as soon as it is free. */
async function share(
	threads: readonly Thread[],
	jobs: readonly Job[],
	progress: (job: Job | number) => void,
): Promise<Outcome[]> {
	const outcomes: Outcome[] = [];
	let next = 0;
	const takeTurns = async (thread: Thread) => {
		while (next < jobs.length) {
			const index = next++;
			const job = jobs[index] as Job;
			outcomes[index] = await thread.work(job, progress);
			progress(job);
		}
	};
	await Promise.all(threads.map(takeTurns));
	return outcomes;
}

function createProgress(size: number, onProgress: (progress: Progress) => void) {
	let [events, entries, parts] = [0, 0, 0];
	return (done: Job | number) => {
		if (typeof done === "number") entries += done;
		else if (done.kind === "events") events += done.block.to - done.block.from;
		else if (done.kind === "entries") entries = Number.POSITIVE_INFINITY;
		else if (done.kind === "files" || done.kind === "notes") parts += PART_SHARES[done.kind];
		// An event has three entries or four.
		const others = Math.min(entries, 3 * size) * ENTRY_SHARE + size * parts;
		const total = size * (1 + 3 * ENTRY_SHARE + PART_SHARES.files + PART_SHARES.notes);
		onProgress({ events, fraction: (events + others) / Math.max(total, 1) });
	};
}

type Thread = {
	/** Does one job; the next may be given when it is done. */
	work(job: Job, onEntries?: (count: number) => void): Promise<Outcome>;
	close(): void;
	/** Ends it within its job, which fails. */
	end(): void;
};

function startThread(file: string): Thread {
	// The name carries the extension this very file runs under.
	const url = new URL(import.meta.url.replace(/verifier(\.\w+)$/, "thread$1"));
	const worker = new Worker(url, {
		workerData: file,
		execArgv: [],
		resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: 16 },
	});
	let failure: Error | undefined;
	let waiting: ((error: Error) => void) | undefined;
	const fail = (error: Error) => {
		failure ??= error;
		waiting?.(failure);
	};
	worker.on("error", fail);
	worker.on("exit", () => fail(new Error("the verifier stopped without a result")));
	const work = (job: Job, onEntries: (count: number) => void = () => {}) =>
		new Promise<Outcome>((resolve, reject) => {
			if (failure) return reject(failure);
			waiting = reject;
			const listen = (message: Message) => {
				if ("entries" in message) return onEntries(message.entries);
				worker.off("message", listen);
				resolve(message.outcome);
			};
			worker.on("message", listen);
			worker.postMessage(job);
		});
	const end = () => void worker.terminate();
	return { work, close: () => worker.postMessage("close"), end };
}
