/**
 * Keeps how far a projection is, and its states, in one stream, step by step:
 *
 *     $PartitionState …  $PartitionState  $ProjectionCheckpoint
 *     what has changed since the last step   how far that is
 *
 * States count from the checkpoint of their step on; those of a step that was cut short never do.
 * The newest state of each partition counts. When most of what the stream shows is older than that,
 * each step also writes the oldest states that count again, and the stream hides what is before
 * them. So a start reads little more than what counts.
 */
import { randomBytes } from "node:crypto";
import { isRefusal } from "../../errors.ts";
import type { NewEvent, StreamName } from "../../event.ts";
import type { StreamEntry } from "../../log/log.ts";
import { isJsonObject, parseObject } from "../json.ts";
import {
	type Checkpoint,
	checkPartitions,
	type Keeper,
	type StateText,
	Superseded,
} from "./keeper.ts";
import { NameOrder } from "./order.ts";
import { jsonEvent, type OwnLog } from "./own-log.ts";

const STATE = "$PartitionState";
const CHECKPOINT = "$ProjectionCheckpoint";
const PAGE = 500;
/** A step writes so many states again that did not change. */
const REWRITTEN_MAX = 200;
/** So many of the newest events are kept in any case: a look at the past begins with them. */
const PAST = 1000;
/** So much more than twice what counts may stand in the stream. */
const SPARE = 1000 + 2 * PAST;
/** One append holds up others no longer than so many events, or bytes, take. */
const APPEND_EVENTS = 500;
const APPEND_BYTES = 1024 * 1024;

export class Checkpoints implements Keeper {
	readonly #own: OwnLog;
	readonly #stream: StreamName;
	/** What a step of this projection and this epoch says in its metadata. */
	readonly #mark: string;
	/** The version of each state that counts, the oldest first. */
	readonly #versions = new Map<string, number>();
	readonly #order = new NameOrder();
	/** The states of a step whose checkpoint was not read yet. */
	readonly #unfinished = new Map<string, number>();
	#step = "";
	#checkpoint: Checkpoint | undefined;
	#last = -1;
	#hiddenBefore = 0;

	/** @param mark `<id>:<epoch>`; what others have written counts for nothing */
	constructor(own: OwnLog, stream: StreamName, mark: string) {
		this.#own = own;
		this.#stream = stream;
		this.#mark = `${mark}:`;
	}

	get checkpoint(): Checkpoint | undefined {
		return this.#checkpoint;
	}

	get size(): number {
		return this.#versions.size;
	}

	partitions(): Iterable<string> {
		return this.#versions.keys();
	}

	ordered(): Promise<readonly string[]> {
		return this.#order.names(() => this.#versions.keys());
	}

