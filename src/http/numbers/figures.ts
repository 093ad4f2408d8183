/** Makes the figures of the last hour: what each counts is what was added since the one before. */
import { ALL } from "../../event.ts";
import { between, type Counted, copyOf, quantile } from "../../observe/numbers/histogram.ts";
import type { Figure, RatesFigure } from "../../observe/numbers/recent.ts";
import type { Context } from "../context.ts";
import { countOf } from "./metrics.ts";

/** The figures of one server. */
export class Figures {
	readonly #context: () => Context;
	#before: RatesFigure = NOTHING;
	#commits: Counted | undefined;

	/** @param context asked for when a figure is taken */
	constructor(context: () => Context) {
		this.#context = context;
	}

	/** The next figure. */
	readonly take = async (): Promise<Figure> => {
		const context = this.#context();
		const { measured, room, longPolls, liveReaders } = context;
		const sizes = await measured.fileSizes();
		const logEvents = await countOf(context.log, ALL);
		const now = totalsOf(context);
		const { commitSeconds } = measured.activity;
		const commits = between(this.#commits, commitSeconds);
		const figure = {
			...since(this.#before, now),
			commitMsP50: milliseconds(quantile(0.5, commits)),
			commitMsP99: milliseconds(quantile(0.99, commits)),
			logEvents: logEvents ?? null,
			longPolls: longPolls.waiting(),
			liveReaders: liveReaders.connected(),
			appendsWaiting: measured.activity.waiting.appends,
			databaseBytes: sizes.database ?? null,
			walBytes: sizes.wal ?? null,
			diskFreeBytes: room.state()?.freeBytes ?? null,
		};
		this.#before = now;
		this.#commits = copyOf(commitSeconds);
		return figure;
	};
}

const NOTHING: RatesFigure = {
	requests: 0,
	failures: 0,
	events: 0,
	eventBytes: 0,
	reads: 0,
	cacheHits: 0,
	cacheMisses: 0,
};

function totalsOf({ requestNumbers, measured, documents }: Context): RatesFigure {
	const { written, readSeconds } = measured.activity;
	return {
		requests: requestNumbers.total(),
		failures: requestNumbers.total(5),
		events: written.events,
		eventBytes: written.bytes,
		reads: readSeconds.total,
		cacheHits: documents.asked.hits,
		cacheMisses: documents.asked.misses,
	};
}

function since(before: RatesFigure, now: RatesFigure): RatesFigure {
	return {
		requests: now.requests - before.requests,
		failures: now.failures - before.failures,
		events: now.events - before.events,
		eventBytes: now.eventBytes - before.eventBytes,
		reads: now.reads - before.reads,
		cacheHits: now.cacheHits - before.cacheHits,
		cacheMisses: now.cacheMisses - before.cacheMisses,
	};
}

/** To the microsecond. */
function milliseconds(seconds: number | undefined): number | null {
	return seconds === undefined ? null : Math.round(seconds * 1e6) / 1000;
}
