/** The settings of a projection, as the contract's configuration has them (8.4), and ours. */
import { Refusal } from "../errors.ts";
import { isJsonObject } from "./json.ts";

export type ProjectionSettings = EmissionSettings & CheckpointSettings & PaceSettings;

/** What it may write. */
export type EmissionSettings = {
	/** Whether it may write events. */
	readonly emitEnabled: boolean;
	/** Whether it notes the streams that it writes to, so that they can be deleted with it. */
	readonly trackEmittedStreams: boolean;
	/** Whether it may write to streams that others write to as well. */
	readonly sharesEmittedStreams: boolean;
	/** How many events it writes in one append. */
	readonly maxWriteBatchLength: number;
	/** Known, kept and shown; writes follow one another, so that they are exactly once. */
	readonly maxAllowedWritesInFlight: number;
};

/** How often it keeps how far it is. */
export type CheckpointSettings = {
	/** Whether one that ends by itself writes down how far it is on its way there. */
	readonly checkpointsEnabled: boolean;
	/** The least time between two checkpoints; 0 leaves it to the server. */
	readonly checkpointAfterMs: number;
	/** So many events are worth a checkpoint. */
	readonly checkpointHandledThreshold: number;
	/** So many bytes of events that it passes over are worth one. */
	readonly checkpointUnhandledBytesThreshold: number;
};

export type PaceSettings = {
	/** How many events it takes in at a time. */
	readonly pendingEventsThreshold: number;
	/** How long its script may take for one event; undefined leaves it to the server. */
	readonly projectionExecutionTimeout: number | undefined;
};

export const DEFAULTS: ProjectionSettings = {
	emitEnabled: false,
	trackEmittedStreams: false,
	sharesEmittedStreams: false,
	checkpointsEnabled: true,
	checkpointAfterMs: 0,
	checkpointHandledThreshold: 4000,
	checkpointUnhandledBytesThreshold: 10_000_000,
	pendingEventsThreshold: 5000,
	maxWriteBatchLength: 500,
	maxAllowedWritesInFlight: 0,
	projectionExecutionTimeout: undefined,
};

/** Above these a value can only be a mistake: a day, 100 million events, a gigabyte … */
const MOST: { readonly [name: string]: number } = {
	checkpointAfterMs: 24 * 60 * 60 * 1000,
	checkpointHandledThreshold: 100_000_000,
	checkpointUnhandledBytesThreshold: 1 << 30,
	pendingEventsThreshold: 1_000_000,
	maxWriteBatchLength: 100_000,
	maxAllowedWritesInFlight: 1_000_000,
};
const FLAGS = ["emitEnabled", "trackEmittedStreams", "sharesEmittedStreams"] as const;
/** No handler needs longer for one event; a script that does is a fault. */
const EXECUTION_MS_MAX = 60_000;

/**
 * Reads a configuration body, which replaces all of the settings that it can hold: numbers that it
 * lacks become 0, and flags false (contract 8.4). Names that it does not know are ignored.
 * @throws Refusal `invalid-projection`, in the contract's words where it has some
 */
export function parseConfig(body: unknown, before: ProjectionSettings): ProjectionSettings {
	if (!isJsonObject(body)) throw invalid("Failed to parse the projection config");
	const config: { [name: string]: boolean | number } = {};
	for (const name of FLAGS) {
		const value = body[name] ?? false;
		if (typeof value !== "boolean") throw invalid(`${name} must be true or false.`);
		config[name] = value;
	}
	for (const [name, most] of Object.entries(MOST)) {
		const value = body[name] ?? 0;
		if (typeof value !== "number" || !Number.isInteger(value)) {
			throw invalid(`${name} must be a whole number.`);
		}
		if (value < 0 || value > most) throw invalid(`${name} must be from 0 to ${most}.`);
		config[name] = value;
	}
	const { checkpointsEnabled } = before;
	const projectionExecutionTimeout = timeoutIn(body.projectionExecutionTimeout ?? undefined);
	return { ...DEFAULTS, ...config, checkpointsEnabled, projectionExecutionTimeout };
}

/** Settings as an event of the log has them; what makes no sense is the default. */
export function settingsIn(value: unknown): ProjectionSettings {
	if (!isJsonObject(value)) return DEFAULTS;
	const known = Object.entries(DEFAULTS).map(([name, usual]) => {
		const given = value[name];
		const isTimeout = name === "projectionExecutionTimeout" && typeof given === "number";
		return [name, isTimeout || typeof given === typeof usual ? given : usual];
	});
	return Object.fromEntries(known) as ProjectionSettings;
}

function timeoutIn(value: unknown): number | undefined {
	if (value === undefined) return undefined;
	if (typeof value !== "number" || !Number.isInteger(value)) {
		throw invalid("projectionExecutionTimeout must be a whole number of milliseconds.");
	}
	if (value <= 0) {
		throw invalid(`projectionExecutionTimeout should be positive. Found : ${value}`);
	}
	if (value > EXECUTION_MS_MAX) {
		throw invalid(`projectionExecutionTimeout must not be larger than ${EXECUTION_MS_MAX}.`);
	}
	return value;
}

function invalid(reason: string): Refusal {
	return new Refusal("invalid-projection", { reason });
}
