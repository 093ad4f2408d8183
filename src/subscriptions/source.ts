/** Reads what a subscription delivers: its stream, or its parked messages. */
import { isBookkeeping } from "../bookkeeping.ts";
import { isRefusal } from "../errors.ts";
import { ALL, type StreamName } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import { LINK_TYPE, linkAt, targetOf } from "../indexes/links.ts";
import type { Log, StreamEntry } from "../log/log.ts";
import { createFilter, type Filter } from "../pages/filter.ts";
import { isFault, type Path, parsePath } from "../searching/path.ts";
import { PAUSE, valuesAt } from "../searching/values.ts";
import { parkedStream, type SubscriptionName } from "./names.ts";
import type { Settings } from "./settings.ts";
import type { FoundMessage, Message, Origin } from "./steps/message.ts";

export type Found = {
	readonly messages: readonly FoundMessage[];
	/** The entries of the messages, if they were read with their content. */
	readonly entries: readonly StreamEntry[];
	/** The first number that was not looked at. */
	readonly next: number;
	/** True if the stream has nothing behind `next` yet. */
	readonly atHead: boolean;
	/** Events that were passed over, beside those that the server writes for itself. */
	readonly passed: number;
};

/** An entry of the stream, with the message that it is delivered as. */
export type DeliveredEntry = { readonly message: Message; readonly entry: StreamEntry };

const CORRELATION = parsePath("$['$correlationId']") as Path;
/** The content of a batch is read in parts of at most so many entries. */
const PART = 100;

const NOTHING_KNOWN: ReadonlyMap<number, StreamEntry> = new Map();
const NONE = { messages: [], entries: [], atHead: true, passed: 0 } as const;

type Range = { readonly from: number; readonly limit: number; readonly content: boolean };
type KeyOf = (entry: StreamEntry) => string;

export class Source {
	readonly #log: Log;
	readonly #name: SubscriptionName;
	readonly #settings: Settings;
	readonly #filter: Filter | undefined;
	readonly #keyOf: KeyOf;
	readonly #needsContent: boolean;

	constructor(log: Log, name: SubscriptionName, settings: Settings) {
		this.#log = log;
		this.#name = name;
		this.#settings = settings;
		const { filter } = settings;
		this.#filter = filter && createFilter(filter, false);
		this.#keyOf = keysOf(settings);
		this.#needsContent = readsContent(settings);
	}

	/** The stream that messages of an origin are entries of. */
	streamOf(origin: Origin): StreamName {
		return origin === "source" ? this.#name.stream : parkedStream(this.#name);
	}

