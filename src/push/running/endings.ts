/**
 * What a target has said for good (it is gone) is written before anything ends by it. As long as
 * the log refuses, it is written again: meanwhile the push sends nothing, and says so.
 */
import { setTimeout } from "node:timers/promises";
import { isRefusal } from "../../errors.ts";
import type { OperatorLog } from "../../observe/operator-log.ts";

const AGAIN_MS = 1000;
const AGAIN_MS_MAX = 60_000;

export class Endings {
	readonly #operatorLog: OperatorLog;
	readonly #report: (error: unknown) => void;
	readonly #stop = new AbortController();
	readonly #running = new Map<string, Promise<void>>();

	constructor(operatorLog: OperatorLog, report: (error: unknown) => void) {
		this.#operatorLog = operatorLog;
		this.#report = report;
	}

	/**
	 * @param key of the push; one that is being ended already is not ended twice
	 * @param write throws if the log refuses, and changes nothing that stands
	 */
	end(key: string, write: () => Promise<void>): void {
		if (this.#stop.signal.aborted || this.#running.has(key)) return;
		const running = this.#write(key, write).finally(() => this.#running.delete(key));
		this.#running.set(key, running);
	}

	async close(): Promise<void> {
		this.#stop.abort();
		await Promise.all(this.#running.values());
	}

	async #write(key: string, write: () => Promise<void>): Promise<void> {
		const { signal } = this.#stop;
		for (let pauseMs = AGAIN_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, AGAIN_MS_MAX)) {
			try {
				return await write();
			} catch (error) {
				if (signal.aborted) return;
				const reason = isRefusal(error) ? error.word : "internal-error";
				const what = "a push has ended, but that was not written; it is tried again";
				this.#operatorLog.warn(what, { push: key, reason, seconds: pauseMs / 1000 });
				if (!isRefusal(error)) this.#report(error);
			}
			await setTimeout(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
		}
	}
}
