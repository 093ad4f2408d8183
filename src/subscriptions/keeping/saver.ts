/** Writes the checkpoints of a subscription, as often as its settings say. */
import { type Checkpoint, checkpointOf } from "../steps/checkpoint.ts";
import type { State } from "../steps/state.ts";

/** After so long, one that was not written is tried again. */
const AGAIN_MS = 1000;
/** So many events that are passed over are worth a checkpoint: no later read needs them. */
const PASSED_MAX = 10_000;

export class CheckpointSaver {
	/** The newest checkpoint in the log; undefined if there is none. */
	saved: Checkpoint | undefined;
	readonly #state: State;
	readonly #write: (checkpoint: Checkpoint) => Promise<void>;
	#saving: Promise<void> | undefined;
	/** `counts.progress` of the newest checkpoint. */
	#savedProgress = 0;
	#passed = 0;
	/** When the first message was settled that no checkpoint has; or when to try again. */
	#sinceMs = Infinity;

	/** @param write must not throw for lack of luck alone: what it throws is tried again */
	constructor(
		state: State,
		saved: Checkpoint | undefined,
		write: (checkpoint: Checkpoint) => Promise<void>,
	) {
		this.#state = state;
		this.saved = saved;
		this.#write = write;
	}

	/** Events were passed over that are none of this subscription's. */
	passed(events: number): void {
		this.#passed += events;
	}

	/** When a checkpoint is due; Infinity if none is. */
	dueMs(nowMs: number): number {
		const { minCheckPointCount, maxCheckPointCount, checkPointAfterMilliseconds } =
			this.#state.settings;
		if (this.#saving) return Infinity;
		const progress = this.#state.counts.progress - this.#savedProgress;
		if (progress > 0 && this.#sinceMs === Infinity) this.#sinceMs = nowMs;
		const isMany = progress >= Math.max(1, maxCheckPointCount) || this.#passed >= PASSED_MAX;
		if (isMany) return Math.max(nowMs, this.#sinceMs === Infinity ? nowMs : this.#sinceMs);
		// When everything is settled, few are worth one, too: nothing comes again after a restart.
		const isIdle = progress > 0 && this.#state.tracks.source.open.size === 0;
		if (!isIdle && progress < Math.max(1, minCheckPointCount)) return Infinity;
		return this.#sinceMs + checkPointAfterMilliseconds;
	}

	/** Writes one now, or waits for the one that is being written. */
	save(): Promise<void> {
		this.#saving ??= this.#save().finally(() => {
			this.#saving = undefined;
		});
		return this.#saving;
	}

	/** Writes what no checkpoint has, if there is any. */
	async close(): Promise<void> {
		await this.#saving;
		if (this.#state.counts.progress > this.#savedProgress) await this.save();
	}

	async #save(): Promise<void> {
		const { tracks, counts } = this.#state;
		const checkpoint = checkpointOf(tracks.source);
		const { progress } = counts;
		const passed = this.#passed;
		this.#sinceMs = Infinity;
		try {
			await this.#write(checkpoint);
			this.saved = checkpoint;
			this.#savedProgress = progress;
			this.#passed -= passed;
		} catch {
			this.#sinceMs = performance.now() + AGAIN_MS;
		}
	}
}
