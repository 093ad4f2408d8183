/** The log's side of erasing: asks the writer's thread, step by step, and tells of what it did. */
import type { MessagePort } from "node:worker_threads";
import { Refusal } from "../../../errors.ts";
import type { Commit, Redaction, ScavengeStep } from "../../log.ts";
import { openForReading } from "../files/directory.ts";
import { SELECT_ERASURES } from "../statements.ts";
import type { Erased, Erasure } from "./eraser.ts";

type Waiting = { resolve(erased: Erased): void; reject(error: Error): void };

export class Erasures {
	readonly #port: MessagePort;
	readonly #clock: () => number;
	readonly #onCommit: (commit: Commit) => void;
	/** Oldest first, as they will be answered. */
	readonly #waiting: Waiting[] = [];
	#count: number;
	#isClosed = false;

	/** @param port leads to `eraser.ts`; it is closed when the writer's thread ends */
	constructor(
		port: MessagePort,
		count: number,
		clock: () => number,
		onCommit: (commit: Commit) => void,
	) {
		this.#port = port;
		this.#count = count;
		this.#clock = clock;
		this.#onCommit = onCommit;
		port.on("message", (erased: Erased) => this.#settle(erased));
		port.on("close", () => this.#end());
		// An idle line does not keep the process alive; the writer's thread does.
		port.unref();
	}

	/** As `Erasing.erasures`. */
	get count(): number {
		return this.#count;
	}

	async redact(redaction: Redaction): Promise<void> {
		await this.#ask({ redact: redaction });
	}

	async scavenge(from: number): Promise<ScavengeStep> {
		const { step } = await this.#ask({ scavenge: from, now: this.#clock() });
		if (!step) throw new Error("a step of a scavenge was answered with none");
		return step;
	}

	#ask(erasure: Erasure): Promise<Erased> {
		if (this.#isClosed) return Promise.reject(shuttingDown());
		return new Promise((resolve, reject) => {
			this.#waiting.push({ resolve, reject });
			this.#port.postMessage(erasure);
		});
	}

	#settle(erased: Erased): void {
		const waiting = this.#waiting.shift();
		// Who asked runs after the listeners: they know of an erasure before its caller does.
		if (erased.erasures !== undefined) {
			this.#count = erased.erasures;
			const { last, marked, erasures } = erased;
			this.#onCommit({ last, streams: new Map(), marked, erasures });
		}
		const { denied } = erased;
		if (!denied) waiting?.resolve(erased);
		else if ("word" in denied) waiting?.reject(new Refusal(denied.word, denied.facts));
		else waiting?.reject(new Error(`erasing failed: ${denied.fault}`));
	}

	#end(): void {
		this.#isClosed = true;
		for (const { reject } of this.#waiting.splice(0)) reject(shuttingDown());
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

function shuttingDown(): Refusal {
	return new Refusal("shutting-down", { retryAfterSeconds: 1 });
}
