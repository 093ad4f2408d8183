/** A stream from its newest event down, page by page along the `next` links. */
import type { DecodedFeed } from "../../../feeds/model.ts";
import { damagedAt, ReadError } from "../../../feeds/reader/error.ts";
import { atOf, eventOf, lacksData, type ReadEvent } from "../../../feeds/reader/event.ts";
import { lastPageUrl, rangeOf, withCount } from "../../../feeds/reader/links.ts";
import {
	type ReaderSettings,
	type ReadOptions,
	settingsOf,
} from "../../../feeds/reader/options.ts";
import { fetchData, fetchPage } from "../../../feeds/reader/session.ts";
import { firstAt } from "../../../feeds/reader/span.ts";
import { explainDamage, Failure } from "../explain.ts";

const PAGE_SIZE = 20;
const NO_DATA = new Uint8Array(0);

/**
 * Reads a stream newest first; a stream without events yields none. If the log is damaged, it
 * yields all events down to the first that cannot be read.
 * @param from number of the first event; undefined is the head
 * @throws Failure, ReadError
 */
export async function* readBackward(
	options: ReadOptions,
	from: number | undefined,
): AsyncGenerator<ReadEvent> {
	try {
		yield* readDown(settingsOf(options), from, options.signal ?? new AbortController().signal);
	} catch (error) {
		if (!(error instanceof ReadError) || error.at === undefined) throw error;
		const { at } = error;
		const remedy = at > 0 ? `--from ${at - 1} continues after it` : "no older event is left";
		throw new Failure(explainDamage(error, at, remedy));
	}
}

async function* readDown(
	settings: ReaderSettings,
	from: number | undefined,
	signal: AbortSignal,
): AsyncGenerator<ReadEvent> {
	const top = await topOf(settings, from, signal);
	if (top !== undefined && top < 0) return;
	let url: string | undefined = pageDown(settings, top ?? "head", PAGE_SIZE);
	for (let start = top; url !== undefined && !signal.aborted; start = undefined) {
		const page = await fetchPage(url, settings, signal);
		if (page !== undefined && "damage" in page) {
			url = await closerTo(url, page.damage, settings, signal);
			continue;
		}
		for (const entry of page?.entries ?? []) {
			const at = atOf(entry, settings.stream, url);
			if (at === undefined) continue;
			const time = Date.parse(entry.updated);
			if (time < settings.since) return;
			if (time >= settings.until) continue;
			const data = lacksData(entry)
				? await fetchData(entry, settings, signal)
				: (entry.event?.data ?? NO_DATA);
			if (data !== undefined) yield eventOf(entry, at, data);
		}
		url = headBelow(start, page, settings) ?? linkOf(page, "next");
	}
}

/** The number to start from: undefined is the head, -1 says that there is nothing to read. */
async function topOf(
	settings: ReaderSettings,
	from: number | undefined,
	signal: AbortSignal,
): Promise<number | undefined> {
	if (settings.until === Number.POSITIVE_INFINITY) return from;
	const beyond = await firstAt(settings, settings.until, signal);
	if (beyond === undefined) return from;
	return Math.min(from ?? Number.POSITIVE_INFINITY, beyond - 1);
}

/** Pages above the head have no events; `next` would lead down to it twenty numbers at a time. */
function headBelow(
	start: number | undefined,
	page: DecodedFeed | undefined,
	settings: ReaderSettings,
): string | undefined {
	if (start === undefined || !page || page.entries.length > 0) return undefined;
	const last = lastBelow(page, settings);
	return last !== undefined && last < start ? pageDown(settings, last, PAGE_SIZE) : undefined;
}

/**
 * One damaged event makes its whole page fail. So this asks for single events down to it, until the
 * links are on the grid again.
 * @throws ReadError `damaged`, if the request was for that single event
 */
async function closerTo(
	url: string,
	reason: string,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<string> {
	const { pathname } = new URL(url);
	const [start = "", , count] = pathname.split("/").slice(-3);
	if (start === "head") return pageDown(settings, await lastOf(url, reason, settings, signal), 1);
	if (count !== "1") return withCount(url, 1);
	const at =
		settings.stream === "$all" ? Number.parseInt(start.slice(0, 16), 16) - 1 : Number(start);
	throw damagedAt(at, url, reason);
}

/** The number of the newest event: a page above it is empty, and links to the next events. */
async function lastOf(
	head: string,
	reason: string,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<number> {
	const page = await fetchPage(lastPageUrl(settings.server, settings.stream), settings, signal);
	const last = page !== undefined && "damage" in page ? undefined : lastBelow(page, settings);
	if (last === undefined) throw new Failure(`${head}: ${reason}`);
	return last;
}

/** The number of the newest event, from a page above it; undefined if there is none. */
function lastBelow(page: DecodedFeed | undefined, settings: ReaderSettings): number | undefined {
	const link = linkOf(page, "previous");
	const next = link && rangeOf(link, settings.stream)?.from;
	return next ? next - 1 : undefined;
}

function pageDown(
	{ server, stream }: ReaderSettings,
	from: number | "head",
	count: number,
): string {
	const start = stream === "$all" && from !== "head" ? boundaryAbove(from) : from;
	const base = server.endsWith("/") ? server : `${server}/`;
	return `${base}streams/${encodeURIComponent(stream)}/${start}/backward/${count}`;
}

/**
 * `$all` is addressed by boundaries between events, 32 hexadecimal digits each (the same 16 twice):
 * backward from a boundary starts with the event below it.
 */
export function boundaryAbove(position: number): string {
	return (position + 1).toString(16).toUpperCase().padStart(16, "0").repeat(2);
}

function linkOf(page: DecodedFeed | undefined, name: string): string | undefined {
	return page?.links.find(({ relation }) => relation === name)?.uri;
}
