/** The attempts of all pushes: in memory are those of the pushes that were loaded last. */
import type { Log } from "../../log/log.ts";
import { AttemptLog } from "./attempts.ts";

const REMEMBERED_MAX = 1000;

export class AttemptLogs {
	readonly #log: Log;
	readonly #report: (error: unknown) => void;
	/** The one that was used last at the end. */
	readonly #known = new Map<string, AttemptLog>();

	constructor(log: Log, report: (error: unknown) => void) {
		this.#log = log;
		this.#report = report;
	}

	/**
	 * @param isDelivered whether this server delivers it
	 * @param isInUse whether a push has to stay in memory
	 */
	async of(
		key: string,
		isDelivered: boolean,
		isInUse: (key: string) => boolean,
	): Promise<AttemptLog> {
		const known = this.#known.get(key);
		const attempts = known ?? new AttemptLog(this.#log, key, this.#report);
		// Where another server delivers, it is that one which knows: each time, the log is asked.
		if (known || isDelivered) {
			this.#known.delete(key);
			this.#known.set(key, attempts);
			this.#forgetOldest(key, isInUse);
		}
		await attempts.load();
		return attempts;
	}

	/** Nothing more is written of a push. */
	async end(key: string): Promise<void> {
		await this.#known.get(key)?.end();
		this.#known.delete(key);
	}

	async close(): Promise<void> {
		await Promise.all([...this.#known.values()].map((attempts) => attempts.close()));
	}

	#forgetOldest(key: string, isInUse: (key: string) => boolean): void {
		for (const oldest of this.#known.keys()) {
			if (this.#known.size <= REMEMBERED_MAX) return;
			if (isInUse(oldest) || oldest === key) return;
			this.#known.delete(oldest);
		}
	}
}
