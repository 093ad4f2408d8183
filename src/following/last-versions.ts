/**
 * The last versions of the streams that are polled, so that "nothing new" is answered without
 * asking the log.
 *
 * What is known here only grows, so of two versions the greater is the later one: it does not
 * matter whether a commit or the log's own answer arrives first. A stream is noted before the log
 * is asked, so no commit in between is missed. Of streams whose pages metadata, links or deletes
 * may change, nothing is known: their last version does not tell what they show. An erasure may
 * change any page.
 */
import { LRUCache } from "lru-cache";
import { ALL, type StreamName, type Version } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import type { Log, Slice } from "../log/log.ts";

export type Lasts = {
	/**
	 * The last version as of the last commit; undefined where it is not known, or the stream has no
	 * events.
	 */
	known(stream: StreamName): Version | undefined;
	/** Asks the log, and knows it from now on. The slice has no entries. */
	learn(stream: StreamName): Promise<Slice>;
};

/** Some 3 MB of names: more streams than are polled at a time. */
const KEPT_MAX = 20_000;
const NOTED = -1;
const NO_ENTRIES = { from: 0, limit: 0, direction: "forward", content: false } as const;

export function createLasts(log: Log): Lasts {
	const own = new LRUCache<StreamName, number>({ max: KEPT_MAX });
	const indexes = new LRUCache<StreamName, number>({ max: KEPT_MAX });
	const keptOf = (stream: StreamName) => (isIndexStream(stream) ? indexes : own);
	const raise = (stream: StreamName, last: number) => {
		const kept = keptOf(stream);
		const before = kept.peek(stream);
		if (before !== undefined && before < last) kept.set(stream, last);
	};
	log.onCommit(({ last, streams, marked, erasures }) => {
		if (own.size + indexes.size === 0) return;
		if (erasures !== undefined) {
			own.clear();
			indexes.clear();
			return;
		}
		for (const [stream, version] of streams) raise(stream, version as number);
		// On `$all` the version is the position.
		raise(ALL, last as number);
		for (const stream of marked) own.delete(stream);
		// Any of them may show an event of a stream that was marked.
		if (marked.length > 0) indexes.clear();
	});
	return {
		known(stream) {
			const last = keptOf(stream).get(stream);
			return last === NOTED ? undefined : last;
		},
		async learn(stream) {
			const kept = keptOf(stream);
			if (!kept.has(stream)) kept.set(stream, NOTED);
			const head = await log.read({ stream, ...NO_ENTRIES });
			// What a stream without events will show when it has some is not known either.
			if (head.retention || head.last < 0) kept.delete(stream);
			else raise(stream, head.last as number);
			return head;
		},
	};
}
