/**
 * Writes the events of a group, one after another: each expects the version that the one before it
 * made. If somebody else has written, another server has the group, and this one lets go of it.
 */
import { isRefusal } from "../errors.ts";
import type { GroupStore, Kept, Reason } from "./store.ts";

export class GroupWriter {
	readonly #name: string;
	readonly #store: GroupStore;
	#version: number;
	#writing: Promise<void> = Promise.resolve();
	#queued: Promise<void> | undefined;
	/** How often something changed that is to be written, and how many of these times were. */
	#changes = 0;
	#written = 0;

	/** @param version of the newest event of the group */
	constructor(name: string, version: number, store: GroupStore) {
		this.#name = name;
		this.#version = version;
		this.#store = store;
	}

	/** The number of the newest event, or of the one that is being written. */
	get version(): number {
		return this.#version;
	}

	noteChange(): void {
		this.#changes++;
	}

	/** Whether something changed that is not on disk. */
	get isBehind(): boolean {
		return this.#changes > this.#written;
	}

	/** Does a piece of work after those before it, and before those behind it. */
	inTurn<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#writing.then(work);
		this.#writing = done.then(
			() => undefined,
			() => undefined,
		);
		return done;
	}

	/** Resolves when a write that began after the call is on disk. Those that wait share one. */
	write(work: () => Promise<void>): Promise<void> {
		this.#queued ??= this.inTurn(() => {
			this.#queued = undefined;
			return work();
		});
		return this.#queued;
	}

	/**
	 * To be called in turn.
	 * @returns false if somebody else has written
	 * @throws Refusal as an append
	 */
	async append(reason: Reason, kept: Kept): Promise<boolean> {
		const before = this.#version;
		const changes = this.#changes;
		// Whoever hears of the commit knows whose it is.
		this.#version = before + 1;
		try {
			this.#version = await this.#store.write(this.#name, kept, before, reason);
			this.#written = changes;
			return true;
		} catch (error) {
			this.#version = before;
			if (isRefusal(error, "wrong-expected-version")) return false;
			throw error;
		}
	}

	/** Resolves when it has written what it had, or has failed to. */
	async written(): Promise<void> {
		await this.#writing;
	}
}
