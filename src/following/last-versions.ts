/**
 * The last versions of the streams that clients poll, so that the server answers "nothing new"
 * without asking the log.
 *
 * A known version only grows, so of two versions the greater is the later one: it does not matter
 * whether a commit or the log's own answer arrives first. A stream is noted before the log is
 * asked, so no commit in between is missed. If metadata, links or deletes may change the pages of a
 * stream, its version is not kept: it does not tell which events the pages show. An erasure may
 * change any page, so it clears everything.
 */
import { LRUCache } from "lru-cache";
import { ALL, type StreamName, type Version } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import type { Commit, Log, Slice } from "../log/log.ts";
import { upTo } from "../up-to.ts";

/** Some 3 MB of names: more streams than are polled at a time. */
const KEPT_MAX = 20_000;
const NOTED = -1;
const NO_ENTRIES = { from: 0, limit: 0, direction: "forward", content: false } as const;

/** Listens to the log until it is closed. */
export class LastVersions {
	readonly #log: Log;
	readonly #isShared: boolean;
	readonly #own = new LRUCache<StreamName, number>(upTo(KEPT_MAX));
	readonly #indexes = new LRUCache<StreamName, number>(upTo(KEPT_MAX));
	readonly #stopListening: () => void;
	#isClosed = false;

	/**
	 * @param isShared whether other servers append to the log: then a version that was known may be
	 *   an old one until this server hears of the new one, so it is a lower bound and no more
	 */
	constructor(log: Log, isShared = false) {
		this.#log = log;
		this.#isShared = isShared;
		this.#stopListening = log.onCommit((commit) => this.#follow(commit));
	}

	/**
	 * The last version as of the last commit; on `$all` the last position.
	 * @returns undefined if it is not known, or the stream has no events
	 */
	known(stream: StreamName): Version | undefined {
		if (this.#isShared) return undefined;
		const last = this.#keptOf(stream).get(stream);
		return last === NOTED ? undefined : last;
	}

	/** A version that the stream has, whether or not there are later ones; -1 if none is known. */
	least(stream: StreamName): Version {
		return this.#keptOf(stream).get(stream) ?? NOTED;
	}

	/**
	 * Asks the log, and remembers the last version if it tells which events the stream shows.
	 * @returns the log's answer, without entries
	 * @throws Refusal as a read of the log
	 */
	async learn(stream: StreamName): Promise<Slice> {
		const kept = this.#keptOf(stream);
		if (!this.#isClosed && !kept.has(stream)) kept.set(stream, NOTED);
		const head = await this.#log.read({ stream, ...NO_ENTRIES });
		// A stream without events is not kept either: metadata or links may affect its first events.
		if (head.retention || head.last < 0) kept.delete(stream);
		else this.#raise(stream, head.last as number);
		return head;
	}

	/** Forgets everything, and stops listening to the log. */
	close(): void {
		this.#isClosed = true;
		this.#stopListening();
		this.#forgetAll();
	}

	#keptOf(stream: StreamName): LRUCache<StreamName, number> {
		return isIndexStream(stream) ? this.#indexes : this.#own;
	}

	#follow({ last, streams, marked, erasures }: Commit): void {
		if (this.#own.size + this.#indexes.size === 0) return;
		if (erasures !== undefined) {
			this.#forgetAll();
			return;
		}
		for (const [stream, version] of streams) this.#raise(stream, version as number);
		// On `$all` the version is the position.
		this.#raise(ALL, last as number);
		for (const stream of marked) this.#own.delete(stream);
		// Any index may show an event of a stream that was marked.
		if (marked.length > 0) this.#indexes.clear();
	}

	#raise(stream: StreamName, last: number): void {
		const kept = this.#keptOf(stream);
		const before = kept.peek(stream);
		if (before !== undefined && before < last) kept.set(stream, last);
	}

	#forgetAll(): void {
		this.#own.clear();
		this.#indexes.clear();
	}
}
