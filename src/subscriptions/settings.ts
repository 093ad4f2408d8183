/**
 * The settings of a subscription, as the contract's configuration body has them (7.2), and ours:
 * `orderedBy`, `filter`, `maxInFlight`.
 */
import { Refusal } from "../errors.ts";
import { parseCriterion } from "../pages/criterion.ts";
import type { Criterion } from "../pages/filter.ts";
import { isFault, parsePath } from "../searching/path.ts";
import { isJsonObject } from "./json.ts";

/** A strategy decides which of several consumers gets a message. */
export type Strategy = (typeof STRATEGIES)[number];
export const STRATEGIES = [
	"RoundRobin",
	"DispatchToSingle",
	"Pinned",
	"PinnedByCorrelation",
	"OrderedByKey",
] as const;

export type Settings = DeliverySettings & CheckpointSettings & BufferSettings & SelectionSettings;

/** These settings decide which events the subscription delivers. */
export type SelectionSettings = {
	readonly resolveLinktos: boolean;
	/** The first number; -1 for the head of the stream at the time of the creation. */
	readonly startFrom: number;
	/** With the members of the query of a filtered feed (contract 4.3); undefined for every event. */
	readonly filter: Criterion | undefined;
};

export type DeliverySettings = {
	/** After so long without an answer a message is delivered again; 0 for at once. */
	readonly messageTimeoutMilliseconds: number;
	readonly maxRetryCount: number;
	/** Kept for clients that set it: over HTTP, a consumer is nothing that stays. */
	readonly maxSubscriberCount: number;
	readonly namedConsumerStrategy: Strategy;
	/** Of `OrderedByKey`: `stream`, or the path of a member of the data, such as `$.customer.id`. */
	readonly orderedBy: string;
	/** How many messages may be with consumers at a time. */
	readonly maxInFlight: number;
};

export type CheckpointSettings = {
	readonly checkPointAfterMilliseconds: number;
	readonly minCheckPointCount: number;
	readonly maxCheckPointCount: number;
};

export type BufferSettings = {
	readonly liveBufferSize: number;
	readonly bufferSize: number;
	readonly readBatchSize: number;
	readonly extraStatistics: boolean;
};

export const DEFAULTS: Settings = {
	resolveLinktos: false,
	startFrom: 0,
	messageTimeoutMilliseconds: 10_000,
	extraStatistics: false,
	maxRetryCount: 10,
	liveBufferSize: 500,
	bufferSize: 500,
	readBatchSize: 20,
	checkPointAfterMilliseconds: 1000,
	minCheckPointCount: 10,
	maxCheckPointCount: 500,
	maxSubscriberCount: 10,
	namedConsumerStrategy: "RoundRobin",
	orderedBy: "stream",
	maxInFlight: 10_000,
	filter: undefined,
};

/** The largest value of each number: what is above it can only be a mistake, or an attack. */
const MOST: { readonly [name: string]: number } = {
	messageTimeoutMilliseconds: 24 * 60 * 60 * 1000,
	maxRetryCount: 2 ** 31 - 1,
	maxSubscriberCount: 2 ** 31 - 1,
	checkPointAfterMilliseconds: 2 ** 31 - 1,
	minCheckPointCount: 2 ** 31 - 1,
	maxCheckPointCount: 2 ** 31 - 1,
	liveBufferSize: 100_000,
	bufferSize: 100_000,
	readBatchSize: 4096,
	maxInFlight: 100_000,
};
const FLAGS = ["resolveLinktos", "extraStatistics"] as const;

/**
 * Reads a configuration body. The names of its members are case-insensitive, and those it does not
 * know are ignored, as by others; a value of the wrong type is refused.
 * @param body what JSON or XML had; undefined for none
 * @throws Refusal `invalid-subscription`, in the contract's words where it has some;
 *   `invalid-filter`
 */
export function parseSettings(body: unknown): Settings {
	if (body !== undefined && !isJsonObject(body)) throw invalid("The body must be a JSON object.");
	const given = new Map<string, unknown>();
	for (const [name, value] of Object.entries(body ?? {})) {
		if (value !== null) given.set(name.toLowerCase(), value);
	}
	const parsed = {
		...DEFAULTS,
		...flagsOf(given),
		...numbersOf(given),
		startFrom: startOf(given),
		namedConsumerStrategy: strategyOf(given),
		orderedBy: keyOf(given),
		filter: parseCriterion(given.get("filter"), (fault) => invalid(`Of the filter, ${fault}.`)),
	};
	check(parsed);
	return parsed;
}

