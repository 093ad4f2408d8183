/** Webhooks for one client, or one visitor of a page: what they may see and do, by their rights. */
import type { Access } from "../access/access.ts";
import type { Principal } from "../access/principal.ts";
import { Refusal } from "../errors.ts";
import type { JsonObject } from "../subscriptions/json.ts";
import { mayRead } from "./delivering/readable.ts";
import type { Attempt } from "./keeping/attempts.ts";
import type { Pushes } from "./pushes.ts";
import {
	discardParked,
	type ParkedMessage,
	parkedMessages,
	replayParked,
} from "./running/parked.ts";
import { attemptsOf, type Standing, standingOf } from "./running/standing.ts";
import { creatorOf } from "./webhooks/creator.ts";
import type { Condition, Put } from "./webhooks/deeds.ts";
import type { Webhook } from "./webhooks/webhook.ts";

export type ShownWebhooks = WebhookReads & WebhookChanges;

/** Operators see all webhooks, others those they made. To others, one is not there. */
export interface WebhookReads {
	/** In the order of their names. @throws Refusal `unauthorized` */
	list(part: { readonly offset: number; readonly count: number }): Promise<WebhookList>;
	/** @throws Refusal `webhook-not-found` */
	standing(name: string): Promise<Standing>;
	/** The newest first. @throws Refusal `webhook-not-found` */
	attempts(name: string): Promise<readonly Attempt[]>;
	/** The oldest first. @throws Refusal `webhook-not-found` */
	parked(
		name: string,
		part: { readonly from: number; readonly count: number },
	): Promise<readonly ParkedMessage[]>;
}

/** Each refuses `webhook-not-found`, and `unauthorized` for a token that may only read. */
export interface WebhookChanges {
	/** @throws Refusal `invalid-webhook`, `webhook-changed`, `too-many-webhooks`, `unauthorized` */
	put(name: string, settings: JsonObject, condition: Condition): Promise<Put>;
	/** @throws Refusal `webhook-changed` */
	remove(name: string, condition: Condition): Promise<void>;
	setPaused(name: string, isPaused: boolean): Promise<void>;
	/** @param keepSeconds for which the secret of before signs, too */
	rotate(name: string, keepSeconds: number | undefined): Promise<Put>;
	/** @throws Refusal `overloaded` */
	test(name: string): Promise<Attempt>;
	/** @throws Refusal `webhook-busy` */
	replay(name: string, stopAt: number | undefined): Promise<void>;
	/** @throws Refusal `webhook-busy` */
	discard(name: string, stopAt: number | undefined): Promise<void>;
}

export type WebhookList = { readonly total: number; readonly standings: readonly Standing[] };

export function webhooksFor(pushes: Pushes, access: Access, principal: Principal): ShownWebhooks {
	const seen = async (name: string): Promise<Webhook> => {
		refuseStrangers(principal);
		const found = await pushes.webhooks.find(name);
		if (found !== undefined && isSeen(principal, found)) return found;
		throw new Refusal("webhook-not-found", { name: name.slice(0, 64) });
	};
	const own = async (name: string): Promise<Webhook> => {
		refuseReaders(principal);
		return seen(name);
	};
	return { ...readsFor(pushes, principal, seen), ...changesFor(pushes, access, principal, own) };
}

type Find = (name: string) => Promise<Webhook>;

function readsFor({ webhooks, places }: Pushes, principal: Principal, seen: Find): WebhookReads {
	return {
		async list({ offset, count }) {
			refuseStrangers(principal);
			const those = (await webhooks.all()).filter((webhook) => isSeen(principal, webhook));
			const standings: Standing[] = [];
			for (const webhook of those.slice(offset, offset + count)) {
				standings.push(await standingOf(places, webhook));
			}
			return { total: those.length, standings };
		},
		standing: async (name) => standingOf(places, await seen(name)),
		attempts: async (name) => attemptsOf(places, await seen(name)),
		parked: async (name, part) => parkedMessages(places, await seen(name), part),
	};
}

function changesFor(
	pushes: Pushes,
	access: Access,
	principal: Principal,
	own: Find,
): WebhookChanges {
	const { deeds, places } = pushes;
	return {
		async put(name, given, condition) {
			refuseStrangers(principal);
			refuseReaders(principal);
			const settings = deeds.parse(given);
			const mayMake = principal.isOperator || (await mayRead(access, principal, settings.stream));
			const may = (known: Webhook | undefined) => {
				if (!mayMake || (known && !isSeen(principal, known))) throw denied();
			};
			const creator = creatorOf(principal);
			if (creator === undefined) {
				const reason = "a webhook needs a user of this store, whose rights can be looked up";
				throw new Refusal("invalid-webhook", { field: "creator", reason });
			}
			return deeds.put(name, settings, { creator, may, condition });
		},
		async remove(name, condition) {
			await own(name);
			await deeds.remove(name, condition);
		},
		async setPaused(name, isPaused) {
			await own(name);
			await (isPaused ? deeds.pause(name) : deeds.resume(name));
		},
		rotate: async (name, keepSeconds) => {
			await own(name);
			return deeds.rotate(name, keepSeconds);
		},
		test: async (name) => pushes.test(await own(name)),
		replay: async (name, stopAt) => {
			const webhook = await own(name);
			await pushes.settled();
			await replayParked(places, webhook, stopAt);
		},
		discard: async (name, stopAt) => discardParked(places, await own(name), stopAt),
	};
}

function isSeen(principal: Principal, { creator, settings }: Webhook): boolean {
	const { isOperator, via, name, scope } = principal;
	const { prefixes } = scope ?? {};
	const isInScope = prefixes?.some((prefix) => settings.stream.startsWith(prefix)) ?? true;
	if (!isInScope) return false;
	return isOperator || (via !== "oidc" && name !== "" && creator.login === name);
}

/** @throws Refusal `unauthorized` */
function refuseStrangers({ via, isAdmin }: Principal): void {
	if (via === "anonymous" && !isAdmin) throw new Refusal("unauthorized", { cause: "anonymous" });
}

/** @throws Refusal `unauthorized` for a token that may only read */
function refuseReaders({ scope }: Principal): void {
	if (scope !== undefined && !scope.mayWrite) throw denied();
}

function denied(): Refusal<"unauthorized"> {
	return new Refusal("unauthorized", { cause: "denied" });
}
