import type { StreamName } from "../event.ts";

/** The keys of the kept documents that show events of a stream, for each stream. */
export class KeysByStream {
	readonly #streamsOf = new Map<string, readonly StreamName[]>();
	readonly #keysOf = new Map<StreamName, Set<string>>();

	add(key: string, streams: readonly StreamName[]): void {
		this.#streamsOf.set(key, streams);
		for (const stream of streams) {
			const keys = this.#keysOf.get(stream) ?? new Set();
			this.#keysOf.set(stream, keys.add(key));
		}
	}

	remove(key: string): void {
		for (const stream of this.#streamsOf.get(key) ?? []) {
			const keys = this.#keysOf.get(stream);
			keys?.delete(key);
			if (keys?.size === 0) this.#keysOf.delete(stream);
		}
		this.#streamsOf.delete(key);
	}

	/** The keys of all documents that show any of the streams; some may be there twice. */
	of(streams: readonly StreamName[]): string[] {
		return streams.flatMap((stream) => [...(this.#keysOf.get(stream) ?? [])]);
	}
}
