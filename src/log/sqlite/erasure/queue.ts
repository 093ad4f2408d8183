/** The erasures that wait for the writer's thread; it tells the log's listeners of each. */
import type { MessagePort, Worker } from "node:worker_threads";
import { Refusal } from "../../../errors.ts";
import { ListenerProgress } from "../../listening/progress.ts";
import type { Commit, Redaction, ScavengeStep } from "../../log.ts";
import { openForReading } from "../files/directory.ts";
import type { Answers, Stopped } from "../protocol.ts";
import { SELECT_ERASURES } from "../statements.ts";
import type { ErasureRequest, ErasureResult } from "./eraser.ts";

/** Sent to the writer's thread, and back by it. */
export const PING = "ping";
/** Follows each `ErasureResult`: the older copies are gone, or a reader still needs them. */
export const CLEANED = "cleaned";

/** A message of the writer's thread that is for this queue. */
export type ErasureMessage = { readonly erasing: ErasureResult | typeof CLEANED | typeof PING };

export type ErasingThread = {
	/**
	 * Answers erasures on the port on which it answers appends: so the listeners hear of all commits
	 * in the order of the log.
	 */
	readonly writer: Worker;
	/** Leads to `eraser.ts`, past the batches of appends that wait for the writer. */
	readonly erasurePort: MessagePort;
};

type WaitingErasure = { resolve(erased: ErasureResult): void; reject(error: Error): void };

export class ErasureQueue {
	readonly #port: MessagePort;
	readonly #clock: () => number;
	readonly #onCommit: (commit: Commit) => void;
	/** Oldest first, as they will be answered. */
	readonly #waiting: WaitingErasure[] = [];
	readonly #listenerProgress: ListenerProgress;
	/** How many waiting erasures the listeners have not heard of. */
	#untold = 0;
	/** The result of the oldest waiting erasure; its caller hears of it once the WAL is clean. */
	#erased: ErasureResult | undefined;
	#count: number;
	#pinged: Promise<void> | undefined;
	#ping: { resolve(): void; reject(error: Error): void } | undefined;
	/** The reason why the queue takes nothing more. */
	#ended: Refusal | undefined;

	/** @param count as `Erasure.erasures`, before the first erasure of the thread */
	constructor(
		{ writer, erasurePort }: ErasingThread,
		count: number,
		clock: () => number,
		onCommit: (commit: Commit) => void,
	) {
		this.#port = erasurePort;
		this.#count = count;
		this.#listenerProgress = new ListenerProgress(count);
		this.#clock = clock;
		this.#onCommit = onCommit;
		writer.on("message", (message: ErasureMessage | Answers | Stopped) => {
			if (!("erasing" in message)) return;
			const { erasing } = message;
			if (erasing === PING) this.#answered();
			else if (erasing === CLEANED) this.#settle();
			else this.#tell(erasing);
		});
	}

	/** As `Erasure.erasures`. */
	get count(): number {
		return this.#count;
	}

	/** Whether an erasure is in flight: a read may show it before the listeners have heard of it. */
	isErasing(): boolean {
		return this.#untold > 0;
	}

	/** As `ListenerProgress.reached`, of a number of erasures that a read has found. */
	listenersReached(count: number): Promise<void> | undefined {
		return this.#listenerProgress.reached(count, this.#untold);
	}

	async redact(redaction: Redaction): Promise<void> {
		await this.#ask({ redact: redaction });
	}

	async scavenge(from: number): Promise<ScavengeStep> {
		const { step } = await this.#ask({ scavenge: from, now: this.#clock() });
		if (!step) throw new Error("a step of a scavenge was answered with none");
		return step;
	}

	/**
	 * Resolves when the thread has read this message. A ping is no erasure, but it must not wait in
	 * the queue of the appends, which is bounded. All callers that ask meanwhile share one ping.
	 */
	ping(): Promise<void> {
		if (this.#ended) return Promise.reject(this.#ended);
		this.#pinged ??= new Promise((resolve, reject) => {
			this.#ping = { resolve, reject };
			this.#port.postMessage(PING);
		});
		return this.#pinged;
	}

	/** Refuses waiting and new erasures: the writer has stopped, or is gone. */
	stop(refusal: Refusal): void {
		this.#ended ??= refusal;
		this.#untold = 0;
		for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
		this.#ping?.reject(this.#ended);
		this.#listenerProgress.end();
	}

	#ask(erasure: ErasureRequest): Promise<ErasureResult> {
		if (this.#ended) return Promise.reject(this.#ended);
		return new Promise((resolve, reject) => {
			this.#waiting.push({ resolve, reject });
			this.#untold++;
			this.#port.postMessage(erasure);
		});
	}

	#answered(): void {
		this.#ping?.resolve();
		this.#ping = undefined;
		this.#pinged = undefined;
	}

	/** The listeners know of an erasure before its caller does. */
	#tell(erased: ErasureResult): void {
		this.#erased = erased;
		this.#untold--;
		if (erased.erasures !== undefined) {
			this.#count = erased.erasures;
			const { last, marked, erasures } = erased;
			this.#onCommit({ last, streams: new Map(), marked, erasures });
		}
		this.#listenerProgress.answered(this.#count);
	}

	#settle(): void {
		const erased = this.#erased;
		const waiting = this.#waiting.shift();
		if (!erased || !waiting) return;
		const { denied } = erased;
		if (!denied) waiting.resolve(erased);
		else if ("word" in denied) waiting.reject(new Refusal(denied.word, denied.facts));
		else waiting.reject(new Error(`erasing failed: ${denied.fault}`));
	}
}

/** @param file the database, at this program's schema */
export function erasuresOf(file: string): number {
	const database = openForReading(file);
	try {
		return Number(database.prepare(SELECT_ERASURES).pluck().get());
	} finally {
		database.close();
	}
}
