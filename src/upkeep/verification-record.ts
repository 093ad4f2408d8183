/** The record of verifications, in a file beside the log: its newest runs, with what they found. */
import type { Verification } from "../log/log.ts";
import { readUpkeep, writeUpkeep } from "./files.ts";

/**
 * `Sound` and `Damaged` have read everything; `Stopped` by a client, `Interrupted` with its server,
 * and `Failed`, for a reason that is no damage of the log, have not.
 */
export const RESULTS = ["Sound", "Damaged", "Stopped", "Interrupted", "Failed"] as const;
export type VerificationResult = (typeof RESULTS)[number];

/** A run; without a result it is not over. */
export type VerificationRun = {
	readonly id: string;
	/** ISO 8601. */
	readonly started: string;
	/** The share of time in which it worked. */
	readonly throttlePercent: number;
	readonly ended?: string;
	readonly result?: VerificationResult;
	/** Of a run that has read everything. */
	readonly found?: Omit<Verification, "ok">;
	/** Why it failed. */
	readonly error?: string;
};

export const RUNS_KEPT = 20;
const FILE = "verifications.json";

/** The newest first; what is no run is left out. */
export async function readRuns(directory: string): Promise<VerificationRun[]> {
	const value = await readUpkeep(directory, FILE);
	const runs = (value as { runs?: unknown } | undefined)?.runs;
	return Array.isArray(runs) ? runs.filter(isRun).slice(0, RUNS_KEPT) : [];
}

/** @throws the system's error, if the directory cannot be written */
export async function writeRuns(
	directory: string,
	runs: readonly VerificationRun[],
): Promise<void> {
	await writeUpkeep(directory, FILE, { runs });
}

function isRun(value: unknown): value is VerificationRun {
	if (typeof value !== "object" || value === null) return false;
	const { id, started, throttlePercent, ended, result, found } = value as Record<string, unknown>;
	if (typeof id !== "string" || !isTime(started) || !Number.isFinite(throttlePercent)) return false;
	const isOver = isTime(ended) && (RESULTS as readonly unknown[]).includes(result);
	if (!isOver && (ended !== undefined || result !== undefined)) return false;
	return found === undefined || isFound(found);
}

function isFound(value: unknown): boolean {
	if (typeof value !== "object" || value === null) return false;
	const { events, streams, erased, unproven, faults } = value as Record<string, unknown>;
	if (![events, streams, erased, unproven].every(Number.isSafeInteger)) return false;
	return Array.isArray(faults) && faults.every((fault) => typeof fault === "string");
}

function isTime(value: unknown): boolean {
	return typeof value === "string" && !Number.isNaN(Date.parse(value));
}
