/** Wakes projections that wait at the head of their streams: one listener for all of them. */
import { isBookkeeping } from "../../bookkeeping.ts";
import { ALL, type StreamName } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import type { Commit, Log } from "../../log/log.ts";

/** Listens to the log until it is closed. */
export class Wakes {
	readonly #byStream = new Map<StreamName, Set<() => void>>();
	readonly #stopListening: () => void;

	constructor(log: Log) {
		this.#stopListening = log.onCommit((commit) => this.#hear(commit));
	}

	/**
	 * Calls `wake` with each commit that lets one of these streams grow.
	 * @returns a function that ends that
	 */
	register(streams: readonly StreamName[], wake: () => void): () => void {
		for (const stream of streams) {
			const those = this.#byStream.get(stream) ?? new Set();
			this.#byStream.set(stream, those.add(wake));
		}
		return () => {
			for (const stream of streams) {
				const those = this.#byStream.get(stream);
				those?.delete(wake);
				if (those?.size === 0) this.#byStream.delete(stream);
			}
		};
	}

	close(): void {
		this.#stopListening();
		this.#byStream.clear();
	}

	#hear({ streams }: Commit): void {
		if (this.#byStream.size === 0) return;
		let isNews = false;
		for (const stream of streams.keys()) {
			for (const wake of this.#byStream.get(stream) ?? []) wake();
			// A projection that keeps its place must not wake itself, nor any other.
			isNews ||= !isBookkeeping(stream) && !isIndexStream(stream);
		}
		if (isNews) for (const wake of this.#byStream.get(ALL) ?? []) wake();
	}
}