	async load(before = Number.POSITIVE_INFINITY): Promise<void> {
		for (let next = this.#last + 1; ; next = this.#last + 1) {
			const slice = await this.#own.read(this.#stream, next, PAGE);
			if (slice === undefined) return;
			// Somebody else has come further meanwhile: what is behind it must not count again.
			if (next !== this.#last + 1) continue;
			for (const entry of slice.entries) if (!this.#takeIn(entry, before)) return;
			this.#hiddenBefore = Math.max(this.#hiddenBefore, slice.retention?.first ?? 0);
			const end = Math.min(next + PAGE - 1, slice.last);
			this.#last = Math.max(this.#last, end, Math.min(this.#hiddenBefore - 1, slice.last));
			if (this.#last >= slice.last) return;
		}
	}

	async state(partition: string): Promise<StateText | undefined> {
		const version = this.#versions.get(partition);
		if (version === undefined) return undefined;
		const slice = await this.#own.read(this.#stream, version, 1);
		const entry = slice?.entries.find((each) => each.version === version);
		return entry && stateIn(entry.event.data)?.text;
	}

	async save(checkpoint: Checkpoint, changed: ReadonlyMap<string, StateText>): Promise<void> {
		const states = [...(await this.#toRewrite(changed)), ...changed];
		const mark = `{"$v":"${this.#mark}${randomBytes(6).toString("hex")}"`;
		const events = states.map(([partition, text]) =>
			event(STATE, dataOf(partition, text), `${mark}}`),
		);
		const place = checkpoint.tag.slice(1);
		const partitions = this.#countWith(changed);
		const data = JSON.stringify({ ...checkpoint, partitions });
		events.push(event(CHECKPOINT, data, `${mark},${place}`));
		const first = this.#last + 1;
		for (const part of partsOf(events)) await this.#append(part);
		const shift = this.#last + 1 - events.length - first;
		for (const [index, [partition]] of states.entries()) {
			this.#note(partition, first + shift + index);
		}
		checkPartitions(this.#versions.size);
		this.#checkpoint = checkpoint;
		await this.#hideOld();
	}

	async clear(): Promise<void> {
		await this.#own.hide(this.#stream);
		this.#versions.clear();
		this.#order.clear();
		this.#checkpoint = undefined;
		this.#last = -1;
	}

	#countWith(changed: ReadonlyMap<string, unknown>): number {
		let count = this.#versions.size;
		for (const partition of changed.keys()) if (!this.#versions.has(partition)) count++;
		return count;
	}

	async #append(events: readonly NewEvent[]): Promise<void> {
		// A stream that is hidden shows no number, though its numbers go on.
		const expected = this.#last < 0 ? "any" : this.#last;
		try {
			const { first } = await this.#own.append(this.#stream, events, expected);
			this.#last = first + events.length - 1;
		} catch (error) {
			if (isRefusal(error, "wrong-expected-version")) throw new Superseded();
			throw error;
		}
	}

	async #toRewrite(changed: ReadonlyMap<string, StateText>): Promise<[string, StateText][]> {
		const shown = this.#last + 1 - this.#hiddenBefore;
		if (shown < 2 * this.#versions.size + SPARE) return [];
		const again: [string, StateText][] = [];
		for (const partition of this.#versions.keys()) {
			if (again.length >= REWRITTEN_MAX) break;
			if (changed.has(partition)) continue;
			const text = await this.state(partition);
			if (text) again.push([partition, text]);
		}
		return again;
	}

	async #hideOld(): Promise<void> {
		const [counts = this.#last] = this.#versions.values();
		const oldest = Math.min(counts, this.#last - PAST);
		const shown = this.#last + 1 - this.#hiddenBefore;
		if (oldest - this.#hiddenBefore < Math.max(PAST, shown / 4)) return;
		await this.#own.describe(this.#stream, { $tb: oldest });
		this.#hiddenBefore = oldest;
	}

	/** @returns false if the entry ends a step beyond a position, which does not count */
	#takeIn({ event: { type, data, metadata }, version }: StreamEntry, before: number): boolean {
		const step = parseObject(metadata)?.$v;
		if (typeof step !== "string" || !step.startsWith(this.#mark)) return true;
		if (step !== this.#step) this.#unfinished.clear();
		this.#step = step;
		if (type === STATE) {
			const found = stateIn(data);
			if (found) this.#unfinished.set(found.partition, version);
		}
		const checkpoint = type === CHECKPOINT ? checkpointIn(data) : undefined;
		if (checkpoint === undefined) return true;
		if (checkpoint.next > before) return false;
		for (const [partition, at] of this.#unfinished) this.#note(partition, at);
		this.#unfinished.clear();
		this.#checkpoint = checkpoint;
		return true;
	}

	#note(partition: string, version: number): void {
		// At the end of the map: it is in the order of versions.
		if (!this.#versions.delete(partition)) this.#order.add(partition);
		this.#versions.set(partition, version);
	}
}

function* partsOf(events: readonly NewEvent[]): Iterable<readonly NewEvent[]> {
	let part: NewEvent[] = [];
	let bytes = 0;
	for (const one of events) {
		if (part.length >= APPEND_EVENTS || (part.length > 0 && bytes >= APPEND_BYTES)) {
			yield part;
			part = [];
			bytes = 0;
		}
		part.push(one);
		bytes += one.data.length;
	}
	yield part;
}

function event(type: string, data: string, metadata: string): NewEvent {
	return { ...jsonEvent(type, {}), data: Buffer.from(data), metadata: Buffer.from(metadata) };
}

/** The texts are kept as they are: what JSON does to numbers and names must not change a byte. */
function dataOf(partition: string, { state, result }: StateText): string {
	return JSON.stringify({ partition, state, result });
}

function stateIn(data: Uint8Array): { partition: string; text: StateText } | undefined {
	const { partition, state, result } = parseObject(data) ?? {};
	if (typeof partition !== "string" || typeof state !== "string") return undefined;
	return { partition, text: { state, result: typeof result === "string" ? result : undefined } };
}

function checkpointIn(data: Uint8Array): Checkpoint | undefined {
	const { next, tag, cursors, handled, isCompleted, shared, ...made } = parseObject(data) ?? {};
	if (!Number.isSafeInteger(next) || typeof tag !== "string") return undefined;
	const known = Object.entries(isJsonObject(cursors) ? cursors : {}).filter(([, at]) =>
		Number.isSafeInteger(at),
	);
	return {
		next: next as number,
		tag,
		cursors: Object.fromEntries(known) as { [stream: string]: number },
		handled: Number.isSafeInteger(handled) ? (handled as number) : 0,
		isCompleted: isCompleted === true,
		shared: typeof shared === "string" ? shared : undefined,
		origin: typeof made.origin === "string" ? made.origin : undefined,
		partitions: Number.isSafeInteger(made.partitions) ? (made.partitions as number) : undefined,
	};
}
