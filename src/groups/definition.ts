/** What a group is: which events it hands out, by which key, to how many partitions. */
import { keyBy } from "../../feeds/groups/key.ts";
import { GROUP_PREFIX } from "../bookkeeping.ts";
import { Refusal } from "../errors.ts";
import { parseStreamName, type StreamName } from "../event.ts";
import { parseCriterion } from "../pages/criterion.ts";
import type { Criterion } from "../pages/filter.ts";

export type Definition = {
	readonly stream: StreamName;
	/** Undefined for every event. */
	readonly filter: Criterion | undefined;
	/** As `feeds/groups/key.ts` has it. */
	readonly key: string;
	readonly partitions: number;
	readonly leaseMilliseconds: number;
	/** The first number; -1 for what comes from now on. It counts when the group is made. */
	readonly startFrom: number;
};

/** Each is a few numbers in memory, and in each checkpoint that is written. */
export const PARTITIONS_MAX = 1024;
/** A shorter one would be lost in a pause of the garbage collector. */
const LEASE_MS_MIN = 1000;
/** So long a partition may stand still if its member dies. */
const LEASE_MS_MAX = 5 * 60_000;
const LEASE_MS_USUAL = 10_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}$/;
const MEMBERS: ReadonlySet<string> = new Set([
	"stream",
	"filter",
	"key",
	"partitions",
	"leaseMilliseconds",
	"startFrom",
]);

/** @throws Refusal `invalid-group` */
export function parseGroupName(name: string): string {
	if (NAME.test(name)) return name;
	throw invalid(
		"A group's name has 1 to 128 of the characters A-Z a-z 0-9 . _ : @ ~ -, and begins with a " +
			"letter or a digit.",
	);
}

export function groupStream(name: string): StreamName {
	return `${GROUP_PREFIX}${name}` as StreamName;
}

/** @throws Refusal `invalid-group`, `invalid-stream-name` */
export function parseDefinition(given: ReadonlyMap<string, unknown>): Definition {
	for (const name of given.keys()) {
		if (!MEMBERS.has(name)) throw invalid(`A group has no setting ${name.slice(0, 64)}.`);
	}
	const stream = given.get("stream");
	if (typeof stream !== "string") throw invalid("stream must name the stream that is read.");
	const key = given.get("key") ?? "stream";
	if (typeof key !== "string" || keyBy(key) === undefined) {
		throw invalid('key must be "stream" or a path such as $.customer.id.');
	}
	return {
		stream: parseStreamName(stream),
		filter: parseCriterion(given.get("filter"), (fault) => invalid(`Of the filter, ${fault}.`)),
		key,
		partitions: whole(given, "partitions", undefined, 1, PARTITIONS_MAX),
		leaseMilliseconds: whole(
			given,
			"leaseMilliseconds",
			LEASE_MS_USUAL,
			LEASE_MS_MIN,
			LEASE_MS_MAX,
		),
		startFrom: whole(given, "startFrom", 0, -1, Number.MAX_SAFE_INTEGER),
	};
}

/**
 * Reads the number at which a group is to go on; -1 for the end of its stream.
 * @throws Refusal `invalid-group`
 */
export function parseReset(given: ReadonlyMap<string, unknown>): number {
	for (const name of given.keys()) {
		if (name !== "startFrom") throw invalid(`It takes startFrom, and not ${name.slice(0, 64)}.`);
	}
	return whole(given, "startFrom", undefined, -1, Number.MAX_SAFE_INTEGER);
}

/** The first setting in which two definitions differ that cannot be changed; undefined for none. */
export function fixedDifference(one: Definition, other: Definition): string | undefined {
	if (one.stream !== other.stream) return "stream";
	if (one.key !== other.key) return "key";
	const text = ({ filter }: Definition) =>
		JSON.stringify([filter?.context, filter?.type, filter?.data]);
	return text(one) === text(other) ? undefined : "filter";
}

function whole(
	given: ReadonlyMap<string, unknown>,
	name: string,
	usual: number | undefined,
	min: number,
	max: number,
): number {
	const value = given.get(name) ?? usual;
	if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) {
		return value;
	}
	throw invalid(`${name} must be a whole number from ${min} to ${max}.`);
}

function invalid(reason: string): Refusal {
	return new Refusal("invalid-group", { reason });
}
