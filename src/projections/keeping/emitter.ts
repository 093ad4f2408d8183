/**
 * Writes what a projection emits, each event exactly once.
 *
 * The id of an event is made of the projection, its epoch, the position of the event that caused
 * it, and the number that it has among those. The log writes no id twice into a stream. So whatever
 * is written again after a stop, in whatever batches, stands there once, in the same order.
 *
 *     a stream is      how it is known                        what is done
 *     new              it shows nothing                       it gets an ACL: others read it
 *     its own          its newest event says so               events go behind that one
 *     of before        the newest is of another epoch         what it shows is hidden first
 *     of others        anything else                          refused, unless it is to share
 */
import { LRUCache } from "lru-cache";
import { PROJECTION_PREFIX, PROJECTION_RESULT } from "../../bookkeeping.ts";
import { type OfferedEvent, prepareAppend } from "../../commands/append.ts";
import { isRefusal } from "../../errors.ts";
import type { NewEvent, StreamName } from "../../event.ts";
import { stableId } from "../../indexes/links.ts";
import { metadataStream } from "../../retention/window.ts";
import { upTo } from "../../up-to.ts";
import type { Definition } from "../definition.ts";
import { parseObject } from "../json.ts";
import { emittedStream } from "../names.ts";
import { jsonEvent, type OwnLog } from "./own-log.ts";

/** An event to write, and what caused it. */
export type Emission = {
	readonly stream: string;
	readonly type: string;
	readonly isJson: boolean;
	readonly data: string;
	/** A JSON object; undefined for none. */
	readonly metadata: string | undefined;
	/** Which one it is of those that its cause makes: `0`, `1`, for results `r0` … */
	readonly index: string;
	readonly cause: Cause;
};

export type Cause = {
	readonly position: number;
	readonly id: string;
	readonly correlation: string | undefined;
};

/** The log refuses a stream for good: the projection cannot go on. */
export class EmissionRefused extends Error {
	readonly stream: string;
	constructor(stream: string, reason: string) {
		super(reason);
		this.stream = stream;
	}
}

export type EmitterLimits = {
	readonly eventsPerAppendMax: number;
	readonly eventBytesMax: number;
};

type Target = {
	/** The number behind which the next event goes; -1 for a stream that shows nothing. */
	last: number;
	readonly isShared: boolean;
};

/** So many streams are remembered; others are looked at again. */
const TARGETS_MAX = 20_000;
/** Appends of so many streams wait for one commit together. */
const AT_A_TIME = 32;
const APPEND_BYTES_MAX = 1024 * 1024;
const BATCH_USUAL = 500;
const ADMINS = "$admins";
const EVERYONE = "$all";

export class Emitter {
	readonly #own: OwnLog;
	readonly #definition: Definition;
	readonly #permit: (stream: StreamName) => Promise<void>;
	readonly #limits: EmitterLimits;
	readonly #targets = new LRUCache<string, Target>(upTo(TARGETS_MAX));
	/** Events written since the start, and those being written. */
	readonly counts = { written: 0, writing: 0 };

	/** @param permit refuses if its author may not write to a stream */
	constructor(
		own: OwnLog,
		definition: Definition,
		permit: (stream: StreamName) => Promise<void>,
		limits: EmitterLimits,
	) {
		this.#own = own;
		this.#definition = definition;
		this.#permit = permit;
		this.#limits = limits;
	}

	/**
	 * Resolves when all of them stand in the log.
	 * @throws EmissionRefused, and Refusals of an append that may pass by themselves
	 */
	async write(emissions: readonly Emission[]): Promise<void> {
		const byStream = new Map<string, Emission[]>();
		for (const emission of emissions) {
			const those = byStream.get(emission.stream);
			if (those) those.push(emission);
			else byStream.set(emission.stream, [emission]);
		}
		const left = [...byStream];
		this.counts.writing += emissions.length;
		try {
			const work = async () => {
				for (let next = left.shift(); next; next = left.shift()) await this.#writeTo(...next);
			};
			await Promise.all(Array.from({ length: Math.min(AT_A_TIME, left.length) }, work));
			this.counts.written += emissions.length;
		} finally {
			this.counts.writing -= emissions.length;
		}
	}

	async #writeTo(stream: string, emissions: readonly Emission[]): Promise<void> {
		try {
			const target = await this.#targetOf(stream);
			for (const batch of this.#batches(emissions)) await this.#append(stream, target, batch);
		} catch (error) {
			this.#targets.delete(stream);
			throw asFault(stream, error);
		}
	}

	async #append(stream: string, target: Target, offered: readonly OfferedEvent[]): Promise<void> {
		const expected = target.isShared || target.last < 0 ? "any" : target.last;
		const { events, stream: name } = prepareAppend(stream, expected, offered, this.#limits);
		await this.#appendNew(name, target, events);
	}

