/**
 * The rows that the plans of a group come to: events, entries, names, marks and nodes of the tree,
 * side by side as the statements take them.
 */
import { addSubtree, type Frontier } from "../../../../feeds/proof/frontier.ts";
import { DIGESTS_BYTES, hashOfDigested, writeDigests } from "../../../../feeds/proof/leaf.ts";
import { TILE_HEIGHT } from "../../../../feeds/proof/tiles.ts";
import { ALL, type NewEvent, type StreamName, type Version } from "../../../event.ts";
import { streamsJoined } from "../../../indexes/joins.ts";
import { describedStream, metadataStream } from "../../../retention/window.ts";
import type { InsertedAt, PlanWriter } from "../../appending/carry-out.ts";
import { FLAG_JSON, FLAG_REVIVAL, FLAG_TOMBSTONE } from "../../appending/flags.ts";
import type { StreamMark } from "../../appending/marks.ts";
import type { PlannedWrite } from "../../appending/plan.ts";
import type { Append, Commit, Deletion } from "../../commit.ts";
import { Contradiction } from "../connection/failures.ts";

/** A stream as the transaction found it, and as the group leaves it. */
export type KnownStream = {
	/** 0 for one that has no events yet. */
	id: number;
	last: Version;
	/** Of a stream without events: where its newest metadata stands, if it has any. */
	readonly metadataAt: number | null;
};

/** An event with the digests of its content, made before its transaction begins. */
export type PreparedEvent = NewEvent & { readonly digests: Buffer };

export type PreparedWrite = {
	readonly write: Append | Deletion;
	/** Of a write of the leader: the number under which it leads. */
	readonly epoch?: number | undefined;
	readonly events: readonly PreparedEvent[];
};

/** An event as its row has it. */
export type RowEvent = Pick<NewEvent, "id" | "type" | "data" | "metadata"> & {
	readonly flags: number;
	readonly hash: Buffer;
};

/** The end of the log. */
export type LogEnd = {
	next: number;
	created: number;
	/** The last number that was given to a stream. */
	streams: number;
	readonly frontier: Frontier;
};

/** The events of a group, each array by event. */
type EventColumns = ContentColumns & {
	readonly created: number[];
	readonly streams: number[];
	readonly versions: number[];
	readonly ids: string[];
	readonly flags: number[];
	readonly types: string[];
	readonly hashes: Buffer[];
};

type ContentColumns = {
	readonly starts: number[];
	readonly dataBytes: number[];
	readonly metadataBytes: number[];
	readonly content: Uint8Array[];
};

export type Mark = { metadata: number | null; tombstone: number | null; link: number | null };

const MARK_FLAGS = { revival: FLAG_REVIVAL, tombstone: FLAG_TOMBSTONE };
/** `$all` is no row of `streams`, and has marks all the same. */
const ALL_ID = 0;

export function prepared(event: NewEvent): PreparedEvent {
	const digests = Buffer.allocUnsafe(DIGESTS_BYTES);
	writeDigests(digests, 0, event.data, event.metadata);
	return { ...event, digests };
}

export class GroupRows implements PlanWriter<PreparedEvent> {
	readonly events: EventColumns = {
		...{ created: [], streams: [], versions: [], ids: [], flags: [], types: [], starts: [] },
		...{ dataBytes: [], metadataBytes: [], content: [], hashes: [] },
	};
	readonly entries = {
		streams: [] as number[],
		versions: [] as number[],
		positions: [] as number[],
	};
	readonly named = { ids: [] as number[], names: [] as string[] };
	readonly nodes = { levels: [] as number[], numbers: [] as number[], hashes: [] as Buffer[] };
	/** By the number of the stream. */
	readonly marks = new Map<number, Mark>();
	readonly first: number;
	readonly end: LogEnd;
	readonly #known: Map<string, KnownStream>;
	readonly #grown = new Map<StreamName, Version>();
	readonly #marked = new Set<StreamName>();
	/** Where the newest metadata stands that this group wrote. */
	readonly #describedAt = new Map<string, number>();
	#contentBytes = 0;

	/** @param known all streams that the group may write to */
	constructor(end: LogEnd, known: Map<string, KnownStream>, now: number) {
		this.end = { ...end, created: Math.max(end.created, now) };
		this.first = end.next;
		this.#known = known;
	}

	get isEmpty(): boolean {
		return this.events.ids.length === 0;
	}

	/** Of data and metadata. */
	get bytes(): number {
		return this.#contentBytes;
	}

