/**
 * Scavenging: one run at a time, step after step, while everything else goes on.
 *
 *     idle ──start──▶ running ──no step left──▶ Success
 *                        ├──stop()─────────────▶ Stopped
 *                        ├──a step fails───────▶ Errored     (a locked log makes it wait)
 *                        ├──close()────────────▶ Interrupted
 *                        └──the process ends, and the next one finds a run without an end:
 *                                               Interrupted
 *
 * A run that ended early keeps what it has erased; the next run does the rest.
 */
import { randomUUID } from "node:crypto";
import { isRefusal, Refusal } from "../../errors.ts";
import type { Leadership, Log, ScavengeStep } from "../../log/log.ts";
import { logFault, type OperatorLog } from "../../observe/operator-log.ts";
import { Journal, type Result, type Run } from "./journal.ts";
import { rest, untilUnlocked } from "./patience.ts";

export type ScavengeOptions = {
	/** The share of time in which the run works, in percent; for the rest it sleeps. */
	readonly throttlePercent: number;
	/**
	 * Other parameters of the contract, recorded with the run. They have no effect: there are no
	 * chunks.
	 */
	readonly noted: object;
};

type ActiveRun = {
	readonly id: string;
	readonly started: string;
	readonly ending: AbortController;
	readonly progress: { fraction: number; events: number; bytes: number };
	over: Promise<void>;
};

/** The run that is not over, and what it has erased. */
export type ScavengeProgress = {
	readonly id: string;
	/** ISO 8601. */
	readonly started: string;
	/** Of what it looks at, from 0 to 1; it tidies up behind that. */
	readonly fraction: number;
	readonly events: number;
	readonly bytes: number;
};

/** A step takes some 10 ms. One that took longer than this waited, for a lock or the disk. */
const WORKED_MS_MAX = 250;

/** A run that goes on elsewhere leaves half of the time to what comes with a fail-over. */
const THROTTLE_PERCENT = 50;

/** A run reports progress at each tenth of the streams, and at so many events, twice that, … */
const PROGRESS_EVENTS = 1000;

/**
 * @param node the address of this server
 * @param operatorLog gets the start and the end of each run
 * @param leadership of several servers over the log: only the one that leads scavenges
 */
export async function openScavenger(
	log: Log,
	node: string,
	operatorLog: OperatorLog,
	leadership?: Leadership,
): Promise<Scavenger> {
	const journal = new Journal(leadership?.log ?? log, node);
	const scavenger = new Scavenger(leadership?.log ?? log, journal, operatorLog);
	if (leadership?.isLeading ?? true) await scavenger.settle();
	leadership?.onChange((isLeading) => {
		if (isLeading) void scavenger.takeOver();
		else scavenger.interrupt();
	});
	return scavenger;
}

export class Scavenger {
	readonly #log: Log;
	readonly #journal: Journal;
	readonly #operatorLog: OperatorLog;
	#running: ActiveRun | undefined;
	#last: Run | undefined;
	/** Aborted when no run may go on, nor wait to write down its end. */
	readonly #closing = new AbortController();

	constructor(log: Log, journal: Journal, operatorLog: OperatorLog) {
		this.#log = log;
		this.#journal = journal;
		this.#operatorLog = operatorLog;
	}