	/**
	 * Reads a range of the source and finds the messages in it.
	 * @param content whether to read it: for those that are delivered at once
	 * @param wanted whether a number is to be delivered: not, if an earlier server saw it settled
	 * @throws Refusal as `Log.read`, except `stream-deleted`: nothing is left to be delivered
	 */
	async find({ from, limit, content }: Range, wanted: (number: number) => boolean): Promise<Found> {
		const { stream } = this.#name;
		const range = {
			stream,
			from,
			limit,
			direction: "forward",
			content: content || this.#needsContent,
		} as const;
		const read = this.#log.read({ ...range, resolve: this.#settings.resolveLinktos });
		const slice = await untilDeleted(read).catch((error: unknown) => {
			if (!isRefusal(error, "page-too-large") || limit === 1) throw error;
			return "halve" as const;
		});
		if (slice === "halve") return this.find({ from, limit: limit >> 1, content }, wanted);
		if (slice === undefined) return { ...NONE, next: from };
		const { entries, last, retention, gap } = slice;
		// A resolved link stands where the link is: one of a parked stream leads to any event.
		const isOwn = ({ event, link }: StreamEntry) => !isBookkeeping((link ?? event).stream);
		const own = stream === ALL ? entries.filter(isOwn) : entries;
		const fitting = this.#filter ? this.#filter(own) : own;
		const open = fitting.filter(({ version, unresolved }) => {
			return unresolved === undefined && wanted(version);
		});
		const messages = open.map((entry) => this.#messageOf(entry));
		const end = Math.min(from + limit, last + 1);
		const next = Math.max(from, end, retention?.first ?? 0, (gap?.last ?? -1) + 1);
		const found = { messages, entries: content ? open : [], next, atHead: next > last };
		return { ...found, passed: own.length - messages.length };
	}

	/** Reads a range of the parked messages, as `find`. */
	async findParked(from: number, before: number): Promise<Found> {
		const stream = this.streamOf("parked");
		const limit = Math.min(PART, before - from);
		const range = {
			stream,
			from,
			limit,
			direction: "forward",
			content: this.#needsContent,
		} as const;
		const slice = await untilDeleted(this.#log.read({ ...range, resolve: true }));
		if (slice === undefined) return { ...NONE, next: before };
		const messages = slice.entries
			.filter(({ unresolved }) => unresolved === undefined)
			.map((entry) => ({
				number: entry.version,
				id: (entry.link ?? entry.event).id,
				key: this.#keyOf(entry),
			}));
		const next = Math.max(from + limit, slice.retention?.first ?? 0);
		const atHead = next >= before || next > slice.last;
		return { messages, entries: [], next, atHead, passed: 0 };
	}

	/**
	 * Reads the entries of messages, with their content, as far as a bound of bytes allows; one in
	 * any case.
	 * @param known entries of the source, by number, that were read a moment ago
	 * @returns those that are still shown, and those that it did not come to
	 */
	async entriesOf(
		messages: readonly Message[],
		bytesMax = Infinity,
		known: ReadonlyMap<number, StreamEntry> = NOTHING_KNOWN,
	): Promise<{ found: DeliveredEntry[]; left: readonly Message[] }> {
		const found: DeliveredEntry[] = [];
		let bytes = 0;
		for (let at = 0; at < messages.length; ) {
			const first = messages[at] as Message;
			const entry = first.origin === "source" ? known.get(first.number) : undefined;
			const run = entry ? [first] : runAt(messages, at);
			for (const each of entry ? [{ message: first, entry }] : await this.#readRun(run)) {
				bytes += each.entry.event.data.length + each.entry.event.metadata.length;
				const { message } = each;
				if (bytes > bytesMax && found.length > 0) {
					return { found, left: messages.slice(messages.indexOf(message)) };
				}
				found.push(each);
			}
			at += run.length;
		}
		return { found, left: [] };
	}

	async #readRun(run: readonly Message[]): Promise<DeliveredEntry[]> {
		const [first] = run;
		if (!first) return [];
		const { origin, number } = first;
		const resolve = origin === "source" ? this.#settings.resolveLinktos : true;
		const stream = this.streamOf(origin);
		const range = { stream, from: number, limit: run.length, direction: "forward" } as const;
		try {
			const slice = await untilDeleted(this.#log.read({ ...range, content: true, resolve }));
			const byNumber = new Map(slice?.entries.map((entry) => [entry.version as number, entry]));
			return run.flatMap((message) => {
				const entry = byNumber.get(message.number);
				return entry && !entry.unresolved ? [{ message, entry }] : [];
			});
		} catch (error) {
			if (!isRefusal(error, "page-too-large") || run.length === 1) throw error;
			const half = run.length >> 1;
			const [one, other] = [run.slice(0, half), run.slice(half)];
			return [...(await this.#readRun(one)), ...(await this.#readRun(other))];
		}
	}

	#messageOf(entry: StreamEntry): FoundMessage {
		return { number: entry.version, id: idOf(this.#name.stream, entry), key: this.#keyOf(entry) };
	}
}

/**
 * The id of an entry: of the event, or of the link that leads to it. Two streams may have one id,
 * so in `$all` it names the position.
 */
function idOf(stream: StreamName, { version, event, link }: StreamEntry): string {
	if (stream === ALL) return `00000000-0000-8000-8000-${version.toString(16).padStart(12, "0")}`;
	if (isIndexStream(stream) && event.stream !== stream) return linkAt(stream, version, event).id;
	return (link ?? event).id;
}

/** The messages from a place on that follow each other in one stream. */
function runAt(messages: readonly Message[], at: number): readonly Message[] {
	const first = messages[at] as Message;
	let end = at + 1;
	for (; end < messages.length && end - at < PART; end++) {
		const { origin, number } = messages[end] as Message;
		if (origin !== first.origin || number !== first.number + end - at) break;
	}
	return messages.slice(at, end);
}

function readsContent({ namedConsumerStrategy: strategy, orderedBy }: Settings): boolean {
	if (strategy === "PinnedByCorrelation") return true;
	return strategy === "OrderedByKey" && orderedBy !== "stream";
}

function keysOf({ namedConsumerStrategy: strategy, orderedBy }: Settings): KeyOf {
	if (strategy === "PinnedByCorrelation") {
		return (entry) => textAt(entry.event.metadata, CORRELATION) ?? streamKeyOf(entry);
	}
	if (strategy === "OrderedByKey" && orderedBy !== "stream") {
		const path = parsePath(orderedBy);
		// The settings were checked when they were made.
		if (isFault(path)) return streamKeyOf;
		return ({ event }) => textAt(event.data, path) ?? "";
	}
	return strategy === "Pinned" || strategy === "OrderedByKey" ? streamKeyOf : () => "";
}

/** The stream of the event, also if a link to it is delivered. */
function streamKeyOf({ event }: StreamEntry): string {
	return (event.type === LINK_TYPE ? targetOf(event.data)?.stream : undefined) ?? event.stream;
}

/** The first value at a path that is text or a number. */
function textAt(bytes: Uint8Array, path: Path): string | undefined {
	for (const value of valuesAt(bytes, path)) {
		if (value !== PAUSE && (value.kind === "string" || value.kind === "number")) return value.text;
	}
	return undefined;
}

async function untilDeleted<T>(read: Promise<T>): Promise<T | undefined> {
	try {
		return await read;
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return undefined;
		throw error;
	}
}
