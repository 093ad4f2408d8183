/**
 * The log keeps subscriptions as events, so that they are backed up, verified and seen like
 * any other:
 *
 *     $persistentSubscriptionConfig                 $SubscriptionConfigured, $SubscriptionDeleted
 *     $persistentsubscription-<s>::<g>-checkpoint   $SubscriptionCheckpoint; the newest counts
 *     $persistentsubscription-<s>::<g>-parked       $> 7@order-42, and why in its metadata
 */
import { randomUUID } from "node:crypto";
import { isRefusal } from "../../errors.ts";
import type { NewEvent, StreamName } from "../../event.ts";
import { LINK_TYPE, targetOf } from "../../indexes/links.ts";
import type { Log } from "../../log/log.ts";
import { metadataStream } from "../../retention/window.ts";
import { isJsonObject, parseObject } from "../json.ts";
import {
	checkpointStream,
	keyOf,
	parkedStream,
	SETTINGS_STREAM,
	type SubscriptionName,
} from "../names.ts";
import { parseSettings, type Settings } from "../settings.ts";
import type { DeliveredEntry } from "../source.ts";
import { type Checkpoint, firstOpen, type Span } from "../steps/checkpoint.ts";

export type Configured = {
	readonly name: SubscriptionName;
	readonly settings: Settings;
	/** The first number of its stream, fixed when it was created. */
	readonly start: number;
};

export type Parked = DeliveredEntry & { readonly reason: string };

const CONFIGURED = "$SubscriptionConfigured";
const DELETED = "$SubscriptionDeleted";
const CHECKPOINT = "$SubscriptionCheckpoint";
const PAGE = 500;
const NOTHING = new Uint8Array(0);
const NEWEST_ONLY = Buffer.from('{"$maxCount":1}');

export class SubscriptionStore {
	readonly #log: Log;

	constructor(log: Log) {
		this.#log = log;
	}

	/**
	 * Takes in what was written since the last call.
	 * @param all the subscriptions by `keyOf`, as of before
	 * @param from the first number to read
	 * @returns the number to read from next time
	 */
	async takeIn(all: Map<string, Configured>, from: number): Promise<number> {
		for (let next = from; ; next += PAGE) {
			const slice = await this.#read(SETTINGS_STREAM, next, PAGE);
			for (const { event } of slice?.entries ?? []) takeIn(all, event);
			if (!slice || next + PAGE > slice.last) return Math.max(from, (slice?.last ?? -1) + 1);
		}
	}

	async configure({ name, settings, start }: Configured): Promise<void> {
		const facts = { stream: name.stream, group: name.group, start, settings };
		await this.#append(SETTINGS_STREAM, [json(CONFIGURED, facts)]);
	}

	/** Writes that a subscription is no more. */
	async remove(name: SubscriptionName): Promise<void> {
		await this.#append(SETTINGS_STREAM, [json(DELETED, name)]);
	}

	/** Hides what a subscription has written. */
	async hideStreams(name: SubscriptionName): Promise<void> {
		for (const stream of [checkpointStream(name), parkedStream(name)]) {
			if ((await this.lastOf(stream)) < 0) continue;
			await this.#log.delete({ stream, expected: "any", hard: false });
		}
	}

	/** @returns undefined if there is none yet */
	async checkpoint(name: SubscriptionName): Promise<Checkpoint | undefined> {
		const slice = await this.#read(checkpointStream(name), "head", 1);
		const [newest] = slice?.entries ?? [];
		return newest && checkpointIn(newest.event.data);
	}

	async saveCheckpoint(name: SubscriptionName, at: Checkpoint): Promise<void> {
		const stream = checkpointStream(name);
		const isFirst = (await this.lastOf(stream)) < 0;
		await this.#append(stream, [json(CHECKPOINT, { checkpoint: firstOpen(at) - 1, ...at })]);
		if (isFirst) await this.#describe(stream, NEWEST_ONLY);
	}

	/** Writes links to events into the parked stream, in one append. */
	async park(name: SubscriptionName, parked: readonly Parked[]): Promise<void> {
		const added = new Date().toISOString();
		const links = parked.map(({ message, entry, reason }) => {
			const facts = { added, reason, subscriptionEventNumber: message.number };
			const metadata = Buffer.from(JSON.stringify(facts));
			return { id: randomUUID(), type: LINK_TYPE, isJson: false, data: linkTo(entry), metadata };
		});
		await this.#append(parkedStream(name), links);
	}

	/** The parked messages that are shown: from the first number to before the second. */
	async parkedRange(name: SubscriptionName): Promise<{ first: number; before: number }> {
		const slice = await this.#read(parkedStream(name), 0, 1);
		if (!slice || slice.last < 0) return { first: 0, before: 0 };
		return { first: slice.retention?.first ?? 0, before: slice.last + 1 };
	}

	/** Hides the parked messages below a number: they were delivered again, and handled. */
	truncateParked(name: SubscriptionName, before: number): Promise<void> {
		return this.#describe(parkedStream(name), Buffer.from(JSON.stringify({ $tb: before })));
	}

	/** The last number of a stream that it shows; -1 for none. */
	async lastOf(stream: StreamName): Promise<number> {
		try {
			return await this.#log.last(stream);
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) return -1;
			throw error;
		}
	}

	async #read(stream: StreamName, from: number | "head", limit: number) {
		const direction = from === "head" ? "backward" : "forward";
		try {
			const range = { stream, from, limit, direction, content: true, resolve: false } as const;
			return await this.#log.read(range);
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) return undefined;
			throw error;
		}
	}

	async #describe(stream: StreamName, data: Uint8Array): Promise<void> {
		const event = { id: randomUUID(), type: "$metadata", isJson: true, data, metadata: NOTHING };
		await this.#append(metadataStream(stream), [event]);
	}

	async #append(stream: StreamName, events: readonly NewEvent[]): Promise<void> {
		await this.#log.append({ stream, expected: "any", events });
	}
}

/** Leads to the event itself: a link to a link would show the link. */
function linkTo({ event, link }: DeliveredEntry["entry"]): Uint8Array {
	if (event.type === LINK_TYPE && link === undefined && targetOf(event.data)) return event.data;
	return Buffer.from(`${event.version}@${event.stream}`);
}

function json(type: string, facts: object): NewEvent {
	const data = Buffer.from(JSON.stringify(facts));
	return { id: randomUUID(), type, isJson: true, data, metadata: NOTHING };
}

/** Whoever may write to the stream may have written anything: what makes no sense is ignored. */
function takeIn(
	all: Map<string, Configured>,
	{ type, data }: Pick<NewEvent, "type" | "data">,
): void {
	const { stream, group, start, settings } = parseObject(data) ?? {};
	if (typeof stream !== "string" || typeof group !== "string") return;
	const name = { stream: stream as StreamName, group };
	if (type === DELETED) all.delete(keyOf(name));
	if (type !== CONFIGURED || typeof start !== "number" || !isJsonObject(settings)) return;
	try {
		all.set(keyOf(name), { name, settings: parseSettings(settings), start });
	} catch (error) {
		if (!isRefusal(error)) throw error;
	}
}

function checkpointIn(data: Uint8Array): Checkpoint | undefined {
	const { next, open } = parseObject(data) ?? {};
	if (!Number.isSafeInteger(next) || !Array.isArray(open)) return undefined;
	const spans = open.filter(
		(span): span is Span =>
			Array.isArray(span) && span.length === 2 && span.every((end) => Number.isSafeInteger(end)),
	);
	return { next: next as number, open: spans };
}
