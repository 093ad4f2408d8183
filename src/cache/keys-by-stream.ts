import type { StreamName } from "../event.ts";

/**
 * The keys of the kept documents that show events of a stream, for each stream. Most streams are
 * shown by one document, whose key then stands alone: a set for each of them would take more memory
 * than all else that is kept of a page beside its bytes.
 */
export class KeysByStream {
	readonly #streamsOf = new Map<string, readonly StreamName[]>();
	readonly #keysOf = new Map<StreamName, string | Set<string>>();

	add(key: string, streams: readonly StreamName[]): void {
		this.#streamsOf.set(key, streams);
		for (const stream of streams) {
			const keys = this.#keysOf.get(stream);
			if (keys === undefined || keys === key) this.#keysOf.set(stream, key);
			else if (typeof keys === "string") this.#keysOf.set(stream, new Set([keys, key]));
			else keys.add(key);
		}
	}

	remove(key: string): void {
		for (const stream of this.#streamsOf.get(key) ?? []) {
			const keys = this.#keysOf.get(stream);
			if (typeof keys === "object") keys.delete(key);
			const isLast = typeof keys === "object" ? keys.size === 0 : keys === key;
			if (isLast) this.#keysOf.delete(stream);
		}
		this.#streamsOf.delete(key);
	}

	/** The keys of all documents that show any of the streams; some may be there twice. */
	of(streams: readonly StreamName[]): string[] {
		return streams.flatMap((stream) => {
			const keys = this.#keysOf.get(stream) ?? [];
			return typeof keys === "string" ? keys : [...keys];
		});
	}
}
