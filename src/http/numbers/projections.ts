/**
 * The numbers of projections: the furthest behind first, and at most so many that series have a
 * limit.
 */
import { isRefusal } from "../../errors.ts";
import { counter, gauge, type Metric } from "../../observe/numbers/metric.ts";
import type { Standing } from "../../projections/status.ts";
import type { Context } from "../context.ts";
import { labelOf } from "./label.ts";

const TOLD_MAX = 100;
const FAULTED = "Fault";

/** Counts the projections that have stopped with a fault. */
export async function faultedProjections({ projections }: Context): Promise<number> {
	return countOf(await ownStandings(projections), FAULTED);
}

export async function projectionMetrics({ projections }: Context): Promise<Metric[]> {
	const own = await ownStandings(projections);
	const count = (word: string) => countOf(own, word);
	const told = [...own].sort((a, b) => b.progress.lag - a.progress.lag).slice(0, TOLD_MAX);
	const by = (value: (one: Standing) => number) =>
		told.map((one) => ({ value: value(one), labels: { projection: labelOf(one.name) } }));
	const usage = projections.around.scripts.usage();
	return [
		gauge("varve_projections", "Projections that the store has.", own.length),
		gauge("varve_projections_running", "Projections that run.", count("Running")),
		gauge(
			"varve_projections_faulted",
			"Projections that have stopped with a fault.",
			count(FAULTED),
		),
		gauge(
			"varve_projection_lag_events",
			"Events of the log that the projection has not come to.",
			by(({ progress }) => progress.lag),
		),
		counter(
			"varve_projection_handled_events_total",
			"Events that the handlers have seen, since the projection began.",
			by(({ progress }) => progress.handled),
		),
		counter(
			"varve_projection_emitted_events_total",
			"Events that it has written, since it started.",
			by(({ work }) => work.emitted),
		),
		counter(
			"varve_projection_script_seconds_total",
			"Seconds that its script took, since it started.",
			by(({ work }) => work.scriptMs / 1000),
		),
		gauge(
			"varve_projections_sandbox_bytes",
			"Memory of the processes of scripts.",
			usage.residentBytes,
		),
	];
}

/** The other numbers do not depend on a log that cannot tell. */
function noneIfRefused(error: unknown): Standing[] {
	if (isRefusal(error)) return [];
	throw error;
}

/** Gives the standings of the projections that clients made. */
async function ownStandings(projections: Context["projections"]): Promise<Standing[]> {
	const standings = await projections.standings().catch(noneIfRefused);
	return standings.filter(({ isSystem }) => !isSystem);
}

function countOf(standings: readonly Standing[], word: string): number {
	return standings.filter(({ status }) => status.startsWith(word)).length;
}
