/** Keeps what is delivered as the log has the webhooks, whoever changed them. */
import type { OperatorLog } from "../../observe/operator-log.ts";
import type { Deliveries } from "../delivering/deliveries.ts";
import { hideLeftovers, type Keeping } from "../keeping/leftovers.ts";
import type { WebhookDeeds } from "../webhooks/deeds.ts";
import { keyOf, WEBHOOKS, type Webhook } from "../webhooks/webhook.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import { type Making, subjectOf } from "./subject.ts";

export type SyncTo = {
	readonly keeping: Keeping;
	readonly deliveries: Deliveries;
	readonly operatorLog: OperatorLog;
	readonly report: (error: unknown) => void;
};

type Applied = { readonly webhook: Webhook; readonly isDelivered: boolean };

export class WebhookSync {
	readonly #making: Making;
	readonly #webhooks: Webhooks;
	readonly #deeds: WebhookDeeds;
	readonly #to: SyncTo;
	readonly #applied = new Map<string, Applied>();
	#stopListening: () => void = () => undefined;
	#working: Promise<void> | undefined;
	#isStale = false;
	#isClosed = false;

	constructor(making: Making, webhooks: Webhooks, deeds: WebhookDeeds, to: SyncTo) {
		this.#making = making;
		this.#webhooks = webhooks;
		this.#deeds = deeds;
		this.#to = to;
	}

	/** The keys of those that are not delivered now, and may be later. */
	waiting(): string[] {
		const all = [...this.#applied.values()].filter(({ isDelivered }) => !isDelivered);
		return all.map(({ webhook }) => keyOf(webhook));
	}

	async start(): Promise<void> {
		this.#stopListening = this.#making.log.onCommit(({ streams }) => {
			if (streams.has(WEBHOOKS)) this.#run();
		});
		await this.#run();
	}

	/** Resolves once what was changed before is delivered by its new settings. */
	async settled(): Promise<void> {
		await this.#working;
	}

	/**
	 * A target has answered that it is gone. Once that is written, it is delivered no more.
	 * @throws Refusal as an append
	 */
	async stopped(key: string, reason: string): Promise<void> {
		const found = [...this.#applied.values()].find(({ webhook }) => keyOf(webhook) === key);
		if (!found) return;
		if (!(await this.#deeds.stop(found.webhook, reason))) return;
		this.#to.operatorLog.warn("a webhook has stopped", { webhook: found.webhook.name, reason });
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#stopListening();
		await this.#working;
	}

	#run(): Promise<void> {
		this.#isStale = true;
		this.#working ??= this.#applyAll()
			.catch(this.#to.report)
			.finally(() => {
				this.#working = undefined;
				if (this.#isStale && !this.#isClosed) void this.#run();
			});
		return this.#working;
	}

	async #applyAll(): Promise<void> {
		while (this.#isStale && !this.#isClosed) {
			this.#isStale = false;
			for (const name of await this.#webhooks.changed()) {
				const webhook = await this.#webhooks.find(name);
				if (webhook) await this.#apply(webhook);
				else await this.#forget(name);
			}
			for (const ended of await this.#webhooks.ended()) {
				if (this.#isClosed) return;
				await this.#to.deliveries.end(ended.key);
				// One that is left is hidden by the next start.
				await hideLeftovers(this.#to.keeping, ended).catch(this.#to.report);
			}
		}
	}

	async #forget(name: string): Promise<void> {
		const known = this.#applied.get(name);
		this.#applied.delete(name);
		if (known) await this.#end(known.webhook);
	}

	async #apply(webhook: Webhook): Promise<void> {
		const before = this.#applied.get(webhook.name);
		if (before?.webhook.version === webhook.version) return;
		const { deliveries, operatorLog } = this.#to;
		const isSame = before?.webhook.uid === webhook.uid;
		// What had another name in the log is another webhook, and nothing of it is left.
		if (before && !isSame) await this.#end(before.webhook);
		else if (before) await deliveries.remove(keyOf(webhook));
		const hasSecret = webhook.secret.keyId === this.#making.key.id;
		const isDelivered = webhook.state.is === "active" && hasSecret;
		this.#applied.set(webhook.name, { webhook, isDelivered });
		if (isDelivered) deliveries.add(subjectOf(webhook, this.#making));
		else if (!hasSecret) {
			operatorLog.warn("a webhook cannot sign: the push key is another one; rotate its secret", {
				webhook: webhook.name,
			});
		}
	}

	async #end(webhook: Webhook): Promise<void> {
		await this.#to.deliveries.remove(keyOf(webhook));
	}
}
