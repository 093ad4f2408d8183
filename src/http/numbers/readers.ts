/**
 * The numbers of reader positions and of groups, by name: the furthest behind first, and at most so
 * many that series have a limit.
 */
import { isRefusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import { gauge, type Metric } from "../../observe/numbers/metric.ts";
import type { Context } from "../context.ts";
import { labelOf } from "./label.ts";

const TOLD_MAX = 100;

/** Something that is at a place of a stream. */
type Behind = { readonly stream: StreamName; readonly at: number; readonly name: string };
type Told = { readonly events: number; readonly seconds: number; readonly labels: Labels };
type Labels = { readonly stream: string; readonly name: string };

export async function positionMetrics(context: Context): Promise<Metric[]> {
	const all = await context.positions.all().catch(noneIfRefused);
	const told = all ? await furthest(context, all) : [];
	const by = (value: (one: Told) => number) =>
		told.map((one) => ({ value: value(one), labels: one.labels }));
	return [
		gauge("varve_positions", "Reader positions that the server keeps.", all?.length),
		gauge(
			"varve_position_lag_events",
			"Events of the stream beyond a reader position.",
			by(({ events }) => events),
		),
		gauge(
			"varve_position_lag_seconds",
			"Age of the first event beyond a reader position; 0 if there is none.",
			by(({ seconds }) => seconds),
		),
	];
}

/** The furthest behind, with the age of what each has not read. */
async function furthest({ lags }: Context, all: readonly Behind[]): Promise<Told[]> {
	const lasts = new Map<StreamName, number>();
	const behind: { readonly one: Behind; readonly events: number }[] = [];
	for (const one of all) {
		const last = lasts.get(one.stream) ?? (await lags.lastOf(one.stream).catch(noneIfRefused));
		if (last === undefined) continue;
		lasts.set(one.stream, last);
		behind.push({ one, events: Math.max(0, last - one.at) });
	}
	behind.sort((a, b) => b.events - a.events);
	const told: Told[] = [];
	for (const { one } of behind.slice(0, TOLD_MAX)) {
		const { stream, name, at } = one;
		const lag = await lags.of(stream, at).catch(noneIfRefused);
		if (lag) told.push({ ...lag, labels: { stream: labelOf(stream), name } });
	}
	return told;
}

/** The other numbers do not depend on a log that cannot tell. */
function noneIfRefused(error: unknown): undefined {
	if (isRefusal(error)) return undefined;
	throw error;
}
