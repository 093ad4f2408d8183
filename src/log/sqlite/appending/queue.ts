/**
 * The appends and deletes that wait for the disk, and the thread that writes them: group commit.
 *
 *     write()  ──▶ waiting ──▶ in flight ──▶ answered
 *                     │            in batches of a few; the writer takes all that have come
 *                     │            into one commit
 *                     └─ full: refused `overloaded`
 *
 * If the thread stops by itself, or cannot begin, the queue refuses every append and gives the
 * reason: new appends, waiting ones, and those in flight. Nobody knows whether appends in flight
 * are on disk.
 */
import type { Worker } from "node:worker_threads";
import { Refusal } from "../../../errors.ts";
import { LogActivity } from "../../../observe/numbers/log-activity.ts";
import { ListenerProgress } from "../../listening/progress.ts";
import type { Appended, Commit, LogLimits } from "../../log.ts";
import type { MovedSpan } from "../../moving/moves.ts";
import type { ErasureMessage } from "../erasure/queue.ts";
import { messageOf } from "../failures.ts";
import {
	type Answer,
	type Answers,
	answerAt,
	answerCount,
	type Batch,
	commitOf,
	contentBytes,
	hasMetDamage,
	isSpan,
	pack,
	packedBytes,
	type SpanBatch,
	type Stopped,
	spanBytes,
	type Write,
} from "../protocol.ts";

/** Bounds the copy a batch is. Of a larger one, the fsync is a small part already. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;

/**
 * So many appends do not wait for the end of the turn of the event loop: the writer begins with
 * them while this thread reads the next requests. A message for each would cost more than it gives.
 */
const BATCH_WRITES = 8;

/** With so much in flight, the rest waits here: batches are copies. */
const IN_FLIGHT_BYTES = 8 * 1024 * 1024;

/** Nobody knows when the server will start again; a client that retries this often is no burden. */
const RESTART_SECONDS = 30;

type WaitingWrite = {
	readonly write: Write | MovedSpan;
	readonly bytes: number;
	readonly sinceMs: number;
	/** Those behind it do not share its commit. */
	readonly endsCommit?: boolean;
	readonly resolve: (appended: Appended) => void;
	readonly reject: (error: Error) => void;
};

export type WriterThread = {
	readonly writer: Worker;
	/** Its exit code, whenever it ends. */
	readonly exited: Promise<number>;
	/** The last position of the log before the first batch; -1 if there is none. */
	readonly last: number;
};

/** Hears of the commits and of the end of the queue. */
export type Listener = {
	/** After each commit is on disk, in order. */
	onCommit(commit: Commit): void;
	/** Once, if the writer stops by itself. */
	onStop(refusal: Refusal<"writer-stopped">): void;
	/** Once, if the queue is closed: before the writer lets go of the file. */
	onEnd(): void;
};

export class AppendQueue {
	readonly activity = new LogActivity();
	readonly #writer: Worker;
	readonly #limits: LogLimits;
	readonly #clock: () => number;
	readonly #listener: Listener;
	readonly #stopped: Promise<void>;
	#waiting: WaitingWrite[] = [];
	/** Oldest first, as they will be answered. */
	#inFlight: WaitingWrite[] = [];
	#inFlightBytes = 0;
	/** Appends and bytes that are waiting or in flight. */
	readonly #held = this.activity.waiting;
	#last: number;
	#isSending = false;
	#isClosing = false;
	#isEnding = false;
	#broken: Refusal<"writer-stopped"> | undefined;
	readonly #listenerProgress: ListenerProgress;

