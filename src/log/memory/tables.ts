/** The content of the log in memory, and facts of each stream in it. */
import {
	ALL,
	type NewEvent,
	type Position,
	type RecordedEvent,
	type StreamName,
	type Version,
} from "../../event.ts";
import { isIndexStream, streamsJoined } from "../../indexes/joins.ts";
import { LINK_TYPE } from "../../indexes/links.ts";
import { parseMetadata, type StreamMetadata } from "../../retention/metadata.ts";
import {
	describedStream,
	effectiveMetadata,
	metadataStream,
	type StreamState,
} from "../../retention/window.ts";
import { TOMBSTONE_TYPE } from "../appending/deletion.ts";
import type { NewestMetadata } from "../appending/facts.ts";
import type { Gap } from "../log.ts";

/** Events that say more of a stream than that it grew; a client may have sent one as any other. */
const MARKING: ReadonlySet<string> = new Set([LINK_TYPE, TOMBSTONE_TYPE]);

export class MemoryTables {
	/** By position. */
	readonly events: RecordedEvent[] = [];
	/** Of every stream but `$all`: the position at each version. */
	readonly streams = new Map<StreamName, Position[]>();
	/** Streams deleted for ever; their last event is the tombstone. */
	readonly gone = new Set<StreamName>();
	/** The events no read shows any more. */
	readonly scavenged = new Set<Position>();
	/** Of each stream, the lowest version that was not scavenged. */
	readonly firstLeft = new Map<StreamName, Version>();
	/** Streams that hold links; `$all` once any does. */
	readonly #linking = new Set<StreamName>();
	/** Whether any stream has metadata, links, or was deleted (or an event that looks so). */
	#isAnyMarked = false;

	/** Adds an event to its own stream and to those it joins, and returns their names. */
	add(given: NewEvent, stream: StreamName, created: number): StreamName[] {
		const position = this.events.length;
		const event = { ...given, position, stream, version: this.lastOf(stream) + 1, created };
		this.events.push(event);
		const joined = [stream, ...streamsJoined(event)];
		for (const name of joined) {
			const positions = this.positionsOf(name);
			positions.push(position);
			this.streams.set(name, positions);
		}
		if (event.type === LINK_TYPE) this.#linking.add(stream).add(ALL);
		this.#isAnyMarked ||= MARKING.has(event.type) || describedStream(stream) !== undefined;
		return joined;
	}

	positionsOf(stream: StreamName): Position[] {
		return this.streams.get(stream) ?? [];
	}

	/** Undefined if the stream has no such version. */
	eventAt(stream: StreamName, version: Version): RecordedEvent | undefined {
		const position = stream === ALL ? Number(version) : this.positionsOf(stream)[version];
		return position === undefined ? undefined : this.events[position];
	}

	lastOf(stream: StreamName): Version {
		return (stream === ALL ? this.events : this.positionsOf(stream)).length - 1;
	}

	/** A metadata stream ends with the stream it describes. */
	isGone(stream: StreamName): boolean {
		return this.gone.has(describedStream(stream) ?? stream);
	}

	newestMetadata(stream: StreamName): NewestMetadata {
		const positions = this.positionsOf(metadataStream(stream));
		return { last: positions.length - 1, data: this.events[positions.at(-1) ?? -1]?.data };
	}

	/** Undefined if the stream is nothing but its entries. */
	stateOf(stream: StreamName): StreamState | undefined {
		const isGone = this.isGone(stream);
		const last = this.lastOf(stream);
		const isDescribed = this.newestMetadata(stream).last >= 0;
		const hasRule = isDescribed || describedStream(stream) !== undefined;
		// A metadata stream is gone with its stream, whether or not it ever had an event.
		if (!isGone && (last < 0 || !hasRule)) return undefined;
		const scavenged = this.firstLeft.get(stream) ?? 0;
		return { last, metadata: this.#metadataOf(stream), isGone, scavenged };
	}

	/** As `ReadFacts.hasMarkedEntries`. */
	hasMarkedEntries(stream: StreamName): boolean {
		return isIndexStream(stream) ? this.#isAnyMarked : this.#linking.has(stream);
	}

	/** The gap around `position`; undefined if that is not scavenged. */
	gapAt(position: Position): Gap | undefined {
		if (!this.scavenged.has(position)) return undefined;
		let [first, last] = [position, position];
		while (this.scavenged.has(first - 1)) first--;
		while (this.scavenged.has(last + 1)) last++;
		return { first, last };
	}

	#metadataOf(stream: StreamName): StreamMetadata {
		const { data } = this.newestMetadata(stream);
		return effectiveMetadata(stream, data && parseMetadata(data));
	}
}
