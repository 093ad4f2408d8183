/**
 * Reports to the operator the errors that end requests: faults of the server, and damage to the
 * log.
 *
 * Refusals are answers and are not reported. Damage is refused, too, but reported all the same:
 * each damaged part once a minute, however many requests meet it. A client that asks for it again
 * and again must not fill the operator's disk with the same report.
 */
import { describeDamage, isRefusal } from "../../errors.ts";
import { logFault, type OperatorLog } from "../../observe/operator-log.ts";
import { isRequestRefusal } from "./problems.ts";

export const QUIET_MS = 60_000;
/** Enough to see how far the damage reaches; `varve verify` names all of it. */
export const PARTS_MAX = 100;

/** The reports of one server; another one in the process makes its own. */
export class FaultReports {
	readonly #log: OperatorLog;
	readonly #damage = new ReportedDamage();

	constructor(log: OperatorLog) {
		this.#log = log;
	}

	/** Reports an error that the request did not cause. */
	readonly report = (error: unknown): void => {
		if (isRefusal(error, "log-damaged")) {
			const { part } = error.facts;
			if (this.#damage.isDue(part, performance.now())) {
				this.#log.error(describeDamage(error.facts));
			}
		} else if (!isRequestRefusal(error)) logFault(this.#log, error);
	};
}

/** The damaged parts that the operator was told of lately. */
export class ReportedDamage {
	/** When each part was told of, the oldest first. */
	readonly #reportedMs = new Map<string, number>();

	/** Whether to tell of `part` now, which then counts as told. */
	isDue(part: string, nowMs: number): boolean {
		for (const [earlier, atMs] of this.#reportedMs) {
			if (nowMs - atMs < QUIET_MS) break;
			this.#reportedMs.delete(earlier);
		}
		if (this.#reportedMs.has(part) || this.#reportedMs.size >= PARTS_MAX) return false;
		this.#reportedMs.set(part, nowMs);
		return true;
	}
}
