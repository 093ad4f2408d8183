/**
 * A webhook, as the log keeps it: each change is an event that has all of it but its secret, which
 * is derived of its number (`signing/key.ts`).
 *
 *     $push-webhooks    $WebhookConfigured: all that is known of a webhook; the newest counts
 *                       $WebhookDeleted: it ends, and so do the streams that kept it
 */
import { randomBytes } from "node:crypto";
import type { Scope } from "../../access/principal.ts";
import { isTexts } from "../../accounts/json.ts";
import { isRefusal, Refusal } from "../../errors.ts";
import type { RecordedEvent, StreamName } from "../../event.ts";
import { isJsonObject, parseObject } from "../../subscriptions/json.ts";
import { parseSubscriptionName, type SubscriptionName } from "../../subscriptions/names.ts";
import type { Ended } from "../keeping/leftovers.ts";
import type { Said } from "../keeping/newest-by-name.ts";
import type { SecretName } from "../signing/key.ts";
import { parseWebhook, type WebhookSettings } from "./settings.ts";

export type Webhook = WebhookFacts & {
	readonly name: string;
	readonly settings: WebhookSettings;
	/** The number of its newest event, which its ETag is made of. */
	readonly version: number;
	/** Where that event stands in the log. */
	readonly position: number;
	/** Milliseconds since 1970. */
	readonly changed: number;
};

export type WebhookFacts = {
	/** Nobody can guess it; another webhook of the same name has another. */
	readonly uid: string;
	readonly creator: Creator;
	/** The first number of its stream, fixed when it was made. */
	readonly start: number;
	readonly secret: SecretFacts;
	readonly state: WebhookState;
};

/** Which secret signs, which one does besides for some time, and the key that they are made of. */
export type SecretFacts = {
	readonly keyId: string;
	readonly generation: number;
	/** Milliseconds since 1970 until which the secret of before is valid, too; 0 for none. */
	readonly previousUntil: number;
};

export type WebhookState = {
	readonly is: "active" | "paused" | "stopped";
	/** Why it stopped; "" if it did not. */
	readonly reason: string;
};

/** Whose rights count: they are looked up anew each time. */
export type Creator = {
	/** The login of a user; "" for whoever made it where everybody is an admin. */
	readonly login: string;
	/** The id of the token that made it; undefined if none did. */
	readonly token: string | undefined;
	readonly scope: Scope | undefined;
};

export const WEBHOOKS = "$push-webhooks" as StreamName;
export const CONFIGURED = "$WebhookConfigured";
export const DELETED = "$WebhookDeleted";
export const ACTIVE: WebhookState = { is: "active", reason: "" };

const UID = /^[0-9a-f]{32}$/;
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const UID_BYTES = 16;

/** @throws Refusal `invalid-webhook` */
export function parseWebhookName(text: string): string {
	if (NAME.test(text)) return text;
	const reason = "it takes 1 to 64 letters, digits, dots, dashes and underscores, a letter first";
	throw new Refusal("invalid-webhook", { field: "name", reason });
}

export function newUid(): string {
	return randomBytes(UID_BYTES).toString("hex");
}

/** Names it in the index of those that are delivered, and in the streams that keep it. */
export function keyOf({ name, uid }: Pick<Webhook, "name" | "uid">): string {
	return `webhook-${name}-${uid.slice(0, 8)}`;
}

/** The ETag of what stands; another version has another. */
export function tagOf({ version }: Pick<Webhook, "version">): string {
	return `"${version}"`;
}

/**
 * The subscription behind it.
 * @throws Refusal `invalid-stream-name` if its streams' are too long
 */
export function subscriptionOf(
	webhook: Pick<Webhook, "name" | "uid"> & { readonly settings: Pick<WebhookSettings, "stream"> },
): SubscriptionName {
	return parseSubscriptionName(webhook.settings.stream, `$${keyOf(webhook)}`);
}

