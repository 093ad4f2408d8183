/** Writes the parked messages of a subscription, and hides those that were replayed. */

import type { Source } from "../source.ts";
import type { Message } from "../steps/message.ts";
import type { Output } from "../steps/step.ts";
import type { Parked } from "./store.ts";

/** After so long, what was not written is tried again; then after twice as long, up to a limit. */
const AGAIN_MS = 1000;
const AGAIN_MS_MAX = 60_000;
const BATCH = 100;

type ToPark = Output["toPark"][number];

/** The parker calls these; the first two throw if the log refuses. */
export type ParkerTasks = {
	write(parked: readonly Parked[]): Promise<void>;
	truncate(before: number): Promise<void>;
	/** These stand in the parked stream now, or nothing is left of them. */
	done(messages: readonly Message[]): void;
	told(what: string, error: unknown): void;
};

export class Parker {
	readonly #source: Source;
	readonly #tasks: ParkerTasks;
	readonly #toPark: ToPark[] = [];
	#truncateBefore = 0;
	#truncated = 0;
	#running: Promise<void> | undefined;
	#timer: NodeJS.Timeout | undefined;
	#againMs = AGAIN_MS;
	#isClosed = false;

	constructor(source: Source, tasks: ParkerTasks) {
		this.#source = source;
		this.#tasks = tasks;
	}

	add(toPark: readonly ToPark[]): void {
		this.#toPark.push(...toPark);
		this.#run();
	}

	/** Hides the parked messages below a number, after those before it were parked. */
	truncate(before: number): void {
		if (before <= this.#truncateBefore) return;
		this.#truncateBefore = before;
		this.#run();
	}

	/** The parked messages below a number are hidden already. */
	isHidden(before: number): void {
		this.#truncateBefore = Math.max(this.#truncateBefore, before);
		this.#truncated = Math.max(this.#truncated, before);
	}

	/** Resolves when it has written what it has, or has failed to. */
	async written(): Promise<void> {
		await this.#running;
	}

	async close(): Promise<void> {
		await this.#running;
		this.#isClosed = true;
		clearTimeout(this.#timer);
	}

	#run(): void {
		if (this.#isClosed) return;
		// Or each call while the log refuses would leave another timer, which comes back for ever.
		clearTimeout(this.#timer);
		this.#running ??= this.#work().then((isDone) => {
			this.#running = undefined;
			if (isDone) this.#againMs = AGAIN_MS;
			else this.#runLater();
		});
	}

	#runLater(): void {
		if (this.#isClosed) return;
		this.#timer = setTimeout(() => this.#run(), this.#againMs);
		this.#timer.unref();
		this.#againMs = Math.min(2 * this.#againMs, AGAIN_MS_MAX);
	}

	/** @returns whether nothing is left to do */
	async #work(): Promise<boolean> {
		try {
			while (this.#toPark.length > 0) await this.#parkSome();
			while (this.#truncated < this.#truncateBefore) {
				const before = this.#truncateBefore;
				await this.#tasks.truncate(before);
				this.#truncated = before;
			}
			return this.#toPark.length === 0;
		} catch (error) {
			this.#tasks.told("the parked messages of a subscription were not written", error);
			return false;
		}
	}

	async #parkSome(): Promise<void> {
		const batch = this.#toPark.slice(0, BATCH);
		const messages = batch.map(({ message }) => message);
		const { found } = await this.#source.entriesOf(messages);
		const reasons = new Map(batch.map(({ message, reason }) => [message, reason]));
		const parked = found.map((each) => ({ ...each, reason: reasons.get(each.message) ?? "" }));
		if (parked.length > 0) await this.#tasks.write(parked);
		this.#toPark.splice(0, batch.length);
		this.#tasks.done(messages);
	}
}
