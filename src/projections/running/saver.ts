/** Decides when a run keeps how far it is, and keeps it. */
import type { Definition } from "../definition.ts";
import { type Keeper, originOf, type StateText } from "../keeping/keeper.ts";
import type { HandedOut } from "../script/script.ts";
import type { ProjectionSettings } from "../settings.ts";
import type { Place } from "../source/tags.ts";
import type { Results } from "./results.ts";

/** How far it is gets written this often. */
const CHECKPOINT_MS = 1000;
/** No more than this part of its time goes into checkpoints, however much there is to write. */
const CHECKPOINT_SHARE = 0.1;

/** Where a run is. */
export type Reached = {
	readonly place: Place;
	readonly tag: string;
	/** Events that handlers have seen, since the projection began. */
	readonly handled: number;
};

export class Saver {
	readonly #keeper: Keeper;
	readonly #settings: ProjectionSettings;
	readonly #origin: string;
	readonly #changed = new Map<string, string>();
	#shared: string | undefined;
	#passedBytes = 0;
	#saved = { next: 0, handled: 0, atMs: performance.now(), tookMs: 0 };

	constructor(keeper: Keeper, { settings, query }: Pick<Definition, "settings" | "query">) {
		this.#keeper = keeper;
		this.#settings = settings;
		this.#origin = originOf(query);
	}

	/** Goes on from what was kept. */
	begin(): void {
		const { checkpoint } = this.#keeper;
		if (checkpoint === undefined) return;
		const { next, handled, shared } = checkpoint;
		this.#shared = shared;
		this.#saved = { ...this.#saved, next, handled };
	}

	/** The script has handed out states. */
	takeIn({ partitions, shared }: HandedOut): void {
		for (const [partition, state] of partitions) this.#changed.set(partition, state);
		this.#shared = shared ?? this.#shared;
	}

	/** Events were read that are not for the script. */
	passed(bytes: number): void {
		this.#passedBytes += bytes;
	}

	/** Whether nothing has changed since the last time. */
	isUpToDate({ place }: Reached): boolean {
		return place.next === this.#saved.next && this.#changed.size === 0;
	}

	/** How long until it is time; Infinity if there is nothing to keep. */
	dueMs({ place, handled: all }: Reached): number {
		const { checkpointsEnabled, ...settings } = this.#settings;
		if (!checkpointsEnabled || place.next === this.#saved.next) return Infinity;
		const handled = all - this.#saved.handled;
		const isMuch =
			handled >= (settings.checkpointHandledThreshold || Infinity) ||
			this.#passedBytes >= (settings.checkpointUnhandledBytesThreshold || Infinity);
		// What only passed by is worth no event of its own, unless it was much.
		if (handled === 0 && !isMuch) return Infinity;
		const pause = this.#saved.tookMs / CHECKPOINT_SHARE;
		const least = Math.max(isMuch ? 0 : CHECKPOINT_MS, pause, settings.checkpointAfterMs);
		return least - (performance.now() - this.#saved.atMs);
	}

	/** @throws Superseded, TooMuchState, and Refusals of an append */
	async save(
		{ place, tag, handled }: Reached,
		results: Results,
		isCompleted: boolean,
	): Promise<void> {
		const { next, cursors } = place;
		const started = performance.now();
		const states = new Map<string, StateText>();
		for (const [partition, state] of this.#changed) {
			states.set(partition, { state, result: results.unsaved(partition) });
		}
		const shared = this.#shared;
		const before = this.#keeper.checkpoint;
		// Another query has made what this one goes on from.
		const isOther = before !== undefined && before.origin !== this.#origin;
		const origin = isOther ? undefined : this.#origin;
		const step = { next, tag, cursors, handled, isCompleted, shared, origin };
		await this.#keeper.save(step, states);
		this.#changed.clear();
		results.saved();
		this.#passedBytes = 0;
		const atMs = performance.now();
		this.#saved = { next, handled, atMs, tookMs: atMs - started };
	}
}
