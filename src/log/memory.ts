/**
 * The log as a few arrays: the readable specification, and the oracle the other engines are tested
 * against. It keeps every promise of `log.ts` except that nothing survives the process; as nothing
 * ever waits for a disk, the limits of the append queue have nothing to bound here.
 */
import { Refusal } from "../errors.ts";
import {
	ALL,
	type NewEvent,
	type Position,
	type RecordedEvent,
	type StreamName,
	type Version,
} from "../event.ts";
import { isDeletable, isWritable } from "../indexes/joins.ts";
import { LINK_TYPE, linkAt, type Target, targetOf } from "../indexes/links.ts";
import { describedStream, metadataStream } from "../retention/window.ts";
import { revival, softDeletion, tombstone } from "./deletion.ts";
import { type Facts, judge, judgeDelete } from "./expectation.ts";
import {
	type Append,
	type Appended,
	type Commit,
	DEFAULT_LOG_LIMITS,
	type Deletion,
	type Log,
	type LogLimits,
	type Range,
	type Slice,
	type StreamEntry,
} from "./log.ts";
import { createErasing, gapAt } from "./memory/erasing.ts";
import { createStore, type Store } from "./memory/store.ts";
import { bounds } from "./range.ts";
import { type FoundEntry, type FoundTarget, lowestShown, show } from "./showing.ts";
import { verify } from "./verify/verify.ts";
import type { LogView } from "./verify/view.ts";

const NOTHING = new Uint8Array(0);
const NO_ENTRIES = { from: 0, limit: 0, direction: "forward", content: false } as const;

