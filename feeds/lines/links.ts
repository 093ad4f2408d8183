/**
 * The links of a page in a `Link` header (RFC 8288), which stands in for those that a feed has in
 * its document.
 *
 * The targets are relative to the page's own URL: a stream's name may have thousands of characters,
 * and ten links with it would outgrow what proxies take for all headers of an answer (nginx:
 * 4 KiB).
 */
import type { Link } from "../model.ts";

/** With the tags of an answer, which take up to 2 KiB, this stays below 4 KiB. */
const CHARACTERS_MAX = 1500;
/** Those a reader cannot do without: they are there, however long they are. */
const NEEDED: ReadonlySet<string> = new Set(["previous", "next"]);
/** The name of the contract, and the registered one for the same (RFC 8288 section 2.1.1). */
const REGISTERED: ReadonlyMap<string, string> = new Map([["metadata", "describedby"]]);

/** A target, and its parameters up to the next comma that is not in quotes. */
const LINK = /<([^>]*)>((?:[^",]|"(?:[^"\\]|\\.)*")*)/g;
const PARAMETER = /;\s*([^\s=;]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";]*)))?/g;
/** No honest server has more links on a page. */
const LINKS_MAX = 64;

/**
 * The value of the header. Links that would make it too long are left out, except for those to the
 * neighbouring pages.
 * @param page the URL of the page, if that is what it was asked for by: the links are then relative
 *   to it. All of them have its scheme and host
 */
export function encodeLinks(links: readonly Link[], page?: string): string {
	const byTarget = new Map<string, string[]>();
	for (const { relation, uri } of links) {
		const target = page === undefined ? uri : relativeTo(page, uri);
		const relations = byTarget.get(target) ?? [];
		byTarget.set(target, [...relations, REGISTERED.get(relation) ?? relation]);
	}
	const all = [...byTarget].map(([target, relations]) => ({
		text: `<${target}>; rel="${relations.join(" ")}"`,
		isNeeded: relations.some((relation) => NEEDED.has(relation)),
	}));
	let left = CHARACTERS_MAX;
	for (const { text, isNeeded } of all) if (isNeeded) left -= text.length;
	const kept = all.filter(({ text, isNeeded }) => {
		if (isNeeded) return true;
		const fits = text.length <= left;
		if (fits) left -= text.length;
		return fits;
	});
	return kept.map(({ text }) => text).join(", ");
}

/**
 * Reads a `Link` header; what is no link is passed over.
 * @param page the URL that the answer came from
 */
export function decodeLinks(header: string, page: string): Link[] {
	const links: Link[] = [];
	for (const [, target = "", parameters = ""] of header.matchAll(LINK)) {
		const relations = relationsIn(parameters);
		const uri = absolute(target, page);
		if (uri === undefined || links.length + relations.length > LINKS_MAX) continue;
		for (const relation of relations) links.push({ relation, uri });
	}
	return links;
}

/** Undefined if it cannot be one. It is parsed once: that is most of what a short page costs. */
function absolute(target: string, page: string): string | undefined {
	try {
		return new URL(target, page).href;
	} catch {
		return undefined;
	}
}

/** The first `rel` counts (section 3.3). A link with another context is not one of the page. */
function relationsIn(parameters: string): string[] {
	let relations: string | undefined;
	for (const [, name = "", quoted, plain = ""] of parameters.matchAll(PARAMETER)) {
		if (name.toLowerCase() === "anchor") return [];
		if (name.toLowerCase() === "rel") relations ??= quoted ?? plain;
	}
	return (relations ?? "").split(/\s+/).filter((relation) => relation !== "");
}

/** A reference to `target` from `page` (RFC 3986 section 4.2), which has the same origin. */
function relativeTo(page: string, target: string): string {
	const from = segments(page);
	const to = segments(target);
	from.pop();
	let shared = 0;
	while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++;
	const up = "../".repeat(from.length - shared);
	return `${up}${to.slice(shared).join("/")}${queryOf(target)}`;
}

function segments(url: string): string[] {
	return url.split("?", 1)[0]?.split("/") ?? [];
}

function queryOf(url: string): string {
	const at = url.indexOf("?");
	return at === -1 ? "" : url.slice(at);
}
