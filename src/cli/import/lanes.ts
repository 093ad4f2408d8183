/**
 * Many streams at once, each in order: a lane per stream, and one request of a lane in flight at a
 * time.
 *
 *   lines ──▶ lane a: a7 a8 a9 ──▶ [a5 a6] in flight
 *             lane b: b3       ──▶ waits its turn for a connection
 *             lane c:          ──▶ [c0] in flight
 *
 * Events that queue up in a lane during a request travel together in the next one, so a busy stream
 * costs no more requests than a quiet one. The number and the bytes of waiting events are limited;
 * `room` says when to go on.
 */
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

type Lane = { readonly stream: string; readonly path: string; waiting: Item[]; busy: boolean };

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
		let lane = this.#lanes.get(stream);
		if (!lane) {
			lane = { stream, path: this.#pathOf(stream), waiting: [], busy: false };
			this.#lanes.set(stream, lane);
		}
		lane.waiting.push(item);
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
			const batch = this.#take(lane);
			deliver(this.#target, connection, lane.path, batch)
				.then(
					({ repeated }) => this.done.delivered(lane.stream, batch.length, repeated),
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
		let before: Item | undefined;
		for (const item of waiting) {
			if (before && !this.#travelsWith(before, item)) break;
			if (count === BATCH_EVENTS_MAX || (count > 0 && bytes + item.body.length > BATCH_BYTES_MAX))
				break;
			bytes += item.body.length;
			count++;
			before = item;
		}
		lane.waiting = count === waiting.length ? [] : waiting.slice(count);
		this.#waitingEvents -= count;
		this.#waitingBytes -= bytes;
		return count === waiting.length ? waiting : waiting.slice(0, count);
	}

	#travelsWith(before: Item, item: Item): boolean {
		if (before.headers !== undefined || item.headers !== undefined) return false;
		// One request at a time keeps the file's order across all streams: nothing may overtake.
		return this.#inFlightMax > 1 || item.line === before.line + 1;
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
		else this.#lanes.delete(lane.stream);
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
