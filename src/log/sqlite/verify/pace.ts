/** The rate of a verifier's thread: it works a share of the time, and sleeps for the rest. */
import { constants, setPriority } from "node:os";

/** A piece of work that took longer waited for the disk, or for other programs. */
const WORKED_MS_MAX = 2_000;
const FULL_PERCENT = 100;

export class Pace {
	readonly #restPerWork: number;
	readonly #asleep = new Int32Array(new SharedArrayBuffer(4));
	#beganMs = 0;

	/** @param percent from 1 to 100; at 100 it never sleeps */
	constructor(percent: number) {
		this.#restPerWork = FULL_PERCENT / percent - 1;
		if (percent < FULL_PERCENT) leaveProcessorToOthers();
	}

	/** Work begins. */
	begin(): void {
		this.#beganMs = performance.now();
	}

	/** Sleeps for the work since it began, or since the last rest. The thread does nothing else. */
	rest(): void {
		if (this.#restPerWork <= 0) return;
		const workedMs = Math.min(performance.now() - this.#beganMs, WORKED_MS_MAX);
		Atomics.wait(this.#asleep, 0, 0, workedMs * this.#restPerWork);
		this.begin();
	}
}

/** On Linux a thread has a priority of its own; elsewhere it would be that of the whole process. */
function leaveProcessorToOthers(): void {
	if (process.platform !== "linux") return;
	try {
		setPriority(0, constants.priority.PRIORITY_LOW);
	} catch {
		// A sandbox may forbid it; the rests are there all the same.
	}
}
