/**
 * The last hour in figures, kept in memory: one figure every ten seconds, in a ring.
 *
 *     oldest ─▶ ○ ○ ○ … ○ ○ ○ ◀─ newest     360 at most; a new one takes the place of the oldest
 *
 * Whoever draws charts of the server asks here, or `GET /stats/recent`, which gives the same.
 */

/** What a figure says of the time since the one before it, or of its moment. */
export type Figure = RatesFigure & LatencyFigure & StateFigure;

/** How many there were, in the time since the figure before. */
export type RatesFigure = {
	readonly requests: number;
	/** Answers with 5xx. */
	readonly failures: number;
	readonly events: number;
	/** Of the data and metadata of these events. */
	readonly eventBytes: number;
	/** Reads of the log. */
	readonly reads: number;
	/** Documents from the cache, and documents that had to be made. */
	readonly cacheHits: number;
	readonly cacheMisses: number;
};

/** Milliseconds; null if there was no commit. */
export type LatencyFigure = {
	readonly commitMsP50: number | null;
	readonly commitMsP99: number | null;
};

/** At the moment of the figure. */
export type StateFigure = {
	/** Events in the log; null while it cannot tell. */
	readonly logEvents: number | null;
	readonly longPolls: number;
	readonly liveReaders: number;
	readonly appendsWaiting: number;
	/** Null if nobody says. */
	readonly databaseBytes: number | null;
	readonly walBytes: number | null;
	/** Null if the system does not tell. */
	readonly diskFreeBytes: number | null;
};

export type TimedFigure = Figure & {
	/** Milliseconds since 1970. */
	readonly timeMs: number;
	/** The time that the counts are of: a process that is held up takes a figure later. */
	readonly seconds: number;
};

/** What draws charts needs to know. */
export interface RecentFigures {
	/** The time between two figures. */
	readonly everySeconds: number;
	/** The most figures that are kept. */
	readonly figuresMax: number;
	/** Oldest first. */
	figures(): readonly TimedFigure[];
}

const EVERY_MS = 10_000;
const FIGURES_MAX = 360;

/** Takes figures until it is closed. */
export class RecentRing implements RecentFigures {
	readonly everySeconds = EVERY_MS / 1000;
	readonly figuresMax = FIGURES_MAX;
	readonly #take: () => Promise<Figure>;
	readonly #onFault: (error: unknown) => void;
	readonly #figures: TimedFigure[] = [];
	readonly #timer: NodeJS.Timeout;
	#takenMs = performance.now();
	#running: Promise<void> | undefined;

	/** @param take makes a figure of the time since its last call */
	constructor(take: () => Promise<Figure>, onFault: (error: unknown) => void) {
		this.#take = take;
		this.#onFault = onFault;
		this.#timer = setInterval(() => this.takeNow(), EVERY_MS).unref();
	}

	figures(): readonly TimedFigure[] {
		return this.#figures;
	}

	/** Takes a figure now. If one is being taken already, it resolves with that one. */
	takeNow(): Promise<void> {
		this.#running ??= this.#takeOne().finally(() => {
			this.#running = undefined;
		});
		return this.#running;
	}

	/** Resolves when no figure is being taken any more. */
	async close(): Promise<void> {
		clearInterval(this.#timer);
		await this.#running;
	}

	async #takeOne(): Promise<void> {
		const nowMs = performance.now();
		const seconds = Math.round(nowMs - this.#takenMs) / 1000;
		this.#takenMs = nowMs;
		try {
			const figure = await this.#take();
			this.#figures.push({ timeMs: Date.now(), seconds, ...figure });
			if (this.#figures.length > FIGURES_MAX) this.#figures.shift();
		} catch (error) {
			this.#onFault(error);
		}
	}
}
