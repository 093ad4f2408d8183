/**
 * The URLs that show events of a stream, for caches that know no tags: the targets of the server's
 * links, on the grid.
 *
 * Of each event: itself, the pages of 20 that hold it, forward and backward, and the pages of
 * bulk readers; in its own stream, in the indexes it joined, and in the log; each plain
 * and with `?embed=body`, and each forward one as a tail page. The other URLs (other counts, the short pages that lead to the grid,
 * streams of links) cannot be listed: a cache that is purged by URL must not keep them.
 */
import { setImmediate } from "node:timers/promises";
import { GRID, type PageRange } from "../../feeds/geometry.ts";
import { ALL, type RecordedEvent, type StreamName, type Version } from "../event.ts";
import { streamsJoined } from "../indexes/joins.ts";
import type { HiddenReads } from "../log/log.ts";

/** Writes the URLs of documents, as the edge does, without scheme and host. */
export type Paths = {
	event(stream: StreamName, at: Version): string;
	page(stream: StreamName, page: PageRange): string;
	/** The page with `?embed=body`. */
	pageWithEvents(stream: StreamName, page: PageRange): string;
	/** The page of those who wait for its first event. */
	tailPage(stream: StreamName, page: PageRange): string;
};

/** The page sizes of our reader, and of the readers to copy from (docs/recipes.md). */
const BULK = [1000, 500];
/** So many of the largest events are sure to fit into one read. */
const STEP = GRID;
/** Some seconds of purging; a stream with more paths is reported as too large. */
export const PATHS_MAX = 10_000;

/** @returns undefined if there are more than `PATHS_MAX` */
export async function pathsShowing(
	hidden: HiddenReads,
	paths: Paths,
	stream: StreamName,
): Promise<ReadonlySet<string> | undefined> {
	const found = new Set<string>();
	for (let from = 0; ; from += STEP) {
		const range = { stream, from, limit: STEP, direction: "forward", content: true } as const;
		const { entries, last } = await hidden.read({ ...range, resolve: false });
		for (const { event } of entries) {
			for (const path of await pathsOf(hidden, paths, event)) found.add(path);
			if (found.size > PATHS_MAX) return undefined;
			// The server serves other requests in between.
			await setImmediate();
		}
		if (from + STEP > last) return found;
	}
}

async function pathsOf(hidden: HiddenReads, paths: Paths, event: RecordedEvent): Promise<string[]> {
	const { stream, version, position } = event;
	const found = [...pathsAt(paths, stream, version), ...pathsAt(paths, ALL, position as number)];
	for (const joined of streamsJoined(event)) {
		const at = await versionIn(hidden, joined, position);
		if (at !== undefined) found.push(...pathsAt(paths, joined, at));
	}
	return found;
}

function pathsAt(paths: Paths, stream: StreamName, version: Version): string[] {
	const start = (count: number) => version - (version % count);
	const pages: PageRange[] = [
		{ direction: "forward", from: start(GRID), count: GRID },
		{ direction: "backward", from: start(GRID) + GRID - 1, count: GRID },
		...BULK.map((count): PageRange => ({ direction: "forward", from: start(count), count })),
	];
	const plain = pages.map((page) => paths.page(stream, page));
	const embedded = pages.map((page) => paths.pageWithEvents(stream, page));
	const tails = pages
		.filter(({ direction }) => direction === "forward")
		.map((page) => paths.tailPage(stream, page));
	return [paths.event(stream, version), ...plain, ...embedded, ...tails];
}

/** The version of the event at a position in an index, by binary search: both orders agree. */
async function versionIn(
	hidden: HiddenReads,
	stream: StreamName,
	position: number,
): Promise<Version | undefined> {
	const at = async (from: Version | "head") => {
		const range = { stream, from, limit: 1, direction: "backward", content: false } as const;
		return (await hidden.read({ ...range, resolve: false })).entries[0];
	};
	let low = 0;
	let high = (await at("head"))?.version ?? -1;
	while (low <= high) {
		const middle = Math.floor((low + high) / 2);
		const found = (await at(middle))?.event.position ?? -1;
		if (found === position) return middle;
		if (found < position) low = middle + 1;
		else high = middle - 1;
	}
	return undefined;
}
