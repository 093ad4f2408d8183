/**
 * Which of the parked messages are still there, as the metadata of their stream has it:
 *
 *     {"$tb": 4, "discarded": [[6, 6], [8, 9]]}      of 0 … 11, these are there: 4 5 7 10 11
 *
 * `$tb` hides those before the first one. Those that were discarded behind it stay in the pages of
 * the stream, as no event of a stream can be hidden alone, but count as gone.
 */
import { randomUUID } from "node:crypto";
import { isRefusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import type { Log } from "../../log/log.ts";
import { metadataStream } from "../../retention/window.ts";
import { type JsonObject, parseObject } from "../json.ts";
import { parkedStream, type SubscriptionName } from "../names.ts";
import { type Span, spansIn, union, within } from "../steps/spans.ts";

export type ParkedRange = {
	/** The first that the stream shows. */
	readonly first: number;
	/** Behind the last. */
	readonly before: number;
	readonly discarded: readonly Span[];
};

/** What is hidden or discarded from now on; nothing that was is undone. */
export type Gone = { readonly truncateBefore: number; readonly discarded: readonly Span[] };

/** Others write this metadata, too: so often a write is tried again, on theirs. */
const TRIES = 5;
const NOTHING = new Uint8Array(0);

export async function readParkedRange(log: Log, name: SubscriptionName): Promise<ParkedRange> {
	const stream = parkedStream(name);
	const range = { stream, from: 0, limit: 1, direction: "forward" } as const;
	const slice = await readOf(log, { ...range, content: false });
	if (!slice || slice.last < 0) return { first: 0, before: 0, discarded: [] };
	const before = slice.last + 1;
	const first = Math.min(slice.retention?.first ?? 0, before);
	const { document } = await metadataOf(log, stream);
	const discarded = union(within(spansIn(document.discarded), first, before), []);
	return { first, before, discarded };
}

/** @throws Refusal as an append */
export async function hideParked(
	log: Log,
	name: SubscriptionName,
	{ truncateBefore, discarded }: Gone,
): Promise<void> {
	const stream = parkedStream(name);
	for (let tries = 1; ; tries++) {
		const { document, version } = await metadataOf(log, stream);
		const known = typeof document.$tb === "number" ? document.$tb : 0;
		const $tb = Math.max(known, truncateBefore);
		const all = union(spansIn(document.discarded), discarded);
		const { discarded: _, ...others } = document;
		const rest = within(all, $tb, Infinity);
		const next = { ...others, $tb, ...(rest.length > 0 ? { discarded: rest } : {}) };
		const data = Buffer.from(JSON.stringify(next));
		const event = { id: randomUUID(), type: "$metadata", isJson: true, data, metadata: NOTHING };
		const expected = version < 0 ? "no-stream" : version;
		try {
			await log.append({ stream: metadataStream(stream), expected, events: [event] });
			return;
		} catch (error) {
			if (!isRefusal(error, "wrong-expected-version") || tries === TRIES) throw error;
		}
	}
}

type Metadata = { readonly document: JsonObject; readonly version: number };

/** The metadata of a stream as it is written; its version is -1 if there is none. */
export async function metadataOf(log: Log, stream: StreamName): Promise<Metadata> {
	const range = { stream: metadataStream(stream), from: "head", limit: 1 } as const;
	const slice = await readOf(log, { ...range, direction: "backward", content: true });
	const [newest] = slice?.entries ?? [];
	const document = (newest && parseObject(newest.event.data)) ?? {};
	return { document, version: slice?.last ?? -1 };
}

type Read = Omit<Parameters<Log["read"]>[0], "resolve">;

async function readOf(log: Log, range: Read) {
	try {
		return await log.read({ ...range, resolve: false });
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return undefined;
		throw error;
	}
}