/**
 * Reads where a subscription is to go on: `startFrom` or `startPosition`, as in its settings.
 * @throws Refusal `invalid-subscription`
 */
export function parseStart(body: ReadonlyMap<string, unknown>): number {
	const given = new Map([...body].map(([name, value]) => [name.toLowerCase(), value]));
	for (const name of given.keys()) {
		if (name !== "startfrom" && name !== "startposition") {
			throw invalid(`It takes startFrom, and not ${name.slice(0, 64)}.`);
		}
	}
	if (given.size === 0) throw invalid("startFrom must say where it goes on; -1 is the end.");
	return startOf(given);
}

function flagsOf(given: ReadonlyMap<string, unknown>): Partial<Settings> {
	const flags: { [name: string]: boolean } = {};
	for (const name of FLAGS) {
		const value = given.get(name.toLowerCase());
		if (value === undefined) continue;
		if (typeof value !== "boolean") throw invalid(`${name} must be true or false.`);
		flags[name] = value;
	}
	return flags;
}

function numbersOf(given: ReadonlyMap<string, unknown>): Partial<Settings> {
	const numbers: { [name: string]: number } = {};
	for (const [name, most] of Object.entries(MOST)) {
		const value = given.get(name.toLowerCase());
		if (value === undefined) continue;
		if (typeof value !== "number" || !Number.isInteger(value)) {
			throw invalid(`${name} must be a whole number.`);
		}
		if (value > most) throw invalid(`${name} (${value}) must not be larger than ${most}`);
		numbers[name] = value;
	}
	return numbers;
}

function startOf(given: ReadonlyMap<string, unknown>): number {
	const position = given.get("startposition");
	const text = typeof position === "number" ? String(position) : position;
	if (text !== undefined && !(typeof text === "string" && /^-?\d{1,15}$/.test(text))) {
		throw invalid("startPosition must be a whole number in a string.");
	}
	const value = text === undefined ? (given.get("startfrom") ?? DEFAULTS.startFrom) : Number(text);
	if (typeof value !== "number" || !Number.isSafeInteger(value)) {
		throw invalid("startFrom must be a whole number.");
	}
	if (value < -1) {
		throw invalid("Invalid Start From position: event number must be greater than or equal to -1.");
	}
	return value;
}

function strategyOf(given: ReadonlyMap<string, unknown>): Strategy {
	const name = given.get("namedconsumerstrategy") ?? "";
	const prefersRoundRobin = given.get("preferroundrobin") ?? true;
	if (typeof prefersRoundRobin !== "boolean") {
		throw invalid("preferRoundRobin must be true or false.");
	}
	if (name === "") return prefersRoundRobin ? "RoundRobin" : "DispatchToSingle";
	if (typeof name !== "string") throw invalid("namedConsumerStrategy must be a string.");
	const known = STRATEGIES.find((each) => each === name);
	if (known === undefined) throw invalid(`Consumer strategy ${name.slice(0, 64)} does not exist.`);
	return known;
}

function keyOf(given: ReadonlyMap<string, unknown>): string {
	const key = given.get("orderedby") ?? DEFAULTS.orderedBy;
	if (key === "stream") return key;
	const path = typeof key === "string" ? parsePath(key) : { at: 0, reason: "it is no text" };
	if (!isFault(path)) return key as string;
	throw invalid(`orderedBy must be "stream" or a path such as $.customer.id: ${path.reason}`);
}

function check(settings: Settings): void {
	const { bufferSize, liveBufferSize, readBatchSize, maxInFlight } = settings;
	if (bufferSize <= 0) throw invalid(`Buffer Size (${bufferSize}) must be positive`);
	if (liveBufferSize <= 0) throw invalid(`Live Buffer Size (${liveBufferSize}) must be positive`);
	if (readBatchSize <= 0) throw invalid(`Read Batch Size (${readBatchSize}) must be positive`);
	if (bufferSize <= readBatchSize) {
		throw invalid(
			`BufferSize (${bufferSize}) must be larger than ReadBatchSize (${readBatchSize})`,
		);
	}
	if (maxInFlight <= 0) throw invalid(`maxInFlight (${maxInFlight}) must be positive`);
	for (const name of Object.keys(MOST)) {
		const value = settings[name as keyof Settings];
		if (typeof value === "number" && value < 0) throw invalid(`${name} must not be negative.`);
	}
}

function invalid(reason: string): Refusal {
	return new Refusal("invalid-subscription", { reason });
}
