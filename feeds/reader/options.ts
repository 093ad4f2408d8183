/**
 * The options of a reader, with defaults and bounds. Wrong values are refused, never adjusted.
 */

import { authorizationOf, type Credentials } from "../exchange/credentials.ts";
import type { Fetcher } from "../exchange/transport.ts";
import { COUNT_MAX } from "../geometry.ts";
import { parseTime } from "../time.ts";
import type { Progress } from "./pages/progress.ts";
import type { ReaderPlan } from "./step.ts";

export type ReadOptions = ReadTarget & ReadHabits & ReadReports & Partial<StandIns>;

/** The stream to read, and how far. */
export type ReadTarget = {
	/** The server, with its path prefix if it has one: `http://127.0.0.1:2113`. */
	readonly url: string;
	/** `$all`, `order-42`, `$ce-order` …, not percent-encoded. */
	readonly stream: string;
	/** Number of the first event to read: the version, on `$all` the position. Default 0. */
	readonly from?: number;
	/**
	 * Only events that were created at or after this moment: a `Date`, or a time as RFC 3339 writes
	 * it, with its offset. The server finds the first one.
	 */
	readonly since?: string | Date;
	/** Only events that were created before this moment; the reader ends at the first later one. */
	readonly until?: string | Date;
	/** True stays at the head for ever and waits for more; false (default) ends there. */
	readonly follow?: boolean;
	/**
	 * Events a page while catching up; default 1,000. Readers with the same size share cached pages.
	 */
	readonly pageSize?: number;
	/** Ends the iteration quietly. */
	readonly signal?: AbortSignal;
};

/** How the server is asked. */
export type ReadHabits = {
	/** How long the server may hold a request at the head; default 20. */
	readonly longPollSeconds?: number;
	/** A user and a password, or a token; sent only to the origin of `url`. */
	readonly credentials?: Credentials;
	/** Sent only to the origin of `url`, because they may hold credentials. */
	readonly headers?: Readonly<Record<string, string>>;
	/** Faults in a row before the reader gives up with `unanswered`; default: never. */
	readonly retriesMax?: number;
	/** Milliseconds of silence that count as a fault; a long poll adds its own. Default 30,000. */
	readonly timeoutMs?: number;
	/**
	 * The least milliseconds between two requests at the head that found nothing. Default 1,000.
	 */
	readonly pollIntervalMs?: number;
	/** Most bytes of one answer. Default 256 MiB: 20 of the largest events, with escaped JSON. */
	readonly bodyBytesMax?: number;
	/** Called with every fault, before the wait. */
	readonly onRetry?: (retry: Retry) => void;
};

/** What a reader tells of itself. */
export type ReadReports = {
	/** Called after each page whose events were handed out. */
	readonly onProgress?: (progress: Progress) => void;
	/**
	 * Called when an answer at the head had nothing new: all events that there were when it was asked
	 * for have been handed out. `askedMs` is when that was, by `performance.now()`.
	 */
	readonly onHead?: (askedMs: number) => void;
};

/** Replacements for `fetch` and the like, for tests and for other transports. */
export type StandIns = {
	readonly fetch: Fetcher;
	readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>;
	readonly random: () => number;
};

export type Retry = {
	readonly url: string;
	readonly reason: string;
	/** The number of this fault in a row: 1, 2, … */
	readonly faults: number;
	readonly delayMs: number;
};

/** All of it, decided. */
export type ReaderSettings = ReaderPlan &
	Required<Omit<ReadHabits, "credentials">> &
	ReadReports &
	StandIns & { readonly origin: string };

/** Larger pages are hardly faster, and take longer until the first event. */
export const PAGE_SIZE = 1000;

const NO_URL = "not a URL such as http://127.0.0.1:2113";
const BODY_BYTES_MAX = 256 * 1024 * 1024;
/** A timer of more than 2^31 ms would fire at once. */
const MILLISECONDS_MAX = 2_147_483_647;

