/**
 * Who is to be woken by a commit. All pushes share this one listener: it looks up the streams of
 * the commit, so that a push nobody appends to costs nothing, however many there are.
 */
import { isBookkeeping } from "../../bookkeeping.ts";
import { ALL, type StreamName } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import type { Commit } from "../../log/log.ts";
import { prefixesOf } from "../../pages/filter.ts";
import type { PushSource } from "./subject.ts";

const TYPES = "$et-";

export class Wakeups {
	readonly #byStream = new Map<StreamName, Set<string>>();
	/** Of `$all`: those that any event wakes, a filter by expression among them. */
	readonly #byAnything = new Set<string>();
	readonly #byName = new Prefixes();
	readonly #byType = new Prefixes();

	add(key: string, { name: { stream }, filter }: PushSource): void {
		if (stream !== ALL) {
			const set = this.#byStream.get(stream) ?? new Set();
			this.#byStream.set(stream, set.add(key));
			return;
		}
		if (filter?.type !== "prefix") {
			this.#byAnything.add(key);
			return;
		}
		const prefixes = filter.context === "streamid" ? this.#byName : this.#byType;
		for (const one of prefixesOf(filter.data)) prefixes.add(one, key);
	}

	remove(key: string, source: PushSource): void {
		const { stream } = source.name;
		this.#byAnything.delete(key);
		const set = this.#byStream.get(stream);
		set?.delete(key);
		if (set?.size === 0) this.#byStream.delete(stream);
		for (const one of prefixesOf(source.filter?.data ?? "")) {
			this.#byName.remove(one, key);
			this.#byType.remove(one, key);
		}
	}

	/** @param wake may be called more than once with a key */
	follow({ streams }: Pick<Commit, "streams">, wake: (key: string) => void): void {
		let isOfClients = false;
		for (const stream of streams.keys()) {
			const those = this.#byStream.get(stream);
			if (those) for (const key of those) wake(key);
			if (isIndexStream(stream)) {
				if (stream.startsWith(TYPES)) this.#byType.find(stream.slice(TYPES.length), wake);
			} else if (!isBookkeeping(stream)) {
				isOfClients = true;
				this.#byName.find(stream, wake);
			}
		}
		if (isOfClients) for (const key of this.#byAnything) wake(key);
	}
}

/** Finds which of many prefixes a text has: one look-up for each length that there is. */
class Prefixes {
	readonly #keys = new Map<string, Set<string>>();
	/** How many prefixes have a length. */
	readonly #lengths = new Map<number, number>();

	add(prefix: string, key: string): void {
		const keys = this.#keys.get(prefix);
		if (keys) keys.add(key);
		else {
			this.#keys.set(prefix, new Set([key]));
			this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1);
		}
	}

	remove(prefix: string, key: string): void {
		const keys = this.#keys.get(prefix);
		if (!keys?.delete(key) || keys.size > 0) return;
		this.#keys.delete(prefix);
		const count = (this.#lengths.get(prefix.length) ?? 1) - 1;
		if (count > 0) this.#lengths.set(prefix.length, count);
		else this.#lengths.delete(prefix.length);
	}

	find(text: string, found: (key: string) => void): void {
		for (const length of this.#lengths.keys()) {
			if (length > text.length) continue;
			const keys = this.#keys.get(text.slice(0, length));
			if (keys) for (const key of keys) found(key);
		}
	}
}