	commit(): Commit {
		return { last: this.end.next - 1, streams: this.#grown, marked: [...this.#marked] };
	}

	made = prepared;

	insert({ stream: name, mark }: PlannedWrite, events: readonly PreparedEvent[]): InsertedAt {
		const stream = this.#findOrCreate(name);
		const first = { version: stream.last + 1, position: this.end.next };
		let firstFlags = mark === undefined ? 0 : MARK_FLAGS[mark];
		for (const event of events) {
			this.#insert(name, stream, event, (event.isJson ? FLAG_JSON : 0) | firstFlags);
			firstFlags = 0;
		}
		return first;
	}

	mark({ stream: name, kind }: StreamMark, position: number): void {
		this.#marked.add(name);
		if (kind === "metadata") {
			this.#describedAt.set(name, position);
			const id = name === ALL ? ALL_ID : this.#known.get(name)?.id;
			if (id !== undefined && (id > 0 || name === ALL)) this.#markOf(id).metadata = position;
		} else if (kind === "tombstone") this.#markOf(this.#findOrCreate(name).id).tombstone = position;
		else {
			this.#markOf(this.#findOrCreate(name).id).link = position;
			this.#markOf(ALL_ID).link = position;
		}
	}

	/** The answer to a repeat comes from the facts. */
	positionAt(): number {
		return -1;
	}

	#insert(name: StreamName, stream: KnownStream, event: PreparedEvent, flags: number): void {
		const { id, type, metadata, digests } = event;
		const { next: position, created } = this.end;
		const version = stream.last + 1;
		const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
		const head = { position, created, version, id: bytes, flags, stream: name, type };
		const hash = hashOfDigested(head, digests);
		const joined = streamsJoined({ stream: name, version, type, metadata });
		this.add(name, { ...event, flags, hash }, joined);
	}

	/**
	 * Adds an event at the end of the log and of its stream, at the time that the end has.
	 * @param joined the other streams it joins
	 */
	add(name: StreamName, event: RowEvent, joined: readonly StreamName[]): void {
		const { id, type, flags, hash, data, metadata } = event;
		const { events, end } = this;
		const stream = this.#findOrCreate(name);
		const position = end.next++;
		events.created.push(end.created);
		events.streams.push(stream.id);
		events.versions.push(stream.last + 1);
		events.ids.push(id);
		events.flags.push(flags);
		events.types.push(type);
		events.starts.push(this.#contentBytes);
		events.dataBytes.push(data.length);
		events.metadataBytes.push(metadata.length);
		events.content.push(data, metadata);
		events.hashes.push(hash);
		this.#contentBytes += data.length + metadata.length;
		addSubtree(end.frontier, hash, 0, this.#onNode);
		this.#enter(name, stream, position);
		for (const other of joined) this.#enter(other, this.#findOrCreate(other), position);
	}

	readonly #onNode = (root: Buffer, height: number) => {
		const { levels, numbers, hashes } = this.nodes;
		levels.push(height / TILE_HEIGHT);
		// The tree counts its leaves when all nodes above the new one are made.
		numbers.push(Math.floor(this.end.frontier.size / 2 ** height));
		hashes.push(root);
	};

	#enter(name: StreamName, stream: KnownStream, position: number): void {
		stream.last++;
		this.entries.streams.push(stream.id);
		this.entries.versions.push(stream.last);
		this.entries.positions.push(position);
		this.#grown.set(name, stream.last);
	}

	#findOrCreate(name: StreamName): KnownStream {
		const known = this.#known.get(name);
		if (!known) throw new Contradiction("a stream was written that nobody looked up");
		if (known.id === 0) {
			known.id = ++this.end.streams;
			this.named.ids.push(known.id);
			this.named.names.push(name);
			const described = this.#describedAt.get(name) ?? known.metadataAt;
			if (described !== null) this.#markOf(known.id).metadata = described;
		}
		return known;
	}

	#markOf(id: number): Mark {
		const mark = this.marks.get(id) ?? { metadata: null, tombstone: null, link: null };
		this.marks.set(id, mark);
		return mark;
	}
}

/**
 * The streams that an event may join, whatever its version will be, and those that the log itself
 * may write to because of it.
 */
export function streamsTouched(stream: StreamName, events: readonly NewEvent[]): Set<StreamName> {
	const touched = new Set<StreamName>([stream]);
	const own = describedStream(stream) === undefined ? metadataStream(stream) : stream;
	touched.add(own);
	const made = [
		{ stream: own, type: "$metadata" },
		{ stream, type: "$streamDeleted" },
	];
	const metadata = new Uint8Array(0);
	for (const event of [
		...events.map((event) => ({ ...event, stream })),
		...made.map((event) => ({ ...event, metadata })),
	]) {
		for (const joined of streamsJoined({ ...event, version: 0 })) touched.add(joined);
	}
	return touched;
}
