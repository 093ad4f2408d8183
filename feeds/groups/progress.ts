/**
 * How far the reading of a member is, for each of its partitions: one reading serves all of them.
 *
 *     passed     everything up to this number was handled, or is nobody's business here
 *     start      of a partition: everything up to this number was handled before it came
 *
 * A partition that comes with an older start takes the reading back to there; the others keep what
 * they had as their start, so nothing of them is handed out twice.
 */
import type { Holding } from "./membership.ts";
import type { Checkpoint } from "./requests.ts";

/** So many events of others are worth a checkpoint: nobody has to read them again. */
const PASSED_MAX = 10_000;

export type Gained = { readonly holding: Holding; readonly start: number };

export class Progress {
	/** By the number of the partition. */
	readonly #starts = new Map<number, number>();
	/** By the number of the partition: the checkpoint that was last sent. */
	readonly #sent = new Map<number, number>();
	#passed = -1;
	/** What no checkpoint has: events that were handled, and events that others handle. */
	#handled = 0;
	#others = 0;

	/** The first number to read. */
	get next(): number {
		return this.#passed + 1;
	}

	/** Whether there is no partition to read for. */
	get isIdle(): boolean {
		return this.#starts.size === 0;
	}

	get handled(): number {
		return this.#handled;
	}

	/** Whether what was passed is worth a checkpoint, though nothing of it was handled. */
	get isFar(): boolean {
		return this.#others >= PASSED_MAX;
	}

	get hasPassed(): boolean {
		return this.#others > 0;
	}

	/** Partitions have come, of which everything up to their starts is handled. */
	gain(gained: readonly Gained[]): void {
		const least = gained.reduce((least, { start }) => Math.min(least, start), Infinity);
		if (this.#starts.size === 0) this.#passed = least;
		else if (least < this.#passed) {
			for (const [partition, start] of this.#starts) {
				this.#starts.set(partition, Math.max(start, this.#passed));
			}
			this.#passed = least;
		}
		for (const { holding, start } of gained) {
			this.#starts.set(holding.partition, start);
			this.#sent.set(holding.partition, holding.at);
		}
	}

	lose(partition: number): void {
		this.#starts.delete(partition);
		this.#sent.delete(partition);
	}

	/** Whether an event of one of the member's partitions is to be handed out. */
	isDue(partition: number, at: number): boolean {
		const start = this.#starts.get(partition);
		return start !== undefined && at > start;
	}

	/** An event was handled, or is not the member's. */
	passed(at: number, what: "handled" | "other" | "left-out"): void {
		this.#passed = Math.max(this.#passed, at);
		if (what === "handled") this.#handled++;
		if (what === "other") this.#others++;
	}

	/** What the server does not know yet. */
	checkpoints(holdings: Iterable<Holding>): Checkpoint[] {
		const checkpoints: Checkpoint[] = [];
		for (const { partition, generation } of holdings) {
			const start = this.#starts.get(partition);
			if (start === undefined) continue;
			const at = Math.max(start, this.#passed);
			if (at > (this.#sent.get(partition) ?? -1)) checkpoints.push({ partition, generation, at });
		}
		return checkpoints;
	}

	/** The server has these. */
	sent(checkpoints: readonly Checkpoint[], handled: number): void {
		for (const { partition, at } of checkpoints) {
			if (this.#starts.has(partition)) this.#sent.set(partition, at);
		}
		this.#handled -= handled;
		this.#others = 0;
	}
}
