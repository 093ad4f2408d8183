/**
 * The editions of streams: a number that another one replaces whenever a stream may show less than
 * before, or may be shown to others.
 *
 * A cache in front keeps a page under a word that is made of this number, too. It asks for the word
 * before each answer, so that after such a commit it finds nothing of before, even if no purge
 * reaches it. An index stream shows events of any stream: all of them have one edition.
 */
import { LRUCache } from "lru-cache";
import { ALL, type StreamName } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import type { Commit, Log } from "../log/log.ts";
import { describedStream } from "../retention/window.ts";
import { upTo } from "../up-to.ts";
import { changesDefaults } from "./acls.ts";

/** More streams than get metadata while a cache keeps pages of them. */
const KEPT_MAX = 20_000;

/** Listens to the log until it is closed. */
export class Editions {
	readonly #stopListening: () => void;
	readonly #own = new LRUCache<StreamName, number>({
		...upTo(KEPT_MAX),
		// Its edition must not be again what it was before.
		dispose: (edition, _stream, reason) => {
			if (reason === "evict") this.#others = Math.max(this.#others, edition);
		},
	});
	#newest = 0;
	/** Of streams that have none of their own. */
	#others = 0;

	constructor(log: Log) {
		this.#stopListening = log.onCommit((commit) => this.#follow(commit));
	}

	of(stream: StreamName): number {
		if (stream === ALL || isIndexStream(stream)) return this.#newest;
		return this.#own.peek(describedStream(stream) ?? stream) ?? this.#others;
	}

	close(): void {
		this.#stopListening();
	}

	#follow(commit: Commit): void {
		const isOfAll = changesDefaults(commit);
		if (!isOfAll && commit.marked.length === 0) return;
		this.#newest++;
		if (isOfAll) {
			this.#others = this.#newest;
			this.#own.clear();
		}
		for (const stream of commit.marked) this.#own.set(stream, this.#newest);
	}
}
