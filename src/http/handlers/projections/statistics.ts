/** How projections stand (contract 8.3). */
import type { StreamName } from "../../../event.ts";
import { describeFault, type Standing } from "../../../projections/status.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { projectionLocation, streamUrl } from "../../urls.ts";
import { answerJson, baseFor, checkAccept, type ProjectionTarget } from "./request.ts";

type Wanted = (standing: Standing) => boolean;

/** GET /projections, for programs: where the list is. */
export function answerProjections(exchange: Exchange): Answer {
	const location = `${baseFor(exchange)}/projections/any`;
	const body = "Moved";
	return {
		status: 302,
		headers: [
			"Location",
			location,
			"Content-Type",
			"text/plain; charset=utf-8",
			"Content-Length",
			"5",
		],
		body,
	};
}

/** GET /projections/any, /all-non-transient, /transient, /onetime and /continuous */
export function listing(isWanted: Wanted) {
	return async (exchange: Exchange, { query }: { query: string }): Promise<Answer> => {
		checkAccept(exchange, query);
		const standings = (await exchange.context.projections.standings()).filter(isWanted);
		const base = baseFor(exchange);
		return answerJson({ projections: standings.map((one) => shownOf(base, one)) });
	};
}

/** GET /projection/{name} */
export async function answerProjection(
	exchange: Exchange,
	{ id, query }: ProjectionTarget,
): Promise<Answer> {
	checkAccept(exchange, query);
	const standing = await exchange.context.projections.standing(id);
	return answerJson(shownOf(baseFor(exchange), standing));
}

/** GET /projection/{name}/statistics: a list of one. */
export async function answerStatistics(
	exchange: Exchange,
	{ id, query }: ProjectionTarget,
): Promise<Answer> {
	checkAccept(exchange, query);
	const standing = await exchange.context.projections.standing(id);
	return answerJson({ projections: [shownOf(baseFor(exchange), standing)] });
}

/** The contract's members, and behind them ours. */
function shownOf(base: string, standing: Standing): object {
	const { name, mode, progress, work, resultStream } = standing;
	const url = projectionLocation(base, name);
	return {
		coreProcessingTime: work.scriptMs,
		version: standing.version,
		epoch: standing.epoch,
		effectiveName: name,
		writesInProgress: work.writing,
		readsInProgress: 0,
		partitionsCached: work.partitions,
		status: standing.status,
		stateReason: standing.reason,
		name,
		mode,
		position: progress.position,
		progress: percentOf(standing),
		lastCheckpoint: progress.lastCheckpoint,
		eventsProcessedAfterRestart: work.events,
		statusUrl: url,
		stateUrl: `${url}/state`,
		resultUrl: `${url}/result`,
		queryUrl: `${url}/query%3Fconfig=yes`,
		...(resultStream === undefined
			? {}
			: { resultStreamUrl: streamUrl(base, resultStream as StreamName) }),
		enableCommandUrl: `${url}/command/enable`,
		disableCommandUrl: `${url}/command/disable`,
		checkpointStatus: "",
		bufferedEvents: work.buffered,
		writePendingEventsBeforeCheckpoint: work.writing,
		writePendingEventsAfterCheckpoint: 0,
		...ownOf(base, standing),
	};
}

function ownOf(base: string, standing: Standing): object {
	const { progress, work, author, isSystem, isEnabled, fault, candidate } = standing;
	return {
		isEnabled,
		isSystem,
		author,
		lagEvents: progress.lag,
		handledEvents: progress.handled,
		emittedEvents: work.emitted,
		heapBytes: work.heapBytes,
		...(fault === undefined ? {} : { fault: { ...fault, description: describeFault(fault) } }),
		...(candidate === undefined ? {} : { candidate: shownOf(base, candidate) }),
	};
}

function percentOf({ progress: { next, end, lag } }: Standing): number {
	if (lag === 0 || end === 0) return 100;
	return Math.floor((1000 * next) / end) / 10;
}
