/**
 * The last versions of the streams that are polled, so that "nothing new" is answered without
 * asking the log.
 *
 * A stream only grows, so of two versions the greater is the later one: it does not matter whether
 * a commit or the log's own answer arrives first. A stream is noted before the log is asked, so no
 * commit in between is missed.
 */
import { LRUCache } from "lru-cache";
import { ALL, type StreamName, type Version } from "../event.ts";
import type { Log } from "../log/log.ts";

export type Lasts = {
	/**
	 * The last version as of the last commit; undefined where it is not known, or the stream has no
	 * events.
	 */
	known(stream: StreamName): Version | undefined;
	/** Asks the log, and knows it from now on. */
	learn(stream: StreamName): Promise<Version>;
};

/** Some 3 MB of names: more streams than are polled at a time. */
const KEPT_MAX = 20_000;
const NOTED = -1;

export function createLasts(log: Log): Lasts {
	const kept = new LRUCache<StreamName, number>({ max: KEPT_MAX });
	const raise = (stream: StreamName, last: number) => {
		const before = kept.peek(stream);
		if (before !== undefined && before < last) kept.set(stream, last);
	};
	log.onCommit(({ last, streams }) => {
		if (kept.size === 0) return;
		for (const [stream, version] of streams) raise(stream, version as number);
		// On `$all` the version is the position.
		raise(ALL, last as number);
	});
	return {
		known(stream) {
			const last = kept.get(stream);
			return last === NOTED ? undefined : last;
		},
		async learn(stream) {
			if (!kept.has(stream)) kept.set(stream, NOTED);
			const last = await log.last(stream);
			raise(stream, last as number);
			return last;
		},
	};
}
