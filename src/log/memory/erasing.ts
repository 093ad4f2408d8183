/** Erasure in memory: the readable specification of `Erasing`. */
import type { Position, RecordedEvent, StreamName } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import { isErasable } from "../../retention/erasable.ts";
import type { Commit, Gap, Redaction, ScavengeStep } from "../log.ts";
import { checkRedactable } from "../redaction.ts";
import type { Store } from "./store.ts";

const NOTHING = new Uint8Array(0);

/**
 * @param clock as the log's
 * @param tell hands an erasure to the log's listeners
 */
export function createErasing(store: Store, clock: () => number, tell: (commit: Commit) => void) {
	const { events, streams, scavenged, firstLeft, positionsOf, lastOf } = store;
	let count = 0;
	return { count: () => count, redact, scavenge };

	function redact({ stream, version, metadata }: Redaction): void {
		const position = positionsOf(stream)[version];
		const event = position === undefined ? undefined : (events[position] as RecordedEvent);
		checkRedactable({ stream, version, last: lastOf(stream), type: event?.type });
		if (!event || (event.isRedacted && (!metadata || event.metadata.length === 0))) return;
		erase(event, metadata);
		finish([stream]);
	}

	/** All at once: here nobody waits meanwhile. */
	function scavenge(from: number): ScavengeStep {
		const erased = { events: 0, bytes: 0 };
		const changed = new Set<StreamName>();
		for (const [stream, positions] of from === 0 ? streams : []) {
			const standing = isIndexStream(stream) ? undefined : store.standingOf(stream);
			if (!standing) continue;
			for (const position of positions.slice(standing.scavenged)) {
				const event = events[position] as RecordedEvent;
				const { version, created, data, metadata } = event;
				if (!isErasable(stream, standing, version, created, clock())) break;
				erase(event, true);
				scavenged.add(position);
				firstLeft.set(stream, version + 1);
				changed.add(stream);
				erased.events++;
				erased.bytes += data.length + metadata.length;
			}
		}
		if (changed.size > 0) finish([...changed]);
		return { next: undefined, end: streams.size, ...erased };
	}

	function erase(event: RecordedEvent, metadata: boolean): void {
		const left = metadata ? NOTHING : event.metadata;
		events[event.position] = { ...event, data: NOTHING, metadata: left, isRedacted: true };
	}

	function finish(marked: readonly StreamName[]): void {
		count++;
		tell({ last: events.length - 1, streams: new Map(), marked, erasures: count });
	}
}

/** The run of scavenged positions around `position`; undefined where that is not scavenged. */
export function gapAt({ scavenged }: Store, position: Position): Gap | undefined {
	if (!scavenged.has(position)) return undefined;
	let [first, last] = [position, position];
	while (scavenged.has(first - 1)) first--;
	while (scavenged.has(last + 1)) last++;
	return { first, last };
}
