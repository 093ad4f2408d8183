/**
 * The log as a few arrays: the readable specification, and the oracle the other engines are tested
 * against. It keeps every promise of `log.ts` except that nothing survives the process; as nothing
 * ever waits for a disk, the limits of the append queue have nothing to bound here.
 */
import { Refusal } from "../errors.ts";
import { ALL, type Position, type RecordedEvent, type StreamName, type Version } from "../event.ts";
import { isWritable, streamsJoined } from "../indexes/joins.ts";
import { type Facts, judge } from "./expectation.ts";
import {
	type Append,
	type Appended,
	type Commit,
	DEFAULT_LOG_LIMITS,
	type Log,
	type LogLimits,
	type Range,
	type Slice,
	type StreamEntry,
} from "./log.ts";
import { bounds } from "./range.ts";
import { type LogView, verify } from "./verify.ts";

/** @param clock milliseconds since 1970; may jump, `created` will not */
export function createMemoryLog(
	limits: LogLimits = DEFAULT_LOG_LIMITS,
	clock: () => number = Date.now,
): Log {
	const events: RecordedEvent[] = [];
	/** Of every stream but `$all`: the position at each version. */
	const streams = new Map<StreamName, Position[]>();
	const listeners = new Set<(commit: Commit) => void>();
	let closed = false;

	return {
		incarnation: 1,

		async append(append) {
			if (closed) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
			if (!isWritable(append.stream)) {
				throw new Refusal("stream-not-writable", { stream: append.stream });
			}
			const judgement = judge({ ...append, count: append.events.length }, factsFor(append));
			if (judgement.write) return write(append);
			const position = positionsOf(append.stream)[judgement.final] as Position;
			return { first: judgement.first, position, repeated: true };
		},

		async read(range) {
			if (closed) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
			return slice(range);
		},

		async last(stream) {
			if (closed) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
			return lastOf(stream);
		},

		onCommit(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},

		verify: async () => verify(view()),

		async close() {
			closed = true;
		},
	};

	function write({ stream, events: batch }: Append): Appended {
		const first = lastOf(stream) + 1;
		const created = Math.max(clock(), events.at(-1)?.created ?? 0);
		const grown = new Map<StreamName, Version>();
		for (const [index, given] of batch.entries()) {
			const position = events.length;
			const event = { ...given, position, stream, version: first + index, created };
			events.push(event);
			for (const name of [stream, ...streamsJoined(event)]) {
				const positions = positionsOf(name);
				positions.push(position);
				streams.set(name, positions);
				grown.set(name, positions.length - 1);
			}
		}
		const last = events.length - 1;
		for (const listener of listeners) listener({ last, streams: grown });
		return { first, position: last, repeated: false };
	}

	function slice({ stream, from, limit, direction, content }: Range): Slice {
		const last = lastOf(stream);
		const { low, high } = bounds(from, limit, direction, last);
		const entries: StreamEntry[] = [];
		let bytes = 0;
		for (let version = low; version <= high; version++) {
			const event = events[positionAt(stream, version)] as RecordedEvent;
			bytes += content ? event.data.length + event.metadata.length : 0;
			const empty = new Uint8Array(0);
			entries.push({
				version,
				event: content ? event : { ...event, data: empty, metadata: empty },
			});
		}
		if (bytes > limits.pageBytesMax) {
			throw new Refusal("page-too-large", { bytes, pageBytesMax: limits.pageBytesMax });
		}
		return { last, entries: direction === "forward" ? entries : entries.reverse() };
	}

	function factsFor({ stream, events: batch }: Append): Facts {
		const idAt = (position: Position) => events[position]?.id;
		return {
			last: () => lastOf(stream),
			metadataLast: () => lastOf(`$$${stream}` as StreamName),
			versionOf(index) {
				const version = positionsOf(stream).findIndex((at) => idAt(at) === batch[index]?.id);
				return version < 0 ? undefined : version;
			},
			isAt: (index, version) => idAt(positionAt(stream, version)) === batch[index]?.id,
		};
	}

	function positionsOf(stream: StreamName): Position[] {
		return streams.get(stream) ?? [];
	}

	function positionAt(stream: StreamName, version: number): Position {
		return stream === ALL ? version : (positionsOf(stream)[version] as Position);
	}

	function lastOf(stream: StreamName): Version {
		return (stream === ALL ? events : positionsOf(stream)).length - 1;
	}

	function view(): LogView {
		return {
			events: () => events,
			*entries() {
				for (const [stream, positions] of streams) {
					for (const [version, position] of positions.entries()) {
						yield { stream, version, position, event: events[position] };
					}
				}
			},
			positionAt: (stream, version) => streams.get(stream as StreamName)?.[version],
			streams: () => streams.size,
			faults: () => [],
		};
	}
}
