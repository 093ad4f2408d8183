/**
 * The hub: subscribers of feeds, who get new entries without asking. A request changes nothing
 * until its callback was asked whether it wants that. Leases end; so does a subscriber that is
 * gone, or who may not read the stream any more.
 */
import { OneAtATime } from "../../accounts/one-at-a-time.ts";
import { isRefusal, Refusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import type { Deliveries } from "../delivering/deliveries.ts";
import type { Subject } from "../delivering/subject.ts";
import { type Ended, hideLeftovers, type Keeping } from "../keeping/leftovers.ts";
import { NewestByName } from "../keeping/newest-by-name.ts";
import type { Making } from "../running/subject.ts";
import type { Ways } from "../sending/post.ts";
import { readerOf } from "../webhooks/creator.ts";
import type { Creator } from "../webhooks/webhook.ts";
import { confirms, deny } from "./intent.ts";
import { HubLimits } from "./limits.ts";
import { packFeed } from "./message.ts";
import type { HubRequest } from "./request.ts";
import {
	ENDED,
	encodeEnd,
	encodeSubscriber,
	endedIn,
	HUB,
	keyOf,
	nameOf,
	newId,
	SUBSCRIBED,
	type Subscriber,
	subscriptionOf,
	takeIn,
} from "./subscriber.ts";

export type HubParts = {
	readonly making: Making;
	readonly ways: Ways;
	readonly deliveries: Deliveries;
	readonly keeping: Keeping;
	readonly report: (error: unknown) => void;
	/** The URL of the hub, as subscribers see it. */
	readonly hubUrl: () => string;
	/** The number that the next entry of a stream will have. */
	readonly headOf: (stream: StreamName) => Promise<number>;
};

/** What a request is about, after it was checked that its sender may. */
export type Asked = HubRequest & { readonly stream: StreamName; readonly creator: Creator };

/** So many entries at a time; twelve tries take two to three days. */
const RULES: Subject["rules"] = {
	...{ concurrency: 1, batchMax: 20, ratePerSecond: 0, timeoutMs: 15_000 },
	...{ tries: 12, backoffMs: 5000, backoffMsMax: 12 * 60 * 60 * 1000, onLast: "drop" },
};
const SWEEP_MS = 60_000;

export class Hub {
	readonly #parts: HubParts;
	readonly #all = new Map<string, Subscriber>();
	readonly #kept: NewestByName;
	/** Those that ended, and whose streams may be shown still. */
	#ended: Ended[] = [];
	readonly #limits = new HubLimits();
	readonly #inTurn = new OneAtATime();
	readonly #stop = new AbortController();
	readonly #pending = new Set<Promise<void>>();
	/** Callbacks that are told that they were denied. */
	readonly #telling = new Set<Promise<void>>();
	#timer: NodeJS.Timeout | undefined;

	constructor(parts: HubParts) {
		this.#parts = parts;
		this.#kept = new NewestByName(parts.making.log, HUB, {
			take: (event) => {
				const ended = endedIn(event);
				if (ended) this.#ended.push(ended);
				return takeIn(this.#all, event);
			},
			anew: () => this.#all.clear(),
		});
	}

	/** In no order. */
	get subscribers(): readonly Subscriber[] {
		return [...this.#all.values()];
	}

	/** Reads the subscribers, and delivers to them. */
	async start(): Promise<void> {
		await this.#kept.read();
		await this.endLeases(Date.now());
		await this.#hideLeftovers();
		for (const subscriber of this.#all.values()) this.#deliver(subscriber);
		this.#timer = setInterval(() => {
			void this.endLeases(Date.now()).catch(this.#report);
		}, SWEEP_MS);
		this.#timer.unref();
	}

	/**
	 * Begins to ask the callback; what it says counts, not what is answered here.
	 * @throws Refusal `overloaded`, `invalid-stream-name`
	 */
	ask(asked: Asked): void {
		const known = this.#all.get(nameOf(asked));
		// Nothing is asked of a callback in the name of whoever it does not know.
		if (asked.mode === "unsubscribe" && known === undefined) return;
		const callbacks = this.subscribers.map(({ callback }) => callback);
		const now = { pending: this.#pending.size, nowMs: performance.now() };
		this.#limits.check(asked.callback, callbacks, { isKnown: known !== undefined, ...now });
		subscriptionOf({ id: "0".repeat(16), stream: asked.stream });
		const asking = this.#confirm(asked)
			.catch(this.#report)
			.finally(() => this.#pending.delete(asking));
		this.#pending.add(asking);
	}

	/** A target is gone, or its reader may not read any more. */
	async end(key: string, reason: string, isDenied: boolean): Promise<void> {
		const found = this.subscribers.find((one) => keyOf(one) === key);
		if (found && (await this.#end(found, reason)) && isDenied) await this.#deny(found, reason);
	}

	/**
	 * Somebody ends a subscriber. Its callback is told so, and nobody waits for that.
	 * @param reason as the callback gets it
	 * @throws Refusal `subscriber-not-found`, and those of an append
	 */
	async deny(id: string, reason: string): Promise<void> {
		const found = this.subscriberOf(id);
		if (!(await this.#end(found, reason))) throw notFound(id);
		const telling = this.#deny(found, reason)
			.catch(this.#report)
			.finally(() => this.#telling.delete(telling));
		this.#telling.add(telling);
	}

	/** @throws Refusal `subscriber-not-found` */
	subscriberOf(id: string): Subscriber {
		const found = this.subscribers.find((one) => one.id === id);
		if (found) return found;
		throw notFound(id);
	}

	/** Ends the leases that are over. @param nowMs since 1970 */
	async endLeases(nowMs: number): Promise<void> {
		for (const subscriber of this.subscribers) {
			if (subscriber.leaseUntil <= nowMs) await this.#end(subscriber, "its lease has ended");
		}
	}

	async close(): Promise<void> {
		clearInterval(this.#timer);
		this.#stop.abort();
		await Promise.all([...this.#pending, ...this.#telling]);
	}

	async #deny(subscriber: Subscriber, reason: string): Promise<void> {
		const { making, ways } = this.#parts;
		const intent = { mode: "denied", ...subscriber, reason } as const;
		await deny(intent, making.userAgent, ways, this.#stop.signal);
	}

	async #confirm(asked: Asked): Promise<void> {
		const { making, ways } = this.#parts;
		const { mode, topic, callback, leaseSeconds } = asked;
		const lease = mode === "subscribe" ? { leaseSeconds } : {};
		const intent = { mode, topic, callback, ...lease };
		if (!(await confirms(intent, making.userAgent, ways, this.#stop.signal))) return;
		if (mode === "subscribe") await this.#subscribe(asked);
		else {
			const known = this.#all.get(nameOf(asked));
			if (known) await this.#end(known, "unsubscribed");
		}
	}

	#subscribe(asked: Asked): Promise<void> {
		return this.#inTurn.run(async () => {
			const { making, headOf, deliveries } = this.#parts;
			const known = this.#all.get(nameOf(asked));
			const { topic, stream, callback, creator, secret } = asked;
			const facts = { topic, stream, callback, creator };
			const id = known?.id ?? newId(facts, Date.now());
			const subscriber: Subscriber = {
				...facts,
				id,
				leaseUntil: Date.now() + asked.leaseSeconds * 1000,
				secret: secret === undefined ? undefined : making.key.seal(secret, id),
				start: known?.start ?? (await headOf(stream)),
			};
			await this.#append(SUBSCRIBED, encodeSubscriber(subscriber));
			if (known) await deliveries.remove(keyOf(known));
			this.#deliver(subscriber);
		});
	}

	/** @returns false if it had ended before */
	#end(subscriber: Subscriber, reason: string): Promise<boolean> {
		return this.#inTurn.run(async () => {
			if (this.#all.get(nameOf(subscriber))?.id !== subscriber.id) return false;
			await this.#append(ENDED, encodeEnd(subscriber, reason));
			await this.#hideLeftovers();
			return true;
		});
	}

	/** What is left is hidden by a later one, or by the next start. */
	async #hideLeftovers(): Promise<void> {
		const all = this.#ended;
		this.#ended = [];
		for (const ended of all) {
			await this.#parts.deliveries.end(ended.key);
			await hideLeftovers(this.#parts.keeping, ended).catch(this.#report);
		}
	}

	#deliver(subscriber: Subscriber): void {
		if (!this.#stop.signal.aborted) this.#parts.deliveries.add(this.#subjectOf(subscriber));
	}

	#subjectOf(subscriber: Subscriber): Subject {
		const { making, hubUrl } = this.#parts;
		const { callback, creator, start, stream, id } = subscriber;
		const secret = subscriber.secret && making.key.open(subscriber.secret, id);
		const isReadable = subscriber.secret === undefined || secret !== undefined;
		const resolveLinktos = stream !== "$all";
		const name = subscriptionOf(subscriber);
		// No mark counts for it: without a filter, it has nothing to be spared.
		const source = { name, start, configuredAt: Infinity, order: "stream", resolveLinktos };
		return {
			key: keyOf(subscriber),
			url: callback,
			source: { ...source, filter: undefined },
			rules: RULES,
			// What cannot be signed any more is not sent unsigned.
			reader: async () => (isReadable ? readerOf(creator, making) : undefined),
			pack: (entries) => {
				const { userAgent, urls } = making;
				const sender = { userAgent, urls: urls(), hubUrl: hubUrl(), secret };
				return packFeed(subscriber, sender, entries);
			},
		};
	}

	async #append(type: string, data: Uint8Array): Promise<void> {
		await this.#kept.append({ type, data });
		await this.#kept.read();
		await this.#kept.shorten().catch(this.#report);
	}

	readonly #report = (error: unknown): void => {
		if (!isRefusal(error)) this.#parts.report(error);
	};
}

function notFound(id: string): Refusal {
	return new Refusal("subscriber-not-found", { id: id.slice(0, 64) });
}
