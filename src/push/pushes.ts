/**
 * All that a server pushes: webhooks, and the subscribers of its hub. One server of a process
 * delivers for a log; others over it change and show the same webhooks.
 */
import type { Access } from "../access/access.ts";
import type { Log } from "../log/log.ts";
import type { OperatorLog } from "../observe/operator-log.ts";
import { SubscriptionStore } from "../subscriptions/keeping/store.ts";
import type { Around } from "./delivering/around.ts";
import type { Attempt } from "./delivering/attempts.ts";
import { Deliveries } from "./delivering/deliveries.ts";
import { Mark } from "./delivering/mark.ts";
import { PushNumbers } from "./delivering/numbers.ts";
import { Slots } from "./delivering/slots.ts";
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
};

/** The logs that a server of this process delivers for. */
const delivered = new WeakSet<Log>();

export class Pushes {
	readonly key: PushKey;
	readonly webhooks: Webhooks;
	readonly deeds: WebhookDeeds;
	readonly places: Places;
	readonly numbers = new PushNumbers();
	readonly #options: PushOptions;
	readonly #around: Around;
	readonly #deliveries: Deliveries;
	readonly #mark: Mark;
	readonly #making: Making;
	#sync: WebhookSync | undefined;

	constructor(options: PushOptions) {
		const { log, key, ways } = options;
		const store = new SubscriptionStore(log);
		this.key = key;
		this.#options = options;
		this.#making = options;
		this.webhooks = new Webhooks(log);
		this.#around = {
			...options,
			store,
			slots: new Slots(options.attemptsMax),
			numbers: this.numbers,
		};
		this.#mark = new Mark(log, () => [
			...this.#deliveries.busy(),
			...(this.#sync?.waiting() ?? []),
		]);
		this.#deliveries = new Deliveries(this.#around, this.#mark, (gone, reason) => {
			void this.#sync?.stopped(gone, reason);
		});
		this.places = { log, store, deliveries: this.#deliveries };
		const mayBePlain = ways.allowed !== undefined;
		const headOf = async ({ stream }: { readonly stream: Webhook["settings"]["stream"] }) =>
			(await store.lastOf(stream)) + 1;
		this.deeds = new WebhookDeeds(this.webhooks, key, mayBePlain, headOf);
	}

	/** How many attempts are under way, and how many webhooks are loaded. */
	get load(): { readonly running: number; readonly loaded: number } {
		return { running: this.#around.slots.taken, loaded: this.#deliveries.loadedCount };
	}

	/** Begins to deliver, unless another server of this process does already. */
	async start(): Promise<void> {
		const { log } = this.#options;
		if (delivered.has(log)) return;
		delivered.add(log);
		await this.#mark.load();
		this.#sync = new WebhookSync(this.#making, this.webhooks, this.deeds, {
			deliveries: this.#deliveries,
			mark: this.#mark,
			operatorLog: this.#options.operatorLog,
			report: this.#options.report,
		});
		await this.#sync.start();
	}

	/** Resolves once what was changed before is delivered as it is now. */
	async settled(): Promise<void> {
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
		await this.#sync?.close();
		await this.#deliveries.close();
		if (this.#sync !== undefined) {
			await this.#mark.close();
			delivered.delete(this.#options.log);
		}
		this.webhooks.close();
	}
}