/** @param clock milliseconds since 1970; may jump, `created` will not */
export function createMemoryLog(
	limits: LogLimits = DEFAULT_LOG_LIMITS,
	clock: () => number = Date.now,
): Log {
	const store = createStore();
	const { events, streams, gone, revivals, positionsOf, positionAt, lastOf } = store;
	const { fateOf, standingOf, metadataOf, newestOf } = store;
	const listeners = new Set<(commit: Commit) => void>();
	let closed = false;
	const tell = (commit: Commit) => {
		for (const listener of listeners) listener(commit);
	};
	const erasing = createErasing(store, clock, tell);

	const whileOpen = <T>(work: () => T): T => {
		if (closed) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		return work();
	};
	return {
		incarnation: 1,
		append: async (request) => whileOpen(() => append(request)),
		delete: async (request) => whileOpen(() => remove(request)),
		get erasures() {
			return erasing.count();
		},
		redact: async (redaction) => whileOpen(() => erasing.redact(redaction)),
		scavenge: async (from) => whileOpen(() => erasing.scavenge(from)),
		read: async (range) => whileOpen(() => slice(range)),
		writerAnswers: async () => whileOpen(() => undefined),
		locate: async (stream, id) => whileOpen(() => locate(store, stream, id)),
		last: async (stream) => whileOpen(() => slice({ stream, ...NO_ENTRIES }).last),

		onCommit(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},

		verify: async () => verify(view()),

		async close() {
			closed = true;
		},
	};

	function append({ stream, expected, events: batch }: Append): Appended {
		if (!isWritable(stream)) throw new Refusal("stream-not-writable", { stream });
		const judgement = judge({ stream, expected, count: batch.length }, factsFor(stream, batch));
		if (judgement.write) return write(stream, batch);
		const position = positionsOf(stream)[judgement.final] as Position;
		return { first: judgement.first, position, repeated: true };
	}

	function write(stream: StreamName, batch: readonly NewEvent[]): Appended {
		const described = describedStream(stream);
		const revives = fateOf(stream) === "soft-deleted";
		const undeletes = described !== undefined && fateOf(described) === "soft-deleted";
		const first = lastOf(stream) + 1;
		const commit = begin();
		if (revives) {
			commit.add(metadataStream(stream), [revival(stream, newestOf(stream), first)]);
			revivals.add(events.length);
		}
		commit.add(stream, batch);
		const position = events.length - 1;
		if (undeletes && !metadataOf(described).isDeleted) {
			commit.add(stream, [revival(described, newestOf(described), lastOf(described) + 1)]);
		}
		commit.end();
		return { first, position, repeated: false };
	}

	function remove({ stream, expected, hard }: Deletion): Appended {
		if (!isDeletable(stream)) throw new Refusal("stream-not-writable", { stream });
		judgeDelete({ stream, expected }, factsFor(stream, []));
		const written = hard ? stream : metadataStream(stream);
		const first = lastOf(written) + 1;
		const event = hard ? tombstone(stream, first) : softDeletion(stream, newestOf(stream));
		const commit = begin();
		if (hard) gone.add(stream);
		commit.add(written, [event]);
		commit.end();
		return { first, position: events.length - 1, repeated: false };
	}

	/** All that is added between `begin` and `end` is one commit, of one moment. */
	function begin() {
		const created = Math.max(clock(), events.at(-1)?.created ?? 0);
		const grown = new Map<StreamName, Version>();
		const marked = new Set<StreamName>();
		const add = (stream: StreamName, batch: readonly NewEvent[]) => {
			for (const given of batch) {
				const position = events.length;
				const event = { ...given, position, stream, version: lastOf(stream) + 1, created };
				const described = describedStream(stream);
				if (described !== undefined) marked.add(described);
				if (event.type === LINK_TYPE || gone.has(stream)) marked.add(stream);
				for (const name of store.add(event)) grown.set(name, lastOf(name));
			}
		};
		const end = () => {
			const last = events.length - 1;
			tell({ last, streams: grown, marked: [...marked] });
		};
		return { add, end };
	}

	function slice(range: Range): Slice {
		const { stream, resolve = stream !== ALL } = range;
		const described = describedStream(stream);
		const isGone = gone.has(stream) || (described !== undefined && gone.has(described));
		if (isGone && !range.hidden) {
			throw new Refusal("stream-deleted", { stream, attempt: "read" });
		}
		const last = lastOf(stream);
		const standing = range.hidden ? undefined : standingOf(stream);
		const { low, high } = bounds(range.from, range.limit, range.direction, last);
		const found: FoundEntry[] = [];
		for (let version = lowestShown(low, standing); version <= high; version++) {
			if (stream === ALL && store.scavenged.has(Number(version))) continue;
			found.push(entryAt(stream, version, resolve));
		}
		const gap = stream === ALL && found.length === 0 ? gapAt(store, Number(low)) : undefined;
		if (range.direction === "backward") found.reverse();
		if (range.content) checkBytes(found);
		const isMarked = standing !== undefined || store.hasMarkedEntries(stream, resolve);
		const { content } = range;
		const now = clock();
		const createdAt = (version: Version) =>
			(events[positionAt(stream, version)] as RecordedEvent).created;
		const at = { stream, last, low, standing, gap, isMarked, resolve, content, now, createdAt };
		const shown = show(at, found);
		return content ? shown : { ...shown, entries: shown.entries.map(withoutContent) };
	}

	function checkBytes(found: readonly FoundEntry[]): void {
		const { pageBytesMax } = limits;
		let bytes = 0;
		const add = ({ data, metadata }: RecordedEvent) => {
			bytes += data.length + metadata.length;
		};
		const check = () => {
			if (bytes > pageBytesMax) throw new Refusal("page-too-large", { bytes, pageBytesMax });
		};
		for (const { event } of found) add(event);
		check();
		for (const { target } of found) {
			if (target?.found) add(target.found.event);
			check();
		}
	}

	function entryAt(stream: StreamName, version: Version, resolve: boolean): FoundEntry {
		const event = events[positionAt(stream, version)] as RecordedEvent;
		if (stream !== ALL && stream !== event.stream) {
			return { version, event, origin: resolve ? standingOf(event.stream) : undefined };
		}
		const target = resolve && event.type === LINK_TYPE ? targetOf(event.data) : undefined;
		if (!target) return { version, event };
		return { version, event, target: { ...target, found: findTarget(target) } };
	}

	function findTarget({ stream, version }: Target): FoundTarget | undefined {
		const at = stream === ALL ? undefined : positionAt(stream, version);
		if (at === undefined) return undefined;
		const event = events[at] as RecordedEvent;
		const standing = standingOf(stream);
		return { standing, event: event.stream === stream ? event : linkAt(stream, version, event) };
	}

	function factsFor(stream: StreamName, batch: readonly NewEvent[]): Facts {
		const idAt = (position: Position) => events[position]?.id;
		return {
			fate: () => fateOf(stream),
			last: () => lastOf(stream),
			metadataLast: () => lastOf(metadataStream(stream)),
			versionOf(index) {
				const version = positionsOf(stream).findIndex((at) => idAt(at) === batch[index]?.id);
				return version < 0 ? undefined : version;
			},
			isAt: (index, version) => idAt(positionAt(stream, version)) === batch[index]?.id,
			isRevival: (version) => revivals.has(positionAt(stream, version)),
		};
	}

	function view(): LogView {
		return {
			size: () => events.length,
			*events(from, to) {
				for (const event of events.slice(from, to)) {
					const id = Buffer.from(event.id.replaceAll("-", ""), "hex");
					yield { ...event, id, flags: 0, isErased: event.isRedacted === true };
				}
			},
			entries(visit) {
				for (const [name, positions] of streams) {
					const stream = { name };
					for (const [version, position] of positions.entries()) visit(stream, version, position);
				}
			},
			*unproven() {
				for (const { position, isRedacted, metadata } of events) {
					if (isRedacted && metadata.length === 0) yield position;
				}
			},
			faults: () => [],
		};
	}
}

function locate(store: Store, stream: StreamName, id: string): Version | undefined {
	for (let version = Number(store.lastOf(stream)); version >= 0; version--) {
		if (store.events[store.positionAt(stream, version)]?.id === id) return version;
	}
	return undefined;
}

function withoutContent({ event, link, ...rest }: StreamEntry): StreamEntry {
	const empty = { data: NOTHING, metadata: NOTHING };
	const bare = { ...rest, event: { ...event, ...empty } };
	return link ? { ...bare, link: { ...link, ...empty } } : bare;
}
