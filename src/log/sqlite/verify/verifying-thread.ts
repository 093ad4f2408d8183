/** A thread that verifies, as the thread sees it that started it. */
import { Worker } from "node:worker_threads";
import type { Job, Message, Outcome } from "./jobs.ts";

export type ThreadData = { readonly file: string; readonly percent: number };

/** Events and entries of a few reads; unbounded, the heap would grow before it is swept. */
const HEAP_MIB = 96;

export class VerifyingThread {
	readonly #worker: Worker;
	#failure: Error | undefined;
	/** Rejects the job that is being done. */
	#fail: ((error: Error) => void) | undefined;

	/**
	 * @param file the database that it reads
	 * @param percent the share of time in which it works
	 */
	constructor(file: string, percent: number) {
		// The name carries the extension this very file runs under.
		const url = new URL(import.meta.url.replace(/verifying-thread(\.\w+)$/, "thread$1"));
		this.#worker = new Worker(url, {
			workerData: { file, percent } satisfies ThreadData,
			execArgv: [],
			resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: 16 },
		});
		this.#worker.on("error", (error) => this.#failed(error));
		this.#worker.on("exit", () => this.#failed(new Error("the verifier stopped without a result")));
	}

	/**
	 * Does one job; the next may be given when it is done.
	 * @param onEntries called now and then with the number of entries since the last call
	 */
	work(job: Job, onEntries: (count: number) => void = () => {}): Promise<Outcome> {
		return new Promise((resolve, reject) => {
			if (this.#failure) return reject(this.#failure);
			this.#fail = reject;
			const listen = (message: Message) => {
				if ("entries" in message) return onEntries(message.entries);
				this.#worker.off("message", listen);
				resolve(message.outcome);
			};
			this.#worker.on("message", listen);
			this.#worker.postMessage(job);
		});
	}

	/** Lets the thread end, once it has done its jobs. */
	close(): void {
		this.#worker.postMessage("close");
	}

	/** Ends it within its job, which fails. */
	end(): void {
		void this.#worker.terminate();
	}

	#failed(error: Error): void {
		this.#failure ??= error;
		this.#fail?.(this.#failure);
	}
}
