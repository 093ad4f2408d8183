/** The position of a reader, kept at the server under a name, and the event that keeps it. */
import { POSITION_PREFIX } from "../bookkeeping.ts";
import { isRefusal, Refusal } from "../errors.ts";
import { ALL, parseStreamName, type RecordedEvent, type StreamName } from "../event.ts";
import { parseCriterion } from "../pages/criterion.ts";
import type { Criterion } from "../pages/filter.ts";

/** What a reader says of its place. */
export type Place = {
	readonly stream: StreamName;
	/** The number of the last event that it has handled; on `$all` its position. */
	readonly at: number;
	/** Of a reader of `$all` that reads only some of it. */
	readonly filter: Criterion | undefined;
	/** It is deleted if it was not renewed for so long; undefined for never. */
	readonly ttlSeconds: number | undefined;
};

export type ReaderPosition = Place & {
	readonly name: string;
	/** The login of whoever made it; "" if nobody is known. */
	readonly owner: string;
	/** The name of the log when it was saved: a history that replaced another has another one. */
	readonly log: string;
	/** Milliseconds since 1970. */
	readonly savedMs: number;
	/** The number of its event, which rises with each save. */
	readonly version: number;
};

export const SAVED = "$PositionSaved";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}$/;
/** Ten years: what is longer can only be a mistake. */
const TTL_SECONDS_MAX = 10 * 366 * 24 * 3600;

/** @throws Refusal `invalid-reader-position` */
export function parsePositionName(name: string): string {
	if (NAME.test(name)) return name;
	throw invalid(
		"A name has 1 to 128 of the characters A-Z a-z 0-9 . _ : @ ~ -, and begins with a letter or a " +
			"digit.",
	);
}

export function positionStream(name: string): StreamName {
	return `${POSITION_PREFIX}${name}` as StreamName;
}

/**
 * Reads a place as a client sends it.
 * @throws Refusal `invalid-reader-position`, `invalid-stream-name`
 */
export function parsePlace(given: ReadonlyMap<string, unknown>): Place {
	const stream = given.get("stream");
	if (typeof stream !== "string") throw invalid("stream must name the stream that is read.");
	const at = given.get("at");
	if (typeof at !== "number" || !Number.isSafeInteger(at) || at < 0) {
		throw invalid("at must be the number of the last event that was handled: 0 or more.");
	}
	const named = parseStreamName(stream);
	const filter = parseCriterion(given.get("filter"), (fault) =>
		invalid(`Of the filter, ${fault}.`),
	);
	if (filter && named !== ALL) throw invalid("Only a position in $all has a filter.");
	return { stream: named, at, filter, ttlSeconds: ttlIn(given.get("ttlSeconds") ?? undefined) };
}

export function dataOf({ stream, at, filter, ttlSeconds }: Place, owner: string, log: string) {
	return Buffer.from(JSON.stringify({ stream, at, filter, ttlSeconds, owner, log }));
}

/** @returns undefined for what the server did not write */
export function positionIn(event: RecordedEvent): ReaderPosition | undefined {
	try {
		const facts = JSON.parse(Buffer.from(event.data).toString());
		const place = parsePlace(new Map(Object.entries(facts)));
		const { owner, log } = facts;
		if (event.type !== SAVED || typeof owner !== "string" || typeof log !== "string") return;
		const name = event.stream.slice(POSITION_PREFIX.length);
		const { created: savedMs, version } = event;
		return { ...place, name, owner, log, savedMs, version };
	} catch (error) {
		// Whoever may write to the stream may have written anything.
		if (isRefusal(error) || error instanceof SyntaxError || error instanceof TypeError) return;
		throw error;
	}
}

/** Whether two places are of readers that see the same events. */
export function isSameReading(one: Place, other: Place): boolean {
	const text = ({ stream, filter }: Place) =>
		JSON.stringify([stream, filter?.context, filter?.type, filter?.data]);
	return text(one) === text(other);
}

function ttlIn(ttl: unknown): number | undefined {
	if (ttl === undefined) return undefined;
	if (typeof ttl === "number" && Number.isInteger(ttl) && ttl >= 1 && ttl <= TTL_SECONDS_MAX) {
		return ttl;
	}
	throw invalid(`ttlSeconds must be a whole number from 1 to ${TTL_SECONDS_MAX}.`);
}

function invalid(reason: string): Refusal {
	return new Refusal("invalid-reader-position", { reason });
}
