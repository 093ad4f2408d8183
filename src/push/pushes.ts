/**
 * All that a server pushes: webhooks, and the subscribers of its hub. One server of a process
 * delivers for a log; others over it change and show the same webhooks.
 */
import type { Access } from "../access/access.ts";
import type { StreamName } from "../event.ts";
import type { Log } from "../log/log.ts";
import type { OperatorLog } from "../observe/operator-log.ts";
import { SubscriptionStore } from "../subscriptions/keeping/store.ts";
import { lastOf } from "../subscriptions/last.ts";
import type { Around } from "./delivering/around.ts";
import { Deliveries } from "./delivering/deliveries.ts";
import { Mark } from "./delivering/mark.ts";
import { PushNumbers } from "./delivering/numbers.ts";
import { Slots } from "./delivering/slots.ts";
import { Hub } from "./hub/hub.ts";
import { HUB_KEYS } from "./hub/subscriber.ts";
import type { Attempt } from "./keeping/attempts.ts";
import { Endings } from "./running/endings.ts";
import type { Places } from "./running/standing.ts";
import { type Making, senderOf } from "./running/subject.ts";
import { WebhookSync } from "./running/sync.ts";
import { testDelivery } from "./running/testing.ts";
import type { Ways } from "./sending/post.ts";
import type { PushKey } from "./signing/key.ts";
import { WebhookDeeds } from "./webhooks/deeds.ts";
import type { Webhook } from "./webhooks/webhook.ts";
import { Webhooks } from "./webhooks/webhooks.ts";

export type PushOptions = Known & Sending;

/** What pushes know of the store. */
type Known = Making & {
	readonly access: Access;
	readonly operatorLog: OperatorLog;
	readonly report: (error: unknown) => void;
};

type Sending = {
	readonly ways: Ways;
	/** Attempts that may be under way, all together. */
	readonly attemptsMax: number;
	/** The URL of the hub, as subscribers see it; undefined if the server is none. */
	readonly hubUrl: (() => string) | undefined;
};

const UNREADABLE = "whoever subscribed may not read the feed any more";

/** The logs that a server of this process delivers for. */
const delivered = new WeakSet<Log>();

export class Pushes {
	readonly key: PushKey;
	readonly webhooks: Webhooks;
	readonly deeds: WebhookDeeds;
	readonly places: Places;
	readonly numbers = new PushNumbers();
	/** Whether plain HTTP goes anywhere. */
	readonly mayBePlain: boolean;
	/** Undefined if the server is none. */
	readonly hub: Hub | undefined;
	readonly #options: PushOptions;
	readonly #around: Around;
	readonly #deliveries: Deliveries;
	readonly #mark: Mark;
	readonly #making: Making;
	readonly #endings: Endings;
	#sync: WebhookSync | undefined;
	#starting: Promise<void> | undefined;

	constructor(options: PushOptions) {
		const { log, key, ways } = options;
		const store = new SubscriptionStore(log);
		this.key = key;
		this.#options = options;
		this.#making = options;
		this.webhooks = new Webhooks(log, options.report);
		this.#endings = new Endings(options.operatorLog, options.report);
		this.#around = {
			...options,
			store,
			slots: new Slots(options.attemptsMax),
			numbers: this.numbers,
		};
		const busy = () => {
			if (this.#deliveries.isEmpty) return undefined;
			return [...this.#deliveries.busy(), ...(this.#sync?.waiting() ?? [])];
		};
		this.#mark = new Mark(log, busy, options.report);
		this.#deliveries = new Deliveries(this.#around, this.#mark, {
			stopped: (key, reason) => this.#end(key, reason, false),
			unauthorized: (key) => {
				if (key.startsWith(HUB_KEYS)) this.#end(key, UNREADABLE, true);
			},
		});
		this.places = { log, store, deliveries: this.#deliveries };
		this.mayBePlain = ways.allowed !== undefined;
		const headOf = async (stream: StreamName) => (await lastOf(log, stream)) + 1;
		const webhookHead = ({ stream }: { readonly stream: StreamName }) => headOf(stream);
		this.deeds = new WebhookDeeds(this.webhooks, key, this.mayBePlain, webhookHead);
		const { report, hubUrl } = options;
		const { deliveries } = this.places;
		const parts = { making: options, ways, report, headOf, deliveries, keeping: this.places };
		this.hub = hubUrl && new Hub({ ...parts, hubUrl });
	}

	/** How many attempts are under way, and how many webhooks are loaded. */
	get load(): { readonly running: number; readonly loaded: number } {
		return { running: this.#around.slots.taken, loaded: this.#deliveries.loadedCount };
	}

	/** Begins to deliver, unless another server of this process does already. */
	start(): Promise<void> {
		this.#starting ??= this.#start();
		return this.#starting;
	}

	async #start(): Promise<void> {
		const { log } = this.#options;
		if (delivered.has(log)) return;
		delivered.add(log);
		await this.#mark.load();
		this.#sync = new WebhookSync(this.#making, this.webhooks, this.deeds, {
			keeping: this.places,
			deliveries: this.#deliveries,
			operatorLog: this.#options.operatorLog,
			report: this.#options.report,
		});
		await this.#sync.start();
		await this.hub?.start();
	}

	#end(key: string, reason: string, isDenied: boolean): void {
		this.#endings.end(key, async () => {
			await this.#sync?.stopped(key, reason);
			await this.hub?.end(key, reason, isDenied);
		});
	}

	/** Resolves once what was changed before is delivered as it is now. */
	async settled(): Promise<void> {
		await this.#starting?.catch(() => undefined);
		await this.#sync?.settled();
	}

	/**
	 * Sends a message of no event, once.
	 * @throws Refusal `overloaded` if all attempts that may be are under way
	 */
	test(webhook: Webhook): Promise<Attempt> {
		return testDelivery(webhook, senderOf(webhook, this.#making), this.#around, this.#deliveries);
	}

	/** Attempts that are under way end, and were no tries. */
	async close(): Promise<void> {
		await this.#starting?.catch(() => undefined);
		await this.#endings.close();
		await this.#sync?.close();
		await this.hub?.close();
		await this.#deliveries.close();
		if (this.#sync !== undefined) {
			await this.#mark.close();
			delivered.delete(this.#options.log);
		}
		this.webhooks.close();
	}
}
