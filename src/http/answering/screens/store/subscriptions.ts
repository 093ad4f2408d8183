/** Subscriptions as the screens see them, for one visitor. */
import type { Principal } from "../../../../access/principal.ts";
import { neededFor, type Right } from "../../../../access/rights.ts";
import type { Doer } from "../../../../audit/audit.ts";
import { isRefusal, Refusal } from "../../../../errors.ts";
import type { SubscriptionName } from "../../../../subscriptions/names.ts";
import { parseSettings } from "../../../../subscriptions/settings.ts";
import type { ShownSubscriptions } from "../../../../subscriptions/shown.ts";
import { type Standing, standingOf } from "../../../../subscriptions/standing.ts";
import type { Context } from "../../../context.ts";

/** @param doer the same visitor, for the audit */
export function subscriptionsFor(
	context: Context,
	principal: Principal,
	doer: Doer,
): ShownSubscriptions {
	const { subscriptions, access, audit, log } = context;
	const record = async (what: string, { stream, group }: SubscriptionName) => {
		if (doer.who !== "") await audit.record({ ...doer, what, about: stream, group });
	};
	// Neither right is one on a stream, so that they are known at once.
	const may = (right: Right) => access.mayNow(principal, neededFor({ right }, { stream: "" }));
	const need = (right: Right) => {
		if (!may(right)) throw new Refusal("unauthorized", { cause: "denied" });
	};
	return {
		async list({ stream, offset, count }) {
			need("authenticated");
			const all = await subscriptions.names();
			const those = stream === undefined ? all : all.filter((name) => name.stream === stream);
			const standings: Standing[] = [];
			for (const name of those.slice(offset, offset + count)) {
				// One that was deleted meanwhile is not there any more.
				const found = await subscriptions.get(name).catch(noneIfMissing);
				if (found) standings.push(await standingOf(log, found));
			}
			return { total: those.length, standings };
		},
		async countOf(stream) {
			return may("authenticated") ? subscriptions.countOf(stream) : 0;
		},
		async standing(name) {
			need("authenticated");
			return standingOf(log, await subscriptions.get(name));
		},
		async create(name, settings) {
			need("operate");
			await subscriptions.create(name, parseSettings(settings));
			await record("subscription-created", name);
		},
		async update(name, settings) {
			need("operate");
			await subscriptions.update(name, parseSettings(settings));
			await record("subscription-changed", name);
		},
		async remove(name) {
			need("operate");
			await subscriptions.delete(name);
			await record("subscription-deleted", name);
		},
		async replay(name, stopAt) {
			need("operate");
			await (await subscriptions.get(name)).replay(stopAt);
			await record("parked-replayed", name);
		},
	};
}

function noneIfMissing(error: unknown): undefined {
	if (isRefusal(error, "subscription-not-found")) return undefined;
	throw error;
}
