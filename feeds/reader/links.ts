/**
 * The few things a reader does with URLs. It writes the first itself, and that of an event of
 * `$all`; all others are links of the server. Those may carry a path prefix and a query of their
 * own, and are never taken apart and rebuilt: only their last segment (the count) and `embed` are
 * set.
 */
import type { PageRange } from "../geometry.ts";

const HEX_POSITION = /^([0-9a-f]{16})[0-9a-f]{16}$/i;
const NUMBERED = /\/[0-9a-f]+\/(?:for|back)ward\/\d+$/i;
const FORWARD = /\/([0-9a-f]+)\/forward\/(\d+)$/i;

/** The URL of a forward page. Positions of `$all` are written twice, 16 hexadecimal digits each. */
export function pageUrl(server: string, stream: string, range: PageRange): string {
	const base = new URL(server);
	const from = stream === "$all" ? hexPosition(Number(range.from)) : String(range.from);
	const prefix = base.pathname.replace(/\/+$/, "");
	base.pathname = `${prefix}/streams/${encodeURIComponent(stream)}/${from}/forward/${range.count}`;
	return base.href;
}

/**
 * The URL under which `$all` has an event, whatever its own stream says of it.
 * @param own its URL in its own stream: the query of that says which history it is of
 */
export function eventOfAllUrl(server: string, position: number, own: string): string {
	const url = new URL(server);
	const prefix = url.pathname.replace(/\/+$/, "");
	url.pathname = `${prefix}/streams/%24all/${hexPosition(position)}`;
	url.search = new URL(own).search;
	return url.href;
}

/** Which versions a forward URL asks for; undefined for any other URL. */
export function rangeOf(url: string, stream: string): { from: number; count: number } | undefined {
	const match = FORWARD.exec(new URL(url).pathname);
	if (!match) return undefined;
	const digits = stream === "$all" ? HEX_POSITION.exec(match[1] ?? "")?.[1] : match[1];
	if (digits === undefined) return undefined;
	const from = Number.parseInt(digits, stream === "$all" ? 16 : 10);
	return { from, count: Number(match[2]) };
}

/** The same page start with another count. */
export function withCount(url: string, count: number): string {
	const changed = new URL(url);
	changed.pathname = changed.pathname.replace(/\d+$/, String(count));
	return changed.href;
}

/** The same page showing whole events, which links leave to the reader to ask for. */
export function withBodies(url: string): string {
	const changed = new URL(url);
	changed.searchParams.set("embed", "body");
	return changed.href;
}

/**
 * The number of the history that links are of: those to pages by number carry it, but in the first
 * one. Undefined where there are no such links.
 */
export function historyOf(urls: readonly string[]): string | undefined {
	const lasting = urls.map((url) => new URL(url)).find(({ pathname }) => NUMBERED.test(pathname));
	return lasting && (lasting.searchParams.get("i") ?? "1");
}

function hexPosition(position: number): string {
	return position.toString(16).toUpperCase().padStart(16, "0").repeat(2);
}
