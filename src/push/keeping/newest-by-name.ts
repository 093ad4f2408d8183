/**
 * A stream of ours in which the newest event of each name counts. It would grow for ever, so what
 * still counts among its oldest events is written again at its end, a part at a time, and then
 * `$tb` hides that part:
 *
 *     a0 b1 a2 c3 b4 │ c5'      $tb 4: a2 counts no more, c3 was written again as c5'
 *
 * What is written again says in `as` where it stood, so that readers see it as it was.
 */
import { randomUUID } from "node:crypto";
import { OneAtATime } from "../../accounts/one-at-a-time.ts";
import { appendOwn, closeStream, type OwnEvent } from "../../accounts/own-streams.ts";
import { isRefusal } from "../../errors.ts";
import type { NewEvent, RecordedEvent, StreamName } from "../../event.ts";
import type { Appended, Log, Slice, StreamEntry } from "../../log/log.ts";
import { metadataStream } from "../../retention/window.ts";
import { isJsonObject, parseObject } from "../../subscriptions/json.ts";
import { metadataOf } from "../../subscriptions/keeping/parked-stream.ts";

/** What an event says: which name it is about, and whether that is there from now on. */
export type Said = { readonly name: string; readonly stands: boolean };

/** Who reads the stream. */
export interface Taker {
	/** @returns undefined for an event that says nothing: an admin may have written it */
	take(event: RecordedEvent): Said | undefined;
	/** Everything that was taken is void: all that counts is handed out again. */
	anew(): void;
}

const PAGE = 500;
/** So many events are moved at a time: a megabyte at most. */
const PART = 200;
/** More than this, and than twice what counts, is too much. */
const SPARE = 1000;
const NOTHING = new Uint8Array(0);

export class NewestByName {
	readonly #log: Log;
	readonly #stream: StreamName;
	readonly #taker: Taker;
	readonly #inTurn = new OneAtATime();
	/** By name: the number of the event that counts. */
	readonly #newest = new Map<string, number>();
	/** The first number that was not read. */
	#readTo = 0;
	/** The first number that is shown, as far as it is known. */
	#first = 0;

	constructor(log: Log, stream: StreamName, taker: Taker) {
		this.#log = log;
		this.#stream = stream;
		this.#taker = taker;
	}

	/** Hands out what was written since the last call. @throws Refusal as a read */
	read(): Promise<void> {
		// Of two that read at once, one could hand out an old event behind a new one.
		return this.#inTurn.run(() => this.#read());
	}

	async #read(): Promise<void> {
		for (;;) {
			const slice = await this.#slice(this.#readTo, PAGE);
			const last = slice?.last ?? -1;
			if (slice === undefined || last < 0) return this.#forget(this.#readTo);
			const first = slice.retention?.first ?? 0;
			// What was hidden unread may have ended something that is still known here.
			if (first > this.#readTo) this.#forget(first);
			else {
				for (const entry of slice.entries) this.#take(entry);
				this.#first = Math.max(this.#first, first);
				this.#readTo = Math.max(this.#readTo, Math.min(this.#readTo + PAGE, last + 1));
			}
			if (this.#readTo > last) return;
		}
	}

	/** Writes an event. @throws Refusal as an append */
	async append(event: OwnEvent): Promise<Appended> {
		await closeStream(this.#log, this.#stream);
		return appendOwn(this.#log, this.#stream, event);
	}

	/**
	 * Writes a part of the oldest events again, and hides that part, if the stream has too many. It
	 * can end after any step: what was written twice says the same.
	 * @throws Refusal as an append; `wrong-expected-version` if somebody else writes meanwhile
	 */
	async shorten(): Promise<void> {
		await this.read();
		if (this.#readTo - this.#first <= 2 * this.#newest.size + SPARE) return;
		const before = this.#first + PART;
		const counting = new Set(this.#newest.values());
		const slice = await this.#slice(this.#first, PART);
		const oldest = slice?.entries.filter(({ version }) => version < before) ?? [];
		const again = oldest.filter(({ version }) => counting.has(version)).map(writtenAgain);
		if (again.length > 0) {
			const expected = this.#readTo - 1;
			await this.#log.append({ stream: this.#stream, expected, events: again });
		}
		await this.#hideBefore(before);
		await this.read();
	}

	#forget(first: number): void {
		if (this.#newest.size > 0) this.#taker.anew();
		this.#newest.clear();
		this.#readTo = first;
		this.#first = first;
	}

	#take({ version, event }: StreamEntry): void {
		const said = this.#taker.take(asItStood(event));
		if (said === undefined) return;
		if (said.stands) this.#newest.set(said.name, version);
		else this.#newest.delete(said.name);
	}

	async #hideBefore($tb: number): Promise<void> {
		const { document, version } = await metadataOf(this.#log, this.#stream);
		const data = Buffer.from(JSON.stringify({ ...document, $tb }));
		const event = { id: randomUUID(), type: "$metadata", isJson: true, data, metadata: NOTHING };
		const expected = version < 0 ? "no-stream" : version;
		await this.#log.append({ stream: metadataStream(this.#stream), expected, events: [event] });
		this.#first = Math.max(this.#first, $tb);
	}

	async #slice(from: number, limit: number): Promise<Slice | undefined> {
		const range = { stream: this.#stream, from, limit, direction: "forward" } as const;
		try {
			return await this.#log.read({ ...range, content: true, resolve: false });
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) return undefined;
			throw error;
		}
	}
}

function writtenAgain({ event }: StreamEntry): NewEvent {
	const { version, position, created } = asItStood(event);
	const facts = { ...parseObject(event.data), as: { version, position, created } };
	const data = Buffer.from(JSON.stringify(facts));
	return { id: randomUUID(), type: event.type, isJson: true, data, metadata: NOTHING };
}

/** An event that was written again, as it was at first. */
function asItStood(event: RecordedEvent): RecordedEvent {
	const { as } = parseObject(event.data) ?? {};
	if (!isJsonObject(as)) return event;
	const { version, position, created } = as as Record<string, number>;
	const numbers = [version, position, created];
	if (!numbers.every((one) => Number.isSafeInteger(one))) return event;
	return { ...event, ...({ version, position, created } as typeof event) };
}
