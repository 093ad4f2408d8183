/**
 * Verifications of the log beside everything else: one run at a time, at a bounded rate.
 *
 *     idle ──start──▶ running ──all is read──▶ Sound, Damaged
 *                        ├──stop()──────────▶ Stopped
 *                        ├──close()─────────▶ Interrupted
 *                        ├──it cannot go on─▶ Failed
 *                        └──the process ends, and the next one finds a run without an end:
 *                                             Interrupted
 */
import { randomUUID } from "node:crypto";
import { Refusal } from "../errors.ts";
import type { Log, Verification, VerifyProgress } from "../log/log.ts";
import { logFault, type OperatorLog } from "../observe/operator-log.ts";
import {
	RUNS_KEPT,
	readRuns,
	type VerificationResult,
	type VerificationRun,
	writeRuns,
} from "./verification-record.ts";

export type VerificationsState = {
	/** The run that is not over, and how far it is. */
	readonly running: (VerificationRun & VerifyProgress) | undefined;
	/** Those that are over, the newest first. */
	readonly runs: readonly VerificationRun[];
};

type ActiveRun = {
	readonly run: VerificationRun;
	readonly ending: AbortController;
	progress: VerifyProgress;
	over: Promise<void>;
};

/**
 * @param directory that keeps the record
 * @param operatorLog gets the start and the end of each run
 */
export async function openVerifications(
	log: Pick<Log, "verify">,
	directory: string,
	operatorLog: OperatorLog,
): Promise<Verifications> {
	const runs = (await readRuns(directory)).map(settled);
	return new Verifications(log, directory, operatorLog, runs);
}

/** A run that an earlier process did not live to end. */
function settled(run: VerificationRun): VerificationRun {
	return run.result ? run : { ...run, ended: run.started, result: "Interrupted" };
}

export class Verifications {
	readonly #log: Pick<Log, "verify">;
	readonly #directory: string;
	readonly #operatorLog: OperatorLog;
	#runs: readonly VerificationRun[];
	#running: ActiveRun | undefined;
	#isClosed = false;

	/** As `openVerifications` makes it. */
	constructor(
		log: Pick<Log, "verify">,
		directory: string,
		operatorLog: OperatorLog,
		runs: readonly VerificationRun[],
	) {
		this.#log = log;
		this.#directory = directory;
		this.#operatorLog = operatorLog;
		this.#runs = runs;
	}

	/**
	 * Starts a run.
	 * @param throttlePercent the share of time in which it works; for the rest it sleeps
	 * @returns its id
	 * @throws Refusal `verification-running`, `shutting-down`
	 */
	start(throttlePercent: number): string {
		if (this.#isClosed) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		if (this.#running) {
			throw new Refusal("verification-running", { verificationId: this.#running.run.id });
		}
		const id = randomUUID();
		const run = { id, started: new Date().toISOString(), throttlePercent };
		const progress = { events: 0, fraction: 0 };
		const mine = { run, ending: new AbortController(), progress, over: Promise.resolve() };
		this.#running = mine;
		mine.over = this.#run(mine);
		return id;
	}

	/**
	 * Ends the run, and resolves with its id once it is over.
	 * @throws Refusal `verification-not-found`
	 */
	async stop(): Promise<string> {
		const running = this.#running;
		if (!running) throw new Refusal("verification-not-found", {});
		running.ending.abort("Stopped" satisfies VerificationResult);
		await running.over;
		return running.run.id;
	}

	state(): VerificationsState {
		const running = this.#running && { ...this.#running.run, ...this.#running.progress };
		return { running, runs: this.#runs };
	}

	/** The newest run that has read everything; undefined if none has. */
	lastWhole(): VerificationRun | undefined {
		return this.#runs.find(({ result }) => result === "Sound" || result === "Damaged");
	}

	/** Interrupts the run; none starts after it. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#running?.ending.abort("Interrupted" satisfies VerificationResult);
		await this.#running?.over;
	}

	async #run(mine: ActiveRun): Promise<void> {
		const { run } = mine;
		const { id: verificationId, throttlePercent } = run;
		this.#operatorLog.info("verification started", { verificationId, throttlePercent });
		await this.#record([run, ...this.#runs]);
		const end = await this.#verify(mine);
		this.#tell(run, end);
		const ended = new Date().toISOString();
		const runs = [{ ...run, ended, ...end }, ...this.#runs].slice(0, RUNS_KEPT);
		await this.#record(runs);
		this.#runs = runs;
		this.#running = undefined;
	}

	async #verify(mine: ActiveRun): Promise<End> {
		const { signal } = mine.ending;
		try {
			const percent = mine.run.throttlePercent;
			const onProgress = (progress: VerifyProgress) => {
				mine.progress = progress;
			};
			const { ok, ...found } = await this.#log.verify({ percent, signal, onProgress });
			return { result: ok ? "Sound" : "Damaged", found };
		} catch (error) {
			if (signal.aborted) return { result: signal.reason as VerificationResult };
			logFault(this.#operatorLog, error);
			return { result: "Failed", error: error instanceof Error ? error.message : String(error) };
		}
	}

	#tell({ id: verificationId }: VerificationRun, { result, found }: End): void {
		const { faults = [], ...counts } = found ?? {};
		const facts = { verificationId, result, ...counts };
		if (result === "Damaged") {
			const told = { ...facts, faults: faults.length, first: faults[0] };
			this.#operatorLog.error("verification ended: the log is damaged", told);
		} else this.#operatorLog.info("verification ended", facts);
	}

	/** Without a record the run goes on: its result is in the operator log, too. */
	async #record(runs: readonly VerificationRun[]): Promise<void> {
		await writeRuns(this.#directory, runs.slice(0, RUNS_KEPT)).catch((error: unknown) => {
			const reason = String(error);
			this.#operatorLog.warn("the record of a verification cannot be written", { reason });
		});
	}
}

type End = {
	readonly result: VerificationResult;
	readonly found?: Omit<Verification, "ok">;
	readonly error?: string;
};