	/** @param thread runs `writer.ts`; the queue ends it */
	constructor(
		{ writer, exited, last }: WriterThread,
		limits: LogLimits,
		clock: () => number,
		listener: Listener,
	) {
		this.#writer = writer;
		this.#limits = limits;
		this.#clock = clock;
		this.#listener = listener;
		this.#last = last;
		this.#listenerProgress = new ListenerProgress(last);
		writer.on("message", (message: Answers | Stopped | ErasureMessage) => {
			if ("stopped" in message) this.stop(message.stopped);
			else if ("grown" in message) this.#settle(message);
		});
		writer.on("messageerror", (error) => this.stop(messageOf(error)));
		writer.on("error", (error) => this.stop(messageOf(error)));
		this.#stopped = exited.then((code) => {
			if (!this.#isEnding) this.stop(`its thread ended with code ${code}`);
		});
	}

	write(write: Write): Promise<Appended> {
		return this.#enqueue(write, packedBytes(write));
	}

	/** Appends events of another log, in a commit of their own; as `Importer.import` answers. */
	import(span: MovedSpan): Promise<Appended> {
		return this.#enqueue(span, spanBytes(span));
	}

	#enqueue(write: Write | MovedSpan, bytes: number): Promise<Appended> {
		if (this.#isClosing) return reject(new Refusal("shutting-down", { retryAfterSeconds: 1 }));
		if (this.#broken) return reject(this.#broken);
		const full = this.#full(bytes);
		if (full) return reject(full);
		this.activity.enter(bytes);
		const sinceMs = performance.now();
		return new Promise((resolve, reject) => {
			this.#waiting.push({ write, bytes, sinceMs, resolve, reject });
			if (this.#waiting.length >= BATCH_WRITES) this.#send();
			else this.#sendSoon();
		});
	}

	/** As `ListenerProgress.reached`, of a position that a read has found. */
	listenersReached(position: number): Promise<void> | undefined {
		return this.#listenerProgress.reached(position, this.#inFlight.length);
	}

	/** Refuses every append from now on: the writer has stopped. */
	stop(reason: string): void {
		if (this.#broken) return;
		this.#broken = writerStopped(reason);
		this.#listener.onStop(this.#broken);
		const stranded = [...this.#inFlight, ...this.#waiting];
		this.#inFlight = [];
		this.#waiting = [];
		this.#held.appends = 0;
		this.#held.bytes = 0;
		for (const { reject } of stranded) reject(this.#broken);
		this.#listenerProgress.end();
		this.#endWhenDone();
	}

	/** Whether the writer stopped by itself: the files are as it left them. */
	get hasStopped(): boolean {
		return this.#broken !== undefined;
	}

	/** Lets the waiting appends be written, then ends the thread. */
	async close(): Promise<void> {
		this.#isClosing = true;
		this.#endWhenDone();
		await this.#stopped;
	}

	#endWhenDone(): void {
		if (!this.#isClosing || this.#isEnding || this.#held.appends > 0) return;
		this.#isEnding = true;
		if (!this.#broken) this.#listener.onEnd();
		this.#writer.postMessage("close");
	}

	/** An append that would wait alone is never too large: the limit of a request bounds it. */
	#full(bytes: number): Refusal | undefined {
		const { appendQueueMax, appendQueueBytesMax } = this.#limits;
		const held = this.#held;
		const isLong = held.appends >= appendQueueMax;
		const isLarge = held.appends > 0 && held.bytes + bytes > appendQueueBytesMax;
		if (!isLong && !isLarge) return undefined;
		const limit = isLong ? appendQueueMax : appendQueueBytesMax;
		return new Refusal("overloaded", { queue: "append", limit, retryAfterSeconds: 1 });
	}

	/** At the end of this turn of the event loop, so that its last appends share a message. */
	#sendSoon(): void {
		if (this.#isSending || this.#inFlightBytes >= IN_FLIGHT_BYTES) return;
		this.#isSending = true;
		setImmediate(() => {
			this.#isSending = false;
			this.#send();
		});
	}

	#send(): void {
		while (this.#waiting.length > 0 && this.#inFlightBytes < IN_FLIGHT_BYTES) {
			const [{ write, bytes }] = this.#waiting as [WaitingWrite];
			if (isSpan(write)) this.#depart({ span: write }, 1, bytes);
			else this.#sendWrites();
		}
	}

	#sendWrites(): void {
		let bytes = 0;
		let isAlone = false;
		const writes: Write[] = [];
		for (const { write, bytes: more, endsCommit = false } of this.#waiting) {
			if (isSpan(write)) break;
			if (writes.length > 0 && bytes + more > BATCH_BYTES_MAX) break;
			bytes += more;
			writes.push(write);
			isAlone = endsCommit;
			if (endsCommit) break;
		}
		const batch = pack(writes, bytes, { now: this.#clock(), isAlone });
		this.#depart(batch, writes.length, bytes);
	}

	#depart(batch: Batch | SpanBatch, writes: number, bytes: number): void {
		for (const waiting of this.#waiting.splice(0, writes)) this.#inFlight.push(waiting);
		this.#inFlightBytes += bytes;
		this.#writer.postMessage(batch, "span" in batch ? [] : [batch.bytes]);
	}

	/**
	 * One write of the commit met damage, so none was written. The others must not fail with it: they
	 * are split in halves, until the write is alone after a few commits.
	 */
	#sendApart(together: readonly WaitingWrite[]): void {
		const ends = [Math.ceil(together.length / 2) - 1, together.length - 1];
		this.#waiting.unshift(
			...together.map((waiting, index) => ({ ...waiting, endsCommit: ends.includes(index) })),
		);
		this.#send();
	}

	#settle(answers: Answers): void {
		const answered = this.#inFlight.splice(0, answerCount(answers));
		const bytes = answered.reduce((sum, waited) => sum + waited.bytes, 0);
		this.#inFlightBytes -= bytes;
		if (answered.length > 1 && hasMetDamage(answers)) {
			this.#listenerProgress.answered(-1, answered.length);
			this.#sendApart(answered);
			return;
		}
		this.#held.bytes -= bytes;
		this.#held.appends -= answered.length;
		this.#send();
		let written = 0;
		for (const [index, waited] of answered.entries()) {
			const answer = answerAt(answers, index);
			written += this.#measure(waited, answer);
			if ("first" in answer) waited.resolve(answer);
			else if ("word" in answer) waited.reject(new Refusal(answer.word, answer.facts));
			else waited.reject(new Error(`the write failed: ${answer.fault}`));
		}
		if (answers.grown.length > 0) this.#measureCommit(answers, answered.length, written);
		// Their waiting callers run after this, so a listener knows of a commit before its client does.
		if (answers.grown.length > 0) this.#listener.onCommit(commitOf(answers));
		this.#listenerProgress.answered(answers.last, answered.length);
		this.#endWhenDone();
	}

	/** @returns the bytes of data and metadata that the append wrote */
	#measure({ write, bytes, sinceMs }: WaitingWrite, answer: Answer): number {
		const { appends, appendSeconds } = this.activity;
		appendSeconds.observe((performance.now() - sinceMs) / 1000);
		const isNew = "first" in answer && !answer.repeated;
		appends[isNew ? "written" : "first" in answer ? "repeated" : "refused"]++;
		return isNew ? contentBytes(write, bytes) : 0;
	}

	#measureCommit({ last, commitMs, syncMs }: Answers, appends: number, bytes: number): void {
		this.activity.noteCommit({ appends, events: last - this.#last, bytes, commitMs, syncMs });
		this.#last = last;
	}
}

/** The refusal of every write once the writer has stopped. */
export function writerStopped(reason: string): Refusal<"writer-stopped"> {
	return new Refusal("writer-stopped", { reason, retryAfterSeconds: RESTART_SECONDS });
}

function reject(error: Error): Promise<never> {
	return Promise.reject(error);
}
