/** The reads of a log, and other writes: those of a log that is only read, or of a leader. */
import type { Log } from "./log.ts";

export type Writes = Pick<
	Log,
	"append" | "delete" | "redact" | "scavenge" | "writerAnswers" | "close"
>;

export function withWrites(log: Log, writes: Writes): Log {
	return {
		...writes,
		incarnation: log.incarnation,
		get erasures() {
			return log.erasures;
		},
		incarnationAt: (position) => log.incarnationAt(position),
		read: (range) => log.read(range),
		last: (stream) => log.last(stream),
		locate: (stream, id) => log.locate(stream, id),
		names: (range) => log.names(range),
		bytesOf: (versions) => log.bytesOf(versions),
		onCommit: (listener) => log.onCommit(listener),
		verify: (watch) => log.verify(watch),
	};
}
