/** Subscriptions as the screens see them, for one visitor. */
import type { Principal } from "../../../../access/principal.ts";
import { neededFor, type Right } from "../../../../access/rights.ts";
import { Refusal } from "../../../../errors.ts";
import type { SubscriptionName } from "../../../../subscriptions/names.ts";
import { parseSettings } from "../../../../subscriptions/settings.ts";
import type { ShownSubscriptions } from "../../../../subscriptions/shown.ts";
import { type Standing, standingOf } from "../../../../subscriptions/standing.ts";
import type { Context } from "../../../context.ts";
import type { Recording } from "../recording.ts";

export function subscriptionsFor(
	context: Context,
	principal: Principal,
	record: Recording,
): ShownSubscriptions {
	const { subscriptions, access, log } = context;
	const tell = (what: string, { stream, group }: SubscriptionName) =>
		record(what, stream, { group });
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
		async create(name, settings) {
			need("operate");
			await subscriptions.create(name, parseSettings(settings));
			await tell("subscription-created", name);
		},
		async update(name, settings) {
			need("operate");
			await subscriptions.update(name, parseSettings(settings));
			await tell("subscription-changed", name);
		},
		async remove(name) {
			need("operate");
			await subscriptions.delete(name);
			await tell("subscription-deleted", name);
		},
		async replay(name, stopAt) {
			need("operate");
			await (await subscriptions.get(name)).replay(stopAt);
			await tell("parked-replayed", name);
		},
		async discard(name, discarding) {
			need("operate");
			const count = await (await subscriptions.get(name)).discard(discarding);
			await tell("parked-discarded", name);
			return count;
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