/** @throws RangeError, TypeError */
export function settingsOf(options: ReadOptions): ReaderSettings {
	if (!URL.canParse(options.url)) throw new TypeError(`url: ${options.url} is ${NO_URL}`);
	const server = new URL(options.url);
	if (server.protocol !== "http:" && server.protocol !== "https:") {
		throw new TypeError(`url: ${options.url} is ${NO_URL}`);
	}
	if (options.stream === "" || !options.stream.isWellFormed()) {
		throw new TypeError(
			"stream: it is empty or not Unicode text; name one, such as order-42 or $all",
		);
	}
	// Every URL parser takes these for "here" and "one up", however they are escaped.
	if (options.stream === "." || options.stream === "..") {
		throw new TypeError(`stream: a URL cannot name ${options.stream}`);
	}
	const since = momentOf("since", options.since) ?? Number.NEGATIVE_INFINITY;
	const until = momentOf("until", options.until) ?? Number.POSITIVE_INFINITY;
	if (until < since) throw new RangeError(`until: ${options.until} is before since`);
	return {
		server: server.href,
		origin: server.origin,
		stream: options.stream,
		from: within("from", options.from, 0, 0, Number.MAX_SAFE_INTEGER - COUNT_MAX),
		since,
		until,
		follow: options.follow ?? false,
		pageSize: within("pageSize", options.pageSize, PAGE_SIZE, 1, COUNT_MAX),
		longPollSeconds: within("longPollSeconds", options.longPollSeconds, 20, 1, 3600),
		headers: headersOf(options),
		retriesMax: within("retriesMax", options.retriesMax, Number.POSITIVE_INFINITY, 0, 2 ** 31),
		timeoutMs: within("timeoutMs", options.timeoutMs, 30_000, 1, MILLISECONDS_MAX / 2),
		pollIntervalMs: within("pollIntervalMs", options.pollIntervalMs, 1000, 0, MILLISECONDS_MAX / 2),
		bodyBytesMax: within("bodyBytesMax", options.bodyBytesMax, BODY_BYTES_MAX, 1, 2 ** 32),
		onRetry: options.onRetry ?? (() => undefined),
		...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
		...(options.onHead === undefined ? {} : { onHead: options.onHead }),
		fetch: options.fetch ?? globalThis.fetch,
		sleep: options.sleep ?? sleepUnlessAborted,
		random: options.random ?? Math.random,
	};
}

function headersOf({ headers = {}, credentials }: ReadOptions): Readonly<Record<string, string>> {
	if (credentials === undefined) return headers;
	if (Object.keys(headers).some((name) => name.toLowerCase() === "authorization")) {
		throw new TypeError("credentials: headers have an Authorization, too; leave one out");
	}
	return { ...headers, authorization: authorizationOf(credentials) };
}

/** Milliseconds since 1970. */
function momentOf(name: string, given: string | Date | undefined): number | undefined {
	if (given === undefined) return undefined;
	const time = given instanceof Date ? given.getTime() : parseTime(given);
	if (time !== undefined && TIMES.test(timeText(time))) return time;
	const shown = given instanceof Date ? "this Date" : given;
	throw new RangeError(`${name}: ${shown} is not a time such as 2026-03-01T14:00:00Z`);
}

/** The years that RFC 3339 can write. */
const TIMES = /^\d{4}-/;

function timeText(time: number): string {
	return Number.isNaN(time) ? "" : new Date(time).toISOString();
}

function within(
	name: string,
	value: number | undefined,
	otherwise: number,
	min: number,
	max: number,
): number {
	if (value === undefined) return otherwise;
	if (Number.isInteger(value) && value >= min && value <= max) return value;
	throw new RangeError(`${name}: ${value} is not a whole number from ${min} to ${max}`);
}

/**
 * Resolves after `delayMs`, or as soon as `signal` aborts. It leaves no timer and no listener.
 */
function sleepUnlessAborted(delayMs: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) return resolve();
		const done = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", done);
			resolve();
		};
		const timer = setTimeout(done, delayMs);
		signal.addEventListener("abort", done);
	});
}
