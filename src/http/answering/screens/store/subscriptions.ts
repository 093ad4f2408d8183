/** Subscriptions as the screens see them, for one visitor. */
import type { Principal } from "../../../../access/principal.ts";
import { neededFor, type Right } from "../../../../access/rights.ts";
import { Refusal } from "../../../../errors.ts";
import type { SubscriptionName } from "../../../../subscriptions/names.ts";
import { parseSettings } from "../../../../subscriptions/settings.ts";
import type { ShownSubscriptions, SubscriptionDeeds } from "../../../../subscriptions/shown.ts";
import { type Standing, standingOf } from "../../../../subscriptions/standing.ts";
import type { Context } from "../../../context.ts";
import { performTold, type Recording } from "../recording.ts";

export function subscriptionsFor(
	context: Context,
	principal: Principal,
	record: Recording,
): ShownSubscriptions {
	const { subscriptions, access, log } = context;
	const told: Told = (what, { stream, group }, perform) =>
		performTold(record, { what, about: stream, more: { group } }, perform);
	// Neither right is one on a stream, so that they are known at once.
	const may = (right: Right) => access.mayNow(principal, neededFor({ right }, { stream: "" }));
	const need = (right: Right) => {
		if (!may(right)) throw denied();
	};
	return {
		async list({ stream, offset, count }) {
			need("authenticated");
			const all = await subscriptions.names();
			const asked = stream === undefined ? all : all.filter((name) => name.stream === stream);
			const those = await knownTo(access, principal, asked);
			const shown = those.slice(offset, offset + count);
			return { total: those.length, standings: await standingsOf(context, shown) };
		},
		async countOf(stream) {
			const isKnown = may("authenticated") && (await access.mayKnow(principal, stream));
			return isKnown ? subscriptions.countOf(stream) : 0;
		},
		async standing(name) {
			need("authenticated");
			if ((await knownTo(access, principal, [name])).length === 0) throw denied();
			return standingOf(log, await subscriptions.get(name));
		},
		...deedsFor(context, need, told),
	};
}

type Told = <T>(what: string, name: SubscriptionName, perform: () => Promise<T>) => Promise<T>;

function deedsFor(
	{ subscriptions }: Context,
	need: (right: Right) => void,
	told: Told,
): SubscriptionDeeds {
	return {
		async create(name, settings) {
			need("operate");
			const wanted = parseSettings(settings);
			await told("subscription-created", name, () => subscriptions.create(name, wanted));
		},
		async update(name, settings) {
			need("operate");
			const wanted = parseSettings(settings);
			await told("subscription-changed", name, () => subscriptions.update(name, wanted));
		},
		async reset(name, startFrom) {
			need("operate");
			await told("subscription-reset", name, () => subscriptions.reset(name, startFrom));
		},
		async remove(name) {
			need("operate");
			await told("subscription-deleted", name, () => subscriptions.delete(name));
		},
		async replay(name, stopAt) {
			need("operate");
			const subscription = await subscriptions.get(name);
			await told("parked-replayed", name, () => subscription.replay(stopAt));
		},
		async discard(name, discarding) {
			need("operate");
			const subscription = await subscriptions.get(name);
			return told("parked-discarded", name, () => subscription.discard(discarding));
		},
	};
}

/** Those of streams that somebody may know of. */
async function knownTo(
	access: Context["access"],
	principal: Principal,
	names: readonly SubscriptionName[],
): Promise<SubscriptionName[]> {
	const known: SubscriptionName[] = [];
	for (const name of names) if (await access.mayKnow(principal, name.stream)) known.push(name);
	return known;
}

function denied(): Refusal {
	return new Refusal("unauthorized", { cause: "denied" });
}

async function standingsOf({ subscriptions, log }: Context, names: readonly SubscriptionName[]) {
	const standings: Standing[] = [];
	for (const name of names) {
		// One that was deleted meanwhile is not there any more.
		const found = await subscriptions.find(name);
		if (found) standings.push(await standingOf(log, found));
	}
	return standings;
}