	/** Writes those that the stream does not have: it has the first ones, if a run was cut short. */
	async #appendNew(stream: StreamName, target: Target, events: readonly NewEvent[]): Promise<void> {
		const expected = target.isShared || target.last < 0 ? "any" : target.last;
		try {
			const { first, repeated } = await this.#own.append(stream, events, expected);
			if (!repeated) target.last = first + events.length - 1;
		} catch (error) {
			if (!isRefusal(error, "events-known")) throw error;
			const known = new Set(error.facts.known);
			const unknown = events.filter(({ id }) => !known.has(id));
			if (unknown.length > 0) await this.#appendNew(stream, target, unknown);
		}
	}

	*#batches(emissions: readonly Emission[]): Iterable<OfferedEvent[]> {
		const usual = this.#definition.settings.maxWriteBatchLength || BATCH_USUAL;
		const most = Math.min(usual, BATCH_USUAL, this.#limits.eventsPerAppendMax);
		let batch: OfferedEvent[] = [];
		let bytes = 0;
		for (const emission of emissions) {
			const event = this.#offeredOf(emission);
			const more = event.data.length + event.metadata.length;
			if (batch.length >= most || (batch.length > 0 && bytes + more > APPEND_BYTES_MAX)) {
				yield batch;
				batch = [];
				bytes = 0;
			}
			batch.push(event);
			bytes += more;
		}
		if (batch.length > 0) yield batch;
	}

	#offeredOf({ type, isJson, data, metadata, index, cause }: Emission): OfferedEvent {
		const { id, name, epoch, version } = this.#definition;
		const { position, correlation } = cause;
		const own = {
			$v: `${id}:${epoch}:${version}`,
			$projection: name,
			$c: position,
			$p: position,
			$causedBy: cause.id,
			...(correlation === undefined ? {} : { $correlationId: correlation }),
		};
		const given = metadata === undefined ? {} : parseObject(metadata);
		// What the script says counts, but not of where the event comes from.
		const { $v, $projection, $c, $p } = own;
		const whole = { ...own, ...given, $v, $projection, $c, $p };
		return {
			eventId: stableId(`${id}:${epoch}:${position}:${index}`),
			eventType: type,
			isJson,
			data: Buffer.from(data),
			metadata: Buffer.from(JSON.stringify(whole)),
		};
	}

	async #targetOf(stream: string): Promise<Target> {
		const known = this.#targets.get(stream);
		if (known) return known;
		const target = await this.#look(stream as StreamName);
		this.#targets.set(stream, target);
		return target;
	}

	async #look(stream: StreamName): Promise<Target> {
		const { sharesEmittedStreams: isShared, trackEmittedStreams } = this.#definition.settings;
		const slice = await this.#own.read(stream, "head", 1);
		const newest = slice?.entries[0]?.event;
		const mark = newest && parseObject(newest.metadata);
		const isOwn = mark?.$projection === this.#definition.name;
		if (newest && !isOwn && !isShared) {
			throw new EmissionRefused(
				stream,
				`The stream ${stream} has events that this projection has not written. A projection ` +
					"writes to streams of its own, unless its setting sharesEmittedStreams says otherwise.",
			);
		}
		// Its results go under its own name.
		const isResult = stream.startsWith(`${PROJECTION_PREFIX}${this.#definition.name}-`);
		if (!isOwn && !(isResult && stream.endsWith(PROJECTION_RESULT))) await this.#permit(stream);
		if (trackEmittedStreams && !isOwn) await this.#track(stream);
		if (newest === undefined) {
			await this.#describeNew(stream, isShared);
			return { last: -1, isShared };
		}
		if (isOwn && !isShared && !this.#isOfNow(mark.$v))
			await this.#hideBefore(stream, newest.version);
		return { last: newest.version, isShared };
	}

	#isOfNow(mark: unknown): boolean {
		const { id, epoch } = this.#definition;
		return typeof mark === "string" && mark.startsWith(`${id}:${epoch}:`);
	}

	async #track(stream: StreamName): Promise<void> {
		const { name, id } = this.#definition;
		const event = { ...jsonEvent("$StreamTracked", { stream }), id: stableId(`${id} ${stream}`) };
		await this.#own.append(emittedStream(name), [event]);
	}

	/** Everyone reads it, as the contract has it; others do not write to it by mistake. */
	async #describeNew(stream: StreamName, isShared: boolean): Promise<void> {
		if ((await this.#own.lastOf(metadataStream(stream))) >= 0) return;
		const open = { $r: EVERYONE, $mr: EVERYONE };
		const own = { ...open, $w: ADMINS, $d: ADMINS, $mw: ADMINS };
		await this.#own.describe(stream, { $acl: isShared ? open : own });
	}

	/** What an earlier epoch has written is not shown any more; the rest of the metadata stays. */
	async #hideBefore(stream: StreamName, last: number): Promise<void> {
		const slice = await this.#own.read(metadataStream(stream), "head", 1);
		const before = slice?.entries[0]?.event.data;
		await this.#own.describe(stream, { ...(before && parseObject(before)), $tb: last + 1 });
	}
}

/** What is refused for good is a fault of the projection; the rest may pass. */
function asFault(stream: string, error: unknown): unknown {
	if (!isRefusal(error)) return error;
	switch (error.word) {
		case "wrong-expected-version":
			return new EmissionRefused(
				stream,
				`Somebody else has written to the stream ${stream} while this projection did.`,
			);
		case "unauthorized":
			return new EmissionRefused(stream, `Its author may not write to the stream ${stream}.`);
		case "stream-deleted":
			return new EmissionRefused(stream, `The stream ${stream} was deleted for ever.`);
		case "stream-not-writable":
		case "invalid-stream-name":
			return new EmissionRefused(
				stream,
				`Nobody can write to a stream named ${JSON.stringify(stream.slice(0, 200))}.`,
			);
		case "invalid-event":
		case "event-too-large":
		case "malformed-metadata":
		case "duplicate-event-id":
			return new EmissionRefused(
				stream,
				`An event for the stream ${stream.slice(0, 200)} was refused: ${error.message}`,
			);
		default:
			return error;
	}
}
