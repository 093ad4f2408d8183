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
import { lastOf } from "../last.ts";
import {
	checkpointStream,
	keyOf,
	parkedStream,
	SETTINGS_STREAM,
	type SubscriptionName,
} from "../names.ts";
import { parseSettings, type Settings } from "../settings.ts";
import type { DeliveredEntry } from "../source.ts";
import { type Checkpoint, firstOpen } from "../steps/checkpoint.ts";
import { spansIn } from "../steps/spans.ts";
import { metadataOf } from "./parked-stream.ts";

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

export class SubscriptionStore {
	readonly #log: Log;
	/** Checkpoint streams that are known to show their newest event only. */
	readonly #short = new Set<StreamName>();

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
			if ((await lastOf(this.#log, stream)) < 0) continue;
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
		await this.#append(stream, [json(CHECKPOINT, { checkpoint: firstOpen(at) - 1, ...at })]);
		if (this.#short.has(stream)) return;
		await this.#shorten(stream);
		this.#short.add(stream);
	}

	/** Writes links to events into the parked stream, in one append. */
	async park(name: SubscriptionName, parked: readonly Parked[]): Promise<void> {
		const added = new Date().toISOString();
		const links = parked.map(({ message, entry, reason }) => {
			const number = sourceNumberOf({ message, entry }) ?? message.number;
			const facts = { added, reason, subscriptionEventNumber: number };
			const metadata = Buffer.from(JSON.stringify(facts));
			return { id: randomUUID(), type: LINK_TYPE, isJson: false, data: linkTo(entry), metadata };
		});
		await this.#append(parkedStream(name), links);
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

	/** Has the log show the newest event only, unless its metadata has a rule of its own. */
	async #shorten(stream: StreamName): Promise<void> {
		const { document } = await metadataOf(this.#log, stream);
		if (document.$maxCount !== undefined) return;
		await this.#append(metadataStream(stream), [json("$metadata", { ...document, $maxCount: 1 })]);
	}

	async #append(stream: StreamName, events: readonly NewEvent[]): Promise<void> {
		await this.#log.append({ stream, expected: "any", events });
	}
}

/** The number of a message in the source; undefined for one that was parked without it. */
export function sourceNumberOf({ message, entry }: DeliveredEntry): number | undefined {
	if (message.origin === "source") return message.number;
	const { subscriptionEventNumber: number } =
		parseObject((entry.link ?? entry.event).metadata) ?? {};
	return Number.isSafeInteger(number) ? (number as number) : undefined;
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
	return { next: next as number, open: spansIn(open) };
}