/** The secrets that sign now. */
export function secretsOf({ uid, secret }: WebhookFacts, nowMs: number): SecretName[] {
	const { generation, previousUntil } = secret;
	const now = { uid, generation };
	return previousUntil > nowMs ? [now, { uid, generation: generation - 1 }] : [now];
}

export function encodeWebhook(webhook: Omit<Webhook, "version" | "changed" | "position">): Buffer {
	const { name, uid, creator, start, secret, state, settings } = webhook;
	return Buffer.from(JSON.stringify({ name, uid, creator, start, secret, state, settings }));
}

export function encodeEnd({ name, uid, settings: { stream } }: Webhook): Buffer {
	return Buffer.from(JSON.stringify({ name, uid, stream }));
}

/** What an event says has ended; undefined if it says nothing of the kind. */
export function endedIn({ type, data }: RecordedEvent): Ended | undefined {
	if (type !== DELETED) return undefined;
	const { name, uid, stream } = parseObject(data) ?? {};
	if (typeof name !== "string" || !NAME.test(name) || typeof stream !== "string") return undefined;
	if (typeof uid !== "string" || !UID.test(uid)) return undefined;
	const key = keyOf({ name, uid });
	return { key, subscription: { stream: stream as StreamName, group: `$${key}` } };
}

/**
 * Takes in an event of the stream. What makes no sense is ignored: an admin may have written it.
 */
export function takeIn(
	all: Map<string, Webhook>,
	{ type, data, version, position, created }: RecordedEvent,
): Said | undefined {
	const members = parseObject(data) ?? {};
	const { name, settings } = members;
	if (typeof name !== "string" || !NAME.test(name)) return undefined;
	if (type === DELETED) {
		all.delete(name);
		return { name, stands: false };
	}
	if (type !== CONFIGURED || !isJsonObject(settings)) return undefined;
	const facts = factsIn(members);
	if (facts === undefined) return undefined;
	try {
		const parsed = parseWebhook(settings, true);
		all.set(name, { ...facts, name, settings: parsed, version, position, changed: created });
		return { name, stands: true };
	} catch (error) {
		if (!isRefusal(error)) throw error;
		return undefined;
	}
}

function factsIn({ uid, creator, start, secret, state }: Record<string, unknown>) {
	if (typeof uid !== "string" || !UID.test(uid)) return undefined;
	if (!Number.isSafeInteger(start) || !isJsonObject(secret) || !isJsonObject(state)) {
		return undefined;
	}
	const { keyId, generation, previousUntil } = secret;
	const { is, reason } = state;
	if (typeof keyId !== "string" || !Number.isSafeInteger(generation)) return undefined;
	if (is !== "active" && is !== "paused" && is !== "stopped") return undefined;
	const by = creatorIn(creator);
	if (by === undefined || typeof reason !== "string") return undefined;
	const facts: WebhookFacts = {
		uid,
		creator: by,
		start: start as number,
		secret: {
			keyId,
			generation: generation as number,
			previousUntil: typeof previousUntil === "number" ? previousUntil : 0,
		},
		state: { is, reason },
	};
	return facts;
}

/** @returns undefined for what the log cannot have from us */
export function creatorIn(value: unknown): Creator | undefined {
	if (!isJsonObject(value)) return undefined;
	const { login, token, scope } = value;
	if (typeof login !== "string") return undefined;
	if (token !== undefined && typeof token !== "string") return undefined;
	if (scope === undefined) return { login, token, scope: undefined };
	if (!isJsonObject(scope)) return undefined;
	const { mayRead, mayWrite, prefixes, consumerGroups } = scope;
	if (prefixes !== undefined && !isTexts(prefixes)) return undefined;
	if (consumerGroups !== undefined && !isTexts(consumerGroups)) return undefined;
	const narrowed = { mayRead: mayRead === true, mayWrite: mayWrite === true };
	return { login, token, scope: { ...narrowed, prefixes, consumerGroups } };
}
