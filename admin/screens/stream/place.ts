/** Which entries of a stream a visit shows: the place that its URL names. */
import { GRID, isSealed, neighbours, type PageRange } from "../../../feeds/geometry.ts";
import { ALL, parseStreamName, type StreamName } from "../../../src/event.ts";
import { pageUrl, parseCount, parseFrom } from "../../../src/http/urls.ts";
import { isIndexStream } from "../../../src/indexes/joins.ts";
import type { Visit } from "../../../src/screens.ts";
import { streamPath } from "../../parts/name.ts";

export type Place = {
	readonly stream: StreamName;
	readonly range: PageRange;
	/** Whether the URL is the stream's own. */
	readonly isHead: boolean;
	/** The number of the entry that is open in place. */
	readonly open: number | undefined;
};

/** A page shows as many rows as a person reads; a page of a program may have thousands. */
const ROWS_MAX = 100;
const NUMBER = /^\d{1,15}$/;

/** @throws Refusal as for a page of the stream */
export function placeOf({ path, target, query }: Visit): Place {
	const stream = parseStreamName(target.stream);
	const asked = query.get("open") ?? "";
	const open = NUMBER.test(asked) ? Number(asked) : undefined;
	if (path === "/streams/:stream") {
		const range = { direction: "backward", from: "head", count: GRID } as const;
		return { stream, range, isHead: true, open };
	}
	const direction = path.includes("/forward/") ? "forward" : "backward";
	const from = parseFrom(stream, target.from, direction);
	const count = Math.min(parseCount(target.count), ROWS_MAX);
	return { stream, range: { direction, from, count }, isHead: from === "head", open };
}

/** The path of a range's screen: of the newest entries, the stream's own. */
function rangePath(stream: StreamName, range: PageRange): string {
	return range.from === "head" ? streamPath(stream) : pageUrl("", stream, range);
}

/** The path on which an entry stands among its neighbours of the grid, opened in place. */
export function pathHolding(stream: StreamName, version: number, last: number): string {
	const high = version - (version % GRID) + GRID - 1;
	const range = { direction: "backward", from: high, count: GRID } as const;
	const path = high >= last ? streamPath(stream) : rangePath(stream, range);
	return `${path}?open=${version}`;
}

export type Around = { readonly newer: string | undefined; readonly older: string | undefined };

/** The pages beside a range, newest rows first or oldest rows first as the range itself. */
export function pagesAround({ stream, range }: Place, last: number): Around {
	if (range.direction === "forward") {
		const end = Number(range.from) + range.count;
		const start = Number(range.from);
		const newer = end <= last ? pageUrl("", stream, { ...range, from: end }) : undefined;
		const before = Math.max(0, start - range.count);
		const older = start > 0 ? pageUrl("", stream, { ...range, from: before }) : undefined;
		return { newer, older };
	}
	const { next } = neighbours(range, last);
	const older = next && rangePath(stream, next);
	if (range.from === "head" || !isSealed(range, last)) return { newer: undefined, older };
	return { newer: newerOf(stream, range.from, last), older };
}

function newerOf(stream: StreamName, from: number, last: number): string | undefined {
	if (from >= last) return undefined;
	// The rows above end on the grid.
	const high = from + GRID - ((from + 1) % GRID);
	if (high >= last) return streamPath(stream);
	return rangePath(stream, { direction: "backward", from: high, count: high - from });
}

/** Whether the entries are events of other streams. */
export function isIndexOf(stream: StreamName): boolean {
	return stream === ALL || isIndexStream(stream);
}
