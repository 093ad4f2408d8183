/**
 * Watches the clock while a server runs, and tells of each change once: that the clock is behind
 * the newest event of the log, that it has gone back further, that it has caught up.
 *
 *     told 0 ──▶ behind by a minute or more ──▶ told ──▶ behind by a minute more than that ──▶ told
 *       ▲                                        │
 *       ╰──────────── has caught up ◀────────────╯
 */
import { isRefusal } from "../../errors.ts";
import type { Log } from "../log.ts";
import { type Clock, clockWarning, readClock, TOLERANCE_MS } from "./clock.ts";

/** A look costs one read of one event; an operator who set a clock wants to hear of it soon. */
const EVERY_MS = 5_000;
const TOLERANCE_SECONDS = TOLERANCE_MS / 1000;

export class ClockWatch {
	readonly #log: Pick<Log, "read">;
	readonly #tell: (what: unknown) => void;
	readonly #now: () => number;
	/** How far behind it was when it was nearest since the last warning; 0 if there is none. */
	#nearest = 0;
	#timer: NodeJS.Timeout | undefined;

	/** @param tell gets each warning, as one sentence or more */
	constructor(log: Pick<Log, "read">, tell: (what: unknown) => void, now: () => number = Date.now) {
		this.#log = log;
		this.#tell = tell;
		this.#now = now;
	}

	/**
	 * Looks once, and from then on now and then, until it is closed.
	 * @throws what a read of the log throws, but no refusal: a damaged end is told of elsewhere
	 */
	async start(): Promise<void> {
		await this.look();
		this.#timer = setInterval(() => {
			this.look().catch((error: unknown) => {
				this.close();
				this.#tell(error);
			});
		}, EVERY_MS);
		this.#timer.unref();
	}

	/** Looks, and tells of what has changed since the last look. */
	async look(): Promise<void> {
		let clock: Clock;
		try {
			clock = await readClock(this.#log, this.#now());
		} catch (error) {
			if (isRefusal(error)) return;
			throw error;
		}
		const { behindSeconds } = clock;
		const before = this.#nearest;
		const isFurther = behindSeconds >= before + TOLERANCE_SECONDS;
		this.#nearest = isFurther ? behindSeconds : Math.min(before, behindSeconds);
		if (isFurther) this.#tell(clockWarning(clock));
		else if (before > 0 && behindSeconds === 0)
			this.#tell("the clock is no longer behind the newest event of the log");
	}

	close(): void {
		clearInterval(this.#timer);
	}
}
