/**
 * The numbers of webhooks: of each that has something to do or was used lately, at most so many.
 */
import { isRefusal } from "../../errors.ts";
import { counter, gauge, type Metric } from "../../observe/numbers/metric.ts";
import { type Standing, standingOf } from "../../push/running/standing.ts";
import { keyOf } from "../../push/webhooks/webhook.ts";
import type { Context } from "../context.ts";

const TOLD_MAX = 100;

export async function pushMetrics({ pushes }: Context): Promise<Metric[]> {
	const { numbers, load } = pushes;
	const looked = (await standingsOf(pushes).catch(noneIfRefused)) ?? [];
	const standings = looked.sort((a, b) => b.lagEvents - a.lagEvents).slice(0, TOLD_MAX);
	const count = await pushes.webhooks.count().catch(noneIfRefused);
	const by = (value: (one: Standing) => number) =>
		standings.map((one) => ({ value: value(one), labels: { webhook: one.webhook.name } }));
	const attempts = [...numbers.attempts].map(([outcome, value]) => {
		return { value, labels: { outcome } };
	});
	return [
		gauge("varve_webhooks", "Webhooks that the store has.", count),
		...hubMetrics(pushes),
		gauge(
			"varve_webhook_attempts_running",
			"Requests to targets that are under way.",
			load.running,
		),
		counter("varve_webhook_attempts_total", "Requests to targets, by outcome.", attempts),
		counter(
			"varve_webhook_attempt_seconds_total",
			"The time that requests to targets took, all together.",
			numbers.durationMs / 1000,
		),
		counter("varve_webhook_events_total", "Events that targets took.", numbers.events),
		counter("varve_webhook_parked_total", "Events that were parked.", numbers.parked),
		counter(
			"varve_webhook_withheld_events_total",
			"Events that were left out, because whoever made the webhook may not read them.",
			numbers.withheld,
		),
		gauge(
			"varve_webhook_lag_events",
			"Events that a webhook has not sent.",
			by((one) => one.lagEvents),
		),
		gauge(
			"varve_webhook_lag_seconds",
			"The age of the oldest event that a webhook has not sent.",
			by((one) => one.lagSeconds),
		),
		gauge(
			"varve_webhook_parked_events",
			"Events of a webhook that are parked.",
			by((one) => one.parked),
		),
		gauge(
			"varve_webhook_open",
			"1 if nothing is sent, since the target failed again and again, or is gone.",
			by((one) => Number(isOpen(one))),
		),
	];
}

/** Counts the webhooks that send nothing because of their target, and all events parked. */
export async function openWebhooks({ pushes }: Context): Promise<{ open: number; parked: number }> {
	const standings = (await standingsOf(pushes).catch(noneIfRefused)) ?? [];
	return {
		open: standings.filter(isOpen).length,
		parked: standings.reduce((sum, { parked }) => sum + parked, 0),
	};
}

function hubMetrics({ hub, numbers }: Context["pushes"]): readonly Metric[] {
	const count = hub?.subscribers.length ?? 0;
	return [
		gauge("varve_hub_subscribers", "Subscribers of the WebSub hub.", count),
		counter(
			"varve_hub_dropped_entries_total",
			"Entries that were given up, because the callback of a subscriber failed too often.",
			numbers.dropped,
		),
	];
}

function isOpen({ circuit, heldUp, webhook }: Standing): boolean {
	return circuit !== "closed" || heldUp === "gone" || webhook.state.is === "stopped";
}

/** Looks at the webhooks that are loaded or have stopped, of which there may be many. */
async function standingsOf({ webhooks, places }: Context["pushes"]): Promise<Standing[]> {
	const standings: Standing[] = [];
	for (const webhook of await webhooks.all()) {
		const isLoaded = places.deliveries.known(keyOf(webhook)) !== undefined;
		if (!isLoaded && webhook.state.is !== "stopped") continue;
		standings.push(await standingOf(places, webhook));
		if (standings.length >= LOOKED_AT_MAX) break;
	}
	return standings;
}

/** Each takes a few reads. */
const LOOKED_AT_MAX = 1000;

function noneIfRefused(error: unknown): undefined {
	if (isRefusal(error)) return undefined;
	throw error;
}
