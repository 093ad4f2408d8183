/**
 * Many streams at once, each in order: a lane for each stream together with its metadata, and one
 * request of a lane in flight at a time. With one connection, all lines are in one lane, so their
 * order is kept across streams.
 *
 *   lines ──▶ lane a: a7 a8 a9 ──▶ [a5 a6] in flight
 *             lane b: b3       ──▶ waits its turn for a connection
 *             lane c:          ──▶ [c0] in flight
 *
 * Events that queue up in a lane during a request travel together in the next one, so a busy stream
 * costs no more requests than a quiet one. The number and the bytes of waiting events are limited;
 * `room` says when to go on.
 */
import type { StreamName } from "../../event.ts";
import { describedStream } from "../../retention/window.ts";
import type { Connection } from "./connection.ts";
import { deliver, type Target } from "./deliver.ts";
import type { Item } from "./event.ts";
import { Tally } from "./tally.ts";

/** The limits of one append: small enough to be read and committed in one step. */
const BATCH_EVENTS_MAX = 100;
const BATCH_BYTES_MAX = 256 * 1024;
/** The limits of waiting events: enough to keep every connection busy, in any order of streams. */
const WAITING_EVENTS_MAX = 4096;
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

type Sent = { readonly stream: string; readonly item: Item };
type Lane = { readonly name: string; waiting: Sent[]; busy: boolean };

export class Lanes {
	readonly #target: Target;
	readonly #idle: Connection[];
	readonly #inFlightMax: number;
	readonly #lanes = new Map<string, Lane>();
	/** Lanes with something to send and nothing in flight, in the order they became so. */
	#ready = new Set<Lane>();
	#waitingEvents = 0;
	#waitingBytes = 0;
	#failure: Error | undefined;
	#changed: (() => void) | undefined;

	/** What the server has acknowledged. */
	readonly done = new Tally();

	constructor(target: Target, connections: readonly Connection[]) {
		this.#target = target;
		target.stop.signal.addEventListener("abort", () => this.#changed?.());
		this.#idle = [...connections];
		this.#inFlightMax = connections.length;
	}

	/** Takes the next event of a stream. The caller checks before that there is room. */
	push(stream: string, item: Item): void {
		// A delete is metadata, and what follows it in the stream has to find it.
		const name = this.#inFlightMax === 1 ? "" : (describedStream(stream as StreamName) ?? stream);
		let lane = this.#lanes.get(name);
		if (!lane) {
			lane = { name, waiting: [], busy: false };
			this.#lanes.set(name, lane);
		}
		lane.waiting.push({ stream, item });
		this.#waitingEvents++;
		this.#waitingBytes += item.body.length;
		if (!lane.busy) this.#ready.add(lane);
		this.#dispatch();
	}

	get full(): boolean {
		return this.#waitingEvents >= WAITING_EVENTS_MAX || this.#waitingBytes >= WAITING_BYTES_MAX;
	}

	/** Whether nothing more will be sent, because the caller stopped it or a request failed. */
	get stopped(): boolean {
		return this.#target.stop.signal.aborted;
	}

	/** Resolves when there is room for another event, or after a stop. */
	async room(): Promise<void> {
		while (this.full && !this.stopped) await this.#change();
	}

	/**
	 * Resolves when everything is delivered; after a stop, when no request is in flight any more.
	 * @throws the first failure
	 */
	async settled(): Promise<void> {
		while (this.#inFlight > 0 || (this.#waitingEvents > 0 && !this.stopped)) await this.#change();
		if (this.#failure) throw this.#failure;
	}

	get #inFlight(): number {
		return this.#inFlightMax - this.#idle.length;
	}

	#dispatch(): void {
		while (!this.stopped && this.#idle.length > 0) {
			const [lane] = this.#ready;
			if (!lane) return;
			const connection = this.#idle.pop() as Connection;
			this.#ready.delete(lane);
			lane.busy = true;
			const [{ stream }] = lane.waiting as [Sent];
			const batch = this.#take(lane);
			deliver(this.#target, connection, this.#pathOf(stream), batch)
				.then(
					({ repeated }) => this.done.delivered(stream, batch.length, repeated),
					(error: Error) => this.#onFailure(error),
				)
				.then(() => this.#release(lane, connection));
		}
	}

	/** The longest run at the front of a lane that fits one request. */
	#take(lane: Lane): Item[] {
		const { waiting } = lane;
		let bytes = 0;
		let count = 0;
		let before: Sent | undefined;
		for (const sent of waiting) {
			const { length } = sent.item.body;
			if (before && !travelsWith(before, sent)) break;
			if (count === BATCH_EVENTS_MAX || (count > 0 && bytes + length > BATCH_BYTES_MAX)) break;
			bytes += length;
			count++;
			before = sent;
		}
		lane.waiting = waiting.slice(count);
		this.#waitingEvents -= count;
		this.#waitingBytes -= bytes;
		return waiting.slice(0, count).map(({ item }) => item);
	}

	#onFailure(error: Error): void {
		// A request that ends because of the stop is not a failure.
		if (this.stopped) return;
		this.#failure = error;
		this.#target.stop.abort();
	}

	#release(lane: Lane, connection: Connection): void {
		lane.busy = false;
		if (lane.waiting.length > 0) this.#ready.add(lane);
		else this.#lanes.delete(lane.name);
		this.#idle.push(connection);
		this.#dispatch();
		this.#changed?.();
	}

	#change(): Promise<void> {
		return new Promise((resolve) => {
			this.#changed = resolve;
		});
	}

	#pathOf(stream: string): string {
		const prefix = this.#target.url.pathname.replace(/\/$/, "");
		return `${prefix}/streams/${encodeURIComponent(stream)}`;
	}
}

/** Whether two events that follow each other in a lane can be in one append. */
function travelsWith(before: Sent, sent: Sent): boolean {
	if (before.item.headers !== undefined || sent.item.headers !== undefined) return false;
	return before.stream === sent.stream;
}