	/**
	 * Records the end of a run that an earlier process did not live to see.
	 * @returns whether there was one
	 */
	async settle(): Promise<boolean> {
		try {
			const { run, wasOpen } = await settleLast(this.#journal);
			this.#last = run;
			return wasOpen;
		} catch (error) {
			// The server starts all the same, on a full disk for example.
			tellWithoutEnd(this.#operatorLog, error);
			return false;
		}
	}

	/** This server leads now: a run that the one before has left is begun anew here. */
	async takeOver(): Promise<void> {
		if (this.#running || !(await this.settle())) return;
		const options = { throttlePercent: THROTTLE_PERCENT, noted: {} };
		await this.start(options).catch((error: unknown) => logFault(this.#operatorLog, error));
	}

	/** Another server leads now. */
	interrupt(): void {
		this.#running?.ending.abort("Interrupted" satisfies Result);
	}

	/**
	 * Starts a run, and resolves with its id once that is on record.
	 * @throws Refusal `scavenge-running`, and those of an append
	 */
	async start({ throttlePercent, noted: options }: ScavengeOptions): Promise<string> {
		if (this.#closing.signal.aborted) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		if (this.#running) throw new Refusal("scavenge-running", { scavengeId: this.#running.id });
		const id = randomUUID();
		const progress = { fraction: 0, events: 0, bytes: 0 };
		const started = new Date().toISOString();
		const ending = new AbortController();
		const mine: ActiveRun = { id, started, ending, progress, over: Promise.resolve() };
		this.#running = mine;
		const noted = this.#journal.started(id, { throttlePercent, ...options });
		mine.over = noted.then(
			() => this.#run(mine, throttlePercent),
			() => {
				this.#running = undefined;
			},
		);
		await noted;
		return id;
	}

	/**
	 * Ends the run after the step it is at, and resolves with its id once it is over.
	 * @param id or `current`
	 * @throws Refusal `scavenge-not-found`
	 */
	async stop(id: string): Promise<string> {
		const running = this.#running;
		if (!running || (id !== running.id && id !== "current")) {
			throw new Refusal("scavenge-not-found", { scavengeId: id.slice(0, 64) });
		}
		running.ending.abort("Stopped" satisfies Result);
		await running.over;
		return running.id;
	}

	current(): string | undefined {
		return this.#running?.id;
	}

	progress(): ScavengeProgress | undefined {
		const running = this.#running;
		return running && { id: running.id, started: running.started, ...running.progress };
	}

	/** The newest run, even if an earlier process started it; undefined if there is none. */
	last(): Run | undefined {
		return this.#last;
	}

	/** Interrupts the active run; no run starts after it. */
	async close(): Promise<void> {
		this.#closing.abort();
		this.#running?.ending.abort("Interrupted" satisfies Result);
		await this.#running?.over;
	}

	async #run(run: ActiveRun, throttlePercent: number): Promise<void> {
		const { id } = run;
		this.#last = { id };
		this.#operatorLog.info("scavenge started", { scavengeId: id, throttlePercent });
		const ended = await scavenge(this.#log, this.#journal, run, throttlePercent);
		if (ended.error !== undefined) logFault(this.#operatorLog, ended.error);
		const error = ended.error instanceof Error ? { error: ended.error.message } : {};
		await this.#journal
			.completed(id, ended.result, { ...error, ...ended.facts }, this.#closing.signal)
			.catch((fault: unknown) => tellWithoutEnd(this.#operatorLog, fault));
		const told = { scavengeId: id, result: ended.result, ...ended.facts };
		this.#operatorLog.info("scavenge ended", told);
		this.#last = { id, result: ended.result };
		this.#running = undefined;
	}
}

/** Tells that the end of a run is not on record; a lock is no fault. */
function tellWithoutEnd(operatorLog: OperatorLog, error: unknown): void {
	if (!isRefusal(error, "log-locked")) logFault(operatorLog, error);
	else {
		operatorLog.warn(
			"another program holds a lock on the log, so the end of a scavenge is not on record yet",
		);
	}
}

async function settleLast(
	journal: Journal,
): Promise<{ readonly run: Run | undefined; readonly wasOpen: boolean }> {
	const last = await journal.newest();
	if (!last || last.result) return { run: last, wasOpen: false };
	const error = "The server stopped before the scavenge was over.";
	await journal.completed(last.id, "Interrupted", { error, timeTaken: timeSpan(0), spaceSaved: 0 });
	return { run: { id: last.id, result: "Interrupted" }, wasOpen: true };
}

type RunEnd = { readonly result: Result; readonly error?: unknown; readonly facts: object };

/** All steps of a run, and a rest after each. */
async function scavenge(
	log: Log,
	journal: Journal,
	{ id, ending: { signal }, progress }: ActiveRun,
	throttlePercent: number,
): Promise<RunEnd> {
	const began = performance.now();
	const erased = { events: 0, bytes: 0, tenths: 0, told: PROGRESS_EVENTS };
	const facts = () => ({
		timeTaken: timeSpan(performance.now() - began),
		spaceSaved: erased.bytes,
		eventsErased: erased.events,
	});
	try {
		for (let from = 0; ; ) {
			if (signal.aborted) return { result: signal.reason as Result, facts: facts() };
			const { step, tookMs } = await untilUnlocked(() => timed(log.scavenge(from)), signal);
			erased.events += step.events;
			erased.bytes += step.bytes;
			const fraction = step.next === undefined ? 1 : Math.min(1, step.next / step.end);
			Object.assign(progress, { fraction, events: erased.events, bytes: erased.bytes });
			if (step.next === undefined) break;
			from = step.next;
			const tenths = Math.min(10, Math.floor((10 * from) / step.end));
			if (tenths > erased.tenths || erased.events >= erased.told) {
				const chunks = { chunkStartNumber: erased.tenths, chunkEndNumber: tenths };
				await journal.progress(id, { ...chunks, wasScavenged: true, ...facts() }, signal);
				erased.tenths = tenths;
				while (erased.told <= erased.events) erased.told *= 2;
			}
			await rest(Math.min(tookMs, WORKED_MS_MAX) * (100 / throttlePercent - 1), signal);
		}
		return { result: "Success", facts: facts() };
	} catch (error) {
		// It was stopped while it waited.
		if (signal.aborted && isRefusal(error, "log-locked"))
			return { result: signal.reason as Result, facts: facts() };
		return { result: "Errored", error, facts: facts() };
	}
}

async function timed(
	taken: Promise<ScavengeStep>,
): Promise<{ step: ScavengeStep; tookMs: number }> {
	const before = performance.now();
	return { step: await taken, tookMs: performance.now() - before };
}

/** `hh:mm:ss.fffffff`, as clients of the contract read a span of time. */
function timeSpan(forMs: number): string {
	const seconds = Math.floor(forMs / 1000);
	const pad = (number: number) => String(number).padStart(2, "0");
	const fraction = String(Math.round((forMs % 1000) * 10_000))
		.padStart(7, "0")
		.slice(0, 7);
	const hours = Math.floor(seconds / 3600);
	return `${pad(hours)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}.${fraction}`;
}
