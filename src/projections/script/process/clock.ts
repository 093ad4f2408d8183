/** Time in the sandbox: how long an event may run, and that scripts cannot tell what time it is. */

/** The engine's memory; its buffer is another one once it has grown. */
export type LinearMemory = { readonly buffer: ArrayBuffer };

/**
 * The guest tells when an event begins, by asking the engine for the time; the answer is always the
 * same. The engine asks now and then, while it runs, whether to stop. So the time of an event is
 * measured at the price of a function call each.
 */
export class Clock {
	/** The last call was interrupted. */
	wasOver = false;
	readonly #beat: () => void;
	#limitMs = 0;
	#ticks = 0;
	#seen = -1;
	#began = 0;
	#cpuBefore: NodeJS.CpuUsage | undefined;
	/** The engine's memory as it was when it last grew: to look it up takes longer than all else. */
	#words = new Int32Array(0);

	constructor(beat: () => void) {
		this.#beat = beat;
	}

	/** From now on: each event, and what is outside of events, may take so long. */
	allow(limitMs: number): void {
		this.#limitMs = limitMs;
		this.wasOver = false;
		this.#tick();
	}

	/** Asked by the engine: whether to interrupt the script. */
	isOver(): boolean {
		const now = performance.now();
		if (this.#seen !== this.#ticks) {
			this.#seen = this.#ticks;
			this.#began = now;
			this.#cpuBefore = process.cpuUsage();
			return false;
		}
		this.wasOver ||= isTimeUp(now - this.#began, this.#cpuBefore, this.#limitMs);
		return this.wasOver;
	}

	/** What the engine asks its surroundings for the time. */
	wasi(memory: {
		readonly buffer: ArrayBuffer;
	}): Readonly<Record<string, (...given: never[]) => number>> {
		return {
			clock_time_get: (_clock: number, _precision: bigint, at: number) => {
				this.#tick();
				// What has grown leaves an array without elements.
				if (this.#words.length === 0) this.#words = new Int32Array(memory.buffer);
				this.#words[at >> 2] = 0;
				this.#words[(at >> 2) + 1] = 0;
				return SUCCESS;
			},
		};
	}

	#tick(): void {
		this.#ticks++;
		this.#beat();
	}
}

/** How much longer than its limit a script may take on a machine that does not let it run. */
const PATIENCE = 10;

/**
 * Whether a script had its time. What counts is time that the process ran: on a busy machine a
 * script does not fail for having waited. (The threads of the process count together.)
 */
export function isTimeUp(
	wallMs: number,
	cpuBefore: NodeJS.CpuUsage | undefined,
	limitMs: number,
): boolean {
	if (wallMs < limitMs) return false;
	const { user, system } = process.cpuUsage(cpuBefore);
	return user + system >= limitMs * 1_000 || wallMs >= limitMs * PATIENCE;
}

const SUCCESS = 0;
const NOT_THERE = 8;

/** No files, no output, no chance. */
export const NOTHING_ELSE: Readonly<Record<string, (...given: never[]) => number>> = {
	fd_write: () => NOT_THERE,
	fd_fdstat_get: () => NOT_THERE,
	random_get: () => SUCCESS,
};
