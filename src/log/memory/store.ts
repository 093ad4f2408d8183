/** What the log in memory holds, and what can be said of each stream in it. */
import {
	ALL,
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
	type Standing,
} from "../../retention/window.ts";
import { type Newest, TOMBSTONE_TYPE } from "../deletion.ts";
import type { Fate } from "../expectation.ts";

export type Store = ReturnType<typeof createStore>;

/** Events that say more of a stream than that it grew; a client may have sent one as any other. */
const MARKING: ReadonlySet<string> = new Set([LINK_TYPE, TOMBSTONE_TYPE]);

export function createStore() {
	const events: RecordedEvent[] = [];
	/** Of every stream but `$all`: the position at each version. */
	const streams = new Map<StreamName, Position[]>();
	/** Streams deleted for ever; their last event is the tombstone. */
	const gone = new Set<StreamName>();
	/** The events that brought a stream back. */
	const revivals = new Set<Position>();
	/** The events no read shows any more. */
	const scavenged = new Set<Position>();
	/** Of each stream, the lowest version that was not scavenged. */
	const firstLeft = new Map<StreamName, Version>();
	/** Streams that hold links; `$all` once any does. */
	const linking = new Set<StreamName>();
	/** Whether any stream has metadata, links, or was deleted (or an event that looks so). */
	let isAnyMarked = false;

	return {
		events,
		streams,
		gone,
		revivals,
		scavenged,
		firstLeft,
		add,
		positionsOf,
		positionAt,
		lastOf,
		fateOf,
		standingOf,
		metadataOf,
		newestOf,
		hasMarkedEntries,
	};

	/** Adds an event to its own stream and to those it joins, and returns their names. */
	function add(event: RecordedEvent): StreamName[] {
		const { stream, type, position } = event;
		events.push(event);
		const joined = [stream, ...streamsJoined(event)];
		for (const name of joined) {
			const positions = positionsOf(name);
			positions.push(position);
			streams.set(name, positions);
		}
		if (type === LINK_TYPE) linking.add(stream).add(ALL);
		isAnyMarked ||= MARKING.has(type) || describedStream(stream) !== undefined;
		return joined;
	}

	function fateOf(stream: StreamName): Fate {
		const described = describedStream(stream);
		if (gone.has(described ?? stream)) return "hard-deleted";
		return metadataOf(stream).isDeleted ? "soft-deleted" : "live";
	}

	/** Undefined where the stream is nothing but its entries. */
	function standingOf(stream: StreamName): Standing | undefined {
		const isGone = gone.has(describedStream(stream) ?? stream);
		const isDescribed = newestOf(stream).last >= 0 || describedStream(stream) !== undefined;
		if (lastOf(stream) < 0 || !(isGone || isDescribed)) return undefined;
		const left = firstLeft.get(stream) ?? 0;
		return { last: lastOf(stream), metadata: metadataOf(stream), isGone, scavenged: left };
	}

	function metadataOf(stream: StreamName): StreamMetadata {
		const { data } = newestOf(stream);
		return effectiveMetadata(stream, data && parseMetadata(data));
	}

	function newestOf(stream: StreamName): Newest {
		const positions = positionsOf(metadataStream(stream));
		return { last: positions.length - 1, data: events[positions.at(-1) ?? -1]?.data };
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

	/** Whether more than the stream's own metadata may change what its entries show. */
	function hasMarkedEntries(stream: StreamName, resolve: boolean): boolean {
		if (isIndexStream(stream)) return isAnyMarked;
		return resolve && linking.has(stream);
	}
}
