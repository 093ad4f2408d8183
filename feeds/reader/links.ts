/**
 * The few things a reader does with URLs. It makes the first URL itself, and the URL of an event of
 * `$all`; all others are links of the server. Links may carry a path prefix and a query of their
 * own. The reader never rebuilds them: it sets only their last segment (the count), `embed` and
 * `wait`.
 */
import type { PageRange } from "../geometry.ts";
import type { Link } from "../model.ts";

const HEX_POSITION = /^([0-9a-f]{16})[0-9a-f]{16}$/i;
const NUMBERED = /\/[0-9a-f]+\/(?:for|back)ward\/\d+$/i;
/** A number that no event has. */
const BEYOND = 2 ** 52;
const FORWARD = /\/([0-9a-f]+)\/forward\/(\d+)$/i;

/** The URL of a forward page. Positions of `$all` are written twice, 16 hexadecimal digits each. */
export function pageUrl(server: string, stream: string, range: PageRange): string {
	const base = new URL(server);
	const from = stream === "$all" ? hexPosition(Number(range.from)) : String(range.from);
	const prefix = base.pathname.replace(/\/+$/, "");
	base.pathname = `${prefix}/streams/${encodeURIComponent(stream)}/${from}/forward/${range.count}`;
	return base.href;
}

/** The URL of a page above every event: it is empty, and its `previous` link follows the newest. */
export function lastPageUrl(server: string, stream: string): string {
	const base = new URL(server);
	const from = stream === "$all" ? hexPosition(BEYOND) : String(BEYOND);
	const prefix = base.pathname.replace(/\/+$/, "");
	base.pathname = `${prefix}/streams/${encodeURIComponent(stream)}/${from}/backward/1`;
	return base.href;
}

/**
 * The URL of an event under `$all`, even if its own stream hides it.
 * @param own its URL in its own stream, whose query names the history
 */
export function eventOfAllUrl(server: string, position: number, own: string): string {
	const url = new URL(server);
	const prefix = url.pathname.replace(/\/+$/, "");
	url.pathname = `${prefix}/streams/%24all/${hexPosition(position)}`;
	url.search = new URL(own).search;
	return url.href;
}

/** The URL that leads to the page with the first event at or after a time (RFC 3339). */
export function momentUrl(server: string, stream: string, time: string): string {
	const base = new URL(server);
	const prefix = base.pathname.replace(/\/+$/, "");
	base.pathname = `${prefix}/streams/${encodeURIComponent(stream)}/at/${time}`;
	return base.href;
}

/** The URL of the public key of the server's log. */
export function keyUrl(server: string): string {
	const base = new URL(server);
	base.pathname = `${base.pathname.replace(/\/+$/, "")}/log/key`;
	return base.href;
}

/** The versions that a forward URL asks for; undefined for any other URL. */
export function rangeOf(url: string, stream: string): { from: number; count: number } | undefined {
	const match = FORWARD.exec(new URL(url).pathname);
	if (!match) return undefined;
	const digits = stream === "$all" ? HEX_POSITION.exec(match[1] ?? "")?.[1] : match[1];
	if (digits === undefined) return undefined;
	const from = Number.parseInt(digits, stream === "$all" ? 16 : 10);
	return { from, count: Number(match[2]) };
}

/** A page with the same start and another count. */
export function withCount(url: string, count: number): string {
	const changed = new URL(url);
	changed.pathname = changed.pathname.replace(/\d+$/, String(count));
	return changed.href;
}

/** A page of the same size with another start. */
export function withFrom(url: string, from: number, stream: string): string {
	const changed = new URL(url);
	const number = stream === "$all" ? hexPosition(from) : String(from);
	changed.pathname = changed.pathname.replace(FORWARD, (_, __, count) => {
		return `/${number}/forward/${count}`;
	});
	return changed.href;
}

/** Where the forward page starts that a link of `relation` leads to; undefined if there is none. */
export function linkedFrom(
	links: readonly Link[],
	relation: string,
	stream: string,
): number | undefined {
	const link = links.find((one) => one.relation === relation);
	return link && rangeOf(link.uri, stream)?.from;
}

/** The same page with whole events, which links of the server do not ask for. */
export function withBodies(url: string): string {
	const changed = new URL(url);
	changed.searchParams.set("embed", "body");
	return changed.href;
}

/** The same page for a reader that waits for its first event. */
export function withWait(url: string, seconds: number): string {
	const changed = new URL(url);
	changed.searchParams.set("wait", String(seconds));
	return changed.href;
}

/** The same page for a reader that does not wait. */
export function withoutWait(url: string): string {
	const changed = new URL(url);
	for (const name of ["wait", "slot"]) changed.searchParams.delete(name);
	return changed.href;
}

/**
 * The number of the history of these links. Links to pages by number carry it, except in the first
 * history. Undefined if there are no such links.
 */
export function historyOf(urls: readonly string[]): string | undefined {
	const lasting = urls.map((url) => new URL(url)).find(({ pathname }) => NUMBERED.test(pathname));
	return lasting && (lasting.searchParams.get("i") ?? "1");
}

function hexPosition(position: number): string {
	return position.toString(16).toUpperCase().padStart(16, "0").repeat(2);
}
