/** What one does with webhooks: the rules of each change, and nothing of who may. */
import { Refusal } from "../../errors.ts";
import { tryCriterion } from "../../pages/criterion.ts";
import type { JsonObject } from "../../subscriptions/json.ts";
import type { PushKey, SecretName } from "../signing/key.ts";
import { publicKeyText, secretText } from "../signing/signatures.ts";
import { parseWebhook, type WebhookSettings } from "./settings.ts";
import {
	ACTIVE,
	type Creator,
	newUid,
	parseWebhookName,
	subscriptionOf,
	tagOf,
	type Webhook,
} from "./webhook.ts";
import type { Changed, Webhooks } from "./webhooks.ts";
import { notFound } from "./webhooks.ts";

/** The text of a secret, which is shown this once. */
export type Secret = { readonly secret: string; readonly publicKey: string };
export type Put = { readonly webhook: Webhook; readonly secret: Secret | undefined };

/** What a client says of the webhook that it changes; undefined if it says nothing. */
export type Condition =
	| {
			/** @param tag of the webhook that there is; undefined for none */
			readonly holds: (tag: string | undefined) => boolean;
	  }
	| undefined;

const ROTATION_SECONDS = 24 * 60 * 60;
const ROTATION_SECONDS_MAX = 30 * ROTATION_SECONDS;

export class WebhookDeeds {
	readonly #webhooks: Webhooks;
	readonly #key: PushKey;
	readonly #mayBePlain: boolean;
	readonly #headOf: (settings: WebhookSettings) => Promise<number>;

	/** @param headOf the number that the next entry of a webhook's stream will have */
	constructor(
		webhooks: Webhooks,
		key: PushKey,
		mayBePlain: boolean,
		headOf: (settings: WebhookSettings) => Promise<number>,
	) {
		this.#webhooks = webhooks;
		this.#key = key;
		this.#mayBePlain = mayBePlain;
		this.#headOf = headOf;
	}

	/** @throws Refusal `invalid-webhook` and others of `parseWebhook` */
	parse(given: JsonObject): WebhookSettings {
		return parseWebhook(given, this.#mayBePlain);
	}

	/**
	 * Makes a webhook, or replaces its settings; its secret and its place stay.
	 * @param creator whose rights count from now on
	 * @param may decides, by what there is, whether the client may: it refuses
	 * @throws Refusal `invalid-webhook`, `invalid-filter`, `webhook-changed`, `too-many-webhooks`
	 */
	async put(
		text: string,
		settings: WebhookSettings,
		{ creator, may, condition }: Putting,
	): Promise<Put> {
		const name = parseWebhookName(text);
		tryCriterion(settings.filter);
		let isNew = false;
		const webhook = (await this.#webhooks.change(name, async (known) => {
			may(known);
			hold(name, known, condition);
			isNew = known === undefined;
			if (known) return replaced(known, settings, creator);
			const uid = newUid();
			const secret = { keyId: this.#key.id, generation: 1, previousUntil: 0 };
			// Refused here, where somebody hears of it.
			subscriptionOf({ name, uid, settings });
			const start = settings.start === "head" ? await this.#headOf(settings) : settings.start;
			return { name, uid, creator, start, secret, state: ACTIVE, settings };
		})) as Webhook;
		return { webhook, secret: isNew ? this.#secretOf(webhook) : undefined };
	}

	/** @throws Refusal `webhook-not-found`, `webhook-changed` */
	async remove(name: string, condition: Condition): Promise<void> {
		await this.#webhooks.change(name, (known) => {
			if (known === undefined) throw notFound(name);
			hold(name, known, condition);
			return undefined;
		});
	}

	/** @throws Refusal `webhook-not-found` */
	pause(name: string): Promise<Webhook> {
		return this.#update(name, (known) => ({ ...known, state: { is: "paused", reason: "" } }));
	}

	/** @throws Refusal `webhook-not-found` */
	resume(name: string): Promise<Webhook> {
		return this.#update(name, (known) => ({ ...known, state: ACTIVE }));
	}

	/**
	 * Its target is gone: it has said so. If it was changed meanwhile, that was of another target.
	 * @returns whether it has stopped by that
	 * @throws Refusal as an append
	 */
	async stop({ name, version }: Webhook, reason: string): Promise<boolean> {
		let hasStopped = false;
		await this.#webhooks.change(name, (known) => {
			if (known?.version !== version || known.state.is !== "active") return known;
			hasStopped = true;
			return { ...known, state: { is: "stopped", reason } };
		});
		return hasStopped;
	}

	/**
	 * Makes another secret. The one of before signs, too, for some time.
	 * @throws Refusal `webhook-not-found`, `invalid-webhook`
	 */
	async rotate(name: string, keepSeconds = ROTATION_SECONDS): Promise<Put> {
		if (!(keepSeconds >= 0 && keepSeconds <= ROTATION_SECONDS_MAX)) {
			const reason = `it must be a number of seconds, 0 to ${ROTATION_SECONDS_MAX}`;
			throw new Refusal("invalid-webhook", { field: "keepSeconds", reason });
		}
		const webhook = await this.#update(name, (known) => {
			const { keyId, generation } = known.secret;
			// A secret of another key can be made no more.
			const isKept = keyId === this.#key.id && keepSeconds > 0;
			const previousUntil = isKept ? Date.now() + Math.round(keepSeconds * 1000) : 0;
			const secret = { keyId: this.#key.id, generation: generation + 1, previousUntil };
			return { ...known, secret };
		});
		return { webhook, secret: this.#secretOf(webhook) };
	}

	async #update(name: string, change: (known: Webhook) => Changed): Promise<Webhook> {
		const changed = await this.#webhooks.change(name, (known) => {
			if (known === undefined) throw notFound(name);
			return change(known);
		});
		return changed as Webhook;
	}

	#secretOf({ uid, secret: { generation } }: Webhook): Secret {
		const name: SecretName = { uid, generation };
		return { secret: secretText(this.#key, name), publicKey: publicKeyText(this.#key, name) };
	}
}

export type Putting = {
	readonly creator: Creator;
	readonly may: (known: Webhook | undefined) => void;
	readonly condition: Condition;
};

/**
 * It reads with the rights of whoever says where to: else somebody who may not read its stream
 * could have it sent to a place of theirs.
 */
function replaced(known: Webhook, settings: WebhookSettings, creator: Creator): Changed {
	const { stream } = known.settings;
	if (settings.stream !== stream) {
		const reason = `it stays ${stream}; make another webhook for another stream`;
		throw new Refusal("invalid-webhook", { field: "stream", reason });
	}
	return { ...known, settings, creator };
}

function hold(name: string, known: Webhook | undefined, condition: Condition): void {
	if (!condition || condition.holds(known && tagOf(known))) return;
	throw new Refusal("webhook-changed", { name, version: known?.version ?? -1 });
}
