/** A webhook as the loop delivers it. */
import type { Log } from "../../log/log.ts";
import type { Urls } from "../../pages/entry.ts";
import type { Subject } from "../delivering/subject.ts";
import { packEntries, type Sender } from "../messages/message.ts";
import type { PushKey } from "../signing/key.ts";
import { signatureFields } from "../signing/signatures.ts";
import { type Readers, readerOf } from "../webhooks/creator.ts";
import { keyOf, secretsOf, subscriptionOf, type Webhook } from "../webhooks/webhook.ts";

export type Making = Readers & {
	readonly log: Log;
	readonly key: PushKey;
	readonly userAgent: string;
	/** URLs of documents, as targets see this server. */
	readonly urls: () => Urls;
};

export function subjectOf(webhook: Webhook, making: Making): Subject {
	const { settings, creator, start, uid } = webhook;
	const { filter, order, resolveLinktos } = settings;
	return {
		key: keyOf(webhook),
		url: settings.url,
		source: {
			name: subscriptionOf(webhook),
			start,
			configuredAt: webhook.position,
			filter,
			order,
			resolveLinktos,
		},
		rules: { ...settings, onLast: "park" },
		reader: () => readerOf(creator, making),
		pack: (entries) => packEntries(uid, settings, senderOf(webhook, making), entries),
	};
}

export function senderOf(webhook: Webhook, { log, key, userAgent, urls }: Making): Sender {
	return {
		userAgent,
		urls: urls(),
		incarnation: log.incarnation,
		sign: (id, timestamp, body) => {
			const secrets = secretsOf(webhook, timestamp * 1000);
			return signatureFields(key, secrets, { id, timestamp, body });
		},
	};
}
