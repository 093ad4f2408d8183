/**
 * Runs the query of a projection again over events of the past, beside the projection and without
 * writing anything: to say how a state was at a moment, or what each event did to it.
 *
 * Of a projection that has a partition for each stream, only the stream of the partition is read.
 * All others are read from where the nearest states below are kept, or from their first event on,
 * within bounds.
 */
import { setImmediate } from "node:timers/promises";
import { Refusal } from "../../errors.ts";
import { ALL, type StreamName } from "../../event.ts";
import type { Definition } from "../definition.ts";
import type { OwnLog } from "../keeping/own-log.ts";
import type { Rights } from "../rights.ts";
import { NO_STATES } from "../running/check.ts";
import type { Fault, Outcome, Script, ScriptEvent, Scripts } from "../script/script.ts";
import { eventsFor, selectionOf } from "../source/events.ts";
import { type Found, Reader } from "../source/reader.ts";
import { categoryOf, Sieve, streamsOf } from "../source/selection.ts";
import { type Place, tagOf } from "../source/tags.ts";
import { cursorsAt, keptBefore } from "./kept-start.ts";

export type ReplayParts = {
	readonly own: OwnLog;
	readonly scripts: Scripts;
	readonly rights: Rights;
};

/** A request waits for no longer, and keeps a thread busy for no longer. */
const SECONDS_MAX = 20;
const EVENTS_MAX = 2_000_000;
const BATCH = 500;

/** Holds a script, and has to be closed. */
export class Replay {
	readonly #name: string;
	readonly #script: Script;
	readonly #reader: Reader;
	readonly #sieve: Sieve;
	readonly #isAll: boolean;
	readonly #signal: AbortSignal;
	readonly #started = performance.now();
	#place: Place;
	/** Read, and not run yet. */
	readonly #left: Found[] = [];
	/** Behind what was read. */
	#behind: Place = { next: 0, cursors: {} };
	#read = 0;
	#isAtHead = false;
	#isOver = false;

	private constructor(
		name: string,
		script: Script,
		reader: Reader,
		sieve: Sieve,
		place: Place,
		signal: AbortSignal,
	) {
		this.#name = name;
		this.#place = place;
		this.#script = script;
		this.#reader = reader;
		this.#sieve = sieve;
		this.#isAll = script.definition.sources.kind === "all";
		this.#signal = signal;
	}

	/**
	 * @param partition undefined if it is to know all of them
	 * @param before a position up to which the states that are kept may stand for the events
	 * @throws ScriptFault, Refusal `projection-author-gone`
	 */
	static async open(
		parts: ReplayParts,
		definition: Definition,
		partition: string | undefined,
		signal: AbortSignal,
		before = 0,
	): Promise<Replay> {
		const { own, scripts, rights } = parts;
		const { name, id, query, author, settings } = definition;
		const { reads } = await rights.of(author);
		const kept = before > 0 ? await keptBefore(own, definition, before) : undefined;
		const script = await scripts.open({
			source: query,
			states: kept?.states ?? NO_STATES,
			mayEmit: settings.emitEnabled,
			startsFromNothing: kept === undefined,
		});
		const selection = selectionOf(script.definition);
		const { partitions, handlers } = script.definition;
		// What all partitions share is made of the events of all.
		const isOwn = partitions === "streams" && !handlers.isBiState && partition;
		if (kept && !kept.isWhole && !(isOwn && kept.has(partition))) {
			await script.close();
			return Replay.open(parts, definition, partition, signal);
		}
		const streams = isOwn ? streamsOfOne(selection, partition) : streamsOf(selection);
		const head = async () => Number(await own.log.last(ALL));
		const { next, cursors: known } = kept?.place ?? { next: 0, cursors: {} };
		const cursors = isOwn && kept ? await cursorsAt(own, streams, next) : known;
		const start = { from: next, cursors, resolvesAll: selection.includesLinks };
		const reader = new Reader(reads, head, streams, start);
		const sieve = new Sieve(selection, id);
		return new Replay(name, script, reader, sieve, { next, cursors }, signal);
	}

	/** Where it is. */
	get tag(): string {
		return tagOf(this.#place, this.#isAll);
	}

	/** Whether it has come to all there is. */
	get isOver(): boolean {
		return this.#isOver;
	}

	get next(): number {
		return this.#place.next;
	}

	/**
	 * Runs all events before a position.
	 * @returns what the script did wrong on its way there: then it comes no further
	 * @throws Refusal `replay-too-long`, and as a read
	 */
	async to(before: number): Promise<Fault | undefined> {
		while (this.#place.next < before) {
			const events = await this.#readSome(before, BATCH);
			if (events === undefined) return undefined;
			const { fault } = await this.#script.run(events);
			if (fault) return fault;
		}
		return undefined;
	}

	/**
	 * Runs events on, one by one.
	 * @param count how many a handler is to see at most
	 */
	async step(count: number): Promise<{ events: readonly ScriptEvent[]; outcome: Outcome }> {
		for (;;) {
			const events = await this.#readSome(Number.POSITIVE_INFINITY, count);
			const ran = events ?? [];
			const options = { trace: true, results: "each" } as const;
			if (events && ran.length === 0) continue;
			return { events: ran, outcome: await this.#script.run(ran, options) };
		}
	}

	async look(
		partition: string,
	): Promise<{ state: string | undefined; result: string | undefined }> {
		return this.#script.look(partition);
	}

	close(): Promise<void> {
		return this.#script.close();
	}

	/** @returns undefined if nothing is left before that position */
	async #readSome(before: number, limit: number): Promise<ScriptEvent[] | undefined> {
		this.#signal.throwIfAborted();
		if (this.#left.length === 0) {
			const { found, next, isAtHead } = await this.#reader.read(BATCH);
			this.#left.push(...found);
			this.#behind = { next, cursors: this.#reader.cursors() };
			this.#isAtHead = isAtHead;
			if (isAtHead && found.length === 0) {
				this.#place = this.#behind;
				return undefined;
			}
			this.#count(found.length);
		}
		const end = this.#left.findIndex(({ position }) => position >= before);
		const wanted = this.#left.splice(0, end < 0 ? limit : Math.min(end, limit));
		const first = this.#left[0]?.position;
		this.#place = first === undefined ? this.#behind : { ...this.#behind, next: first };
		this.#isOver = first === undefined && this.#isAtHead;
		// Others have their turn in between.
		await setImmediate();
		return wanted.length === 0 && end >= 0 ? undefined : eventsFor(this.#sieve, wanted);
	}

	/** @throws Refusal `replay-too-long` */
	#count(read: number): void {
		this.#read += read;
		const seconds = (performance.now() - this.#started) / 1000;
		if (this.#read <= EVENTS_MAX && seconds <= SECONDS_MAX) return;
		throw new Refusal("replay-too-long", {
			projection: this.#name,
			eventsMax: EVENTS_MAX,
			seconds: SECONDS_MAX,
		});
	}
}

function streamsOfOne(
	selection: ReturnType<typeof selectionOf>,
	partition: string,
): readonly StreamName[] {
	const { isAll, categories, streams, hearsOfDeletes } = selection;
	const isRead = isAll || categories.includes(categoryOf(partition)) || streams.includes(partition);
	// Links may bring events of any stream into one that is read by its name.
	if (!isRead || (!isAll && categories.length === 0)) return streamsOf(selection);
	return (hearsOfDeletes ? [partition, `$$${partition}`] : [partition]) as StreamName[];
}
