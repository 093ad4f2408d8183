/**
 * The numbers of reader positions and of groups, by name: the furthest behind first, and at most so
 * many that series have a limit.
 */
import { isRefusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import type { Lag } from "../../following/lag.ts";
import { leastOf } from "../../groups/standing.ts";
import { gauge, type Metric } from "../../observe/numbers/metric.ts";
import type { Context } from "../context.ts";
import { labelOf } from "./label.ts";

const TOLD_MAX = 100;

/** Something that is at a place of a stream. */
type Behind = { readonly stream: StreamName; readonly at: number; readonly name: string };
type Told = Lag & { readonly one: Behind; readonly labels: Labels };
type Labels = { readonly stream: string; readonly name: string };

export async function groupMetrics(context: Context): Promise<Metric[]> {
	const all = await context.groups.all().catch(noneIfRefused);
	const places = all?.map((group) => {
		const { name, definition } = group;
		return { name, stream: definition.stream, at: leastOf(group) };
	});
	const told = places ? await furthest(context, places) : [];
	const work = await Promise.all(told.map(({ one }) => workOf(context, one.name)));
	const by = (value: (one: Told, index: number) => number) =>
		told.map((one, index) => ({ value: value(one, index), labels: groupLabels(one.labels) }));
	return [
		gauge("varve_groups", "Groups with partitions that the store has.", all?.length),
		gauge(
			"varve_group_lag_events",
			"Events of the stream beyond the partition that is furthest behind.",
			by(({ events }) => events),
		),
		gauge(
			"varve_group_lag_seconds",
			"Age of the first event that a group has not handled; 0 if there is none.",
			by(({ seconds }) => seconds),
		),
		gauge(
			"varve_group_members",
			"Members that a group has.",
			by((_, index) => work[index]?.members ?? 0),
		),
		gauge(
			"varve_group_unowned_partitions",
			"Partitions of a group that no member has.",
			by((_, index) => work[index]?.unowned ?? 0),
		),
	];
}

function groupLabels({ stream, name }: Labels): { readonly [label: string]: string } {
	return { stream, group: name };
}

async function workOf({ groups }: Context, name: string) {
	const group = await groups.loaded(name);
	const stored = group ?? (await groups.find(name).catch(noneIfRefused));
	const partitions = stored && "checkpoints" in stored ? stored.checkpoints.length : 0;
	const unowned = group?.holds().filter(({ owner }) => owner === undefined).length;
	return { members: group?.members().length ?? 0, unowned: unowned ?? partitions };
}

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
		if (lag) told.push({ ...lag, one, labels: { stream: labelOf(stream), name } });
	}
	return told;
}

/** The other numbers do not depend on a log that cannot tell. */
function noneIfRefused(error: unknown): undefined {
	if (isRefusal(error)) return undefined;
	throw error;
}
