/**
 * Recognises the URLs of hot routes, by a regular expression each that is made from its path in the
 * table. A URL that an earlier path of the table could match is left to Express, which goes by the
 * table's order, and so is whatever cannot be decoded, since Express says why.
 */
import type { Method, Target } from "../routes.ts";
import { UNESCAPED } from "../urls.ts";
import type { Found, Place } from "./places.ts";

/** @returns undefined for a request that is not hot, or looks unusual */
export type Matcher = (method: string, url: string) => Found | undefined;

type HotPath = {
	readonly place: Place;
	readonly url: RegExp;
	/** Of the segments that `url` captures; it captures the query behind them. */
	readonly names: readonly string[];
};

export function createMatcher(places: readonly Place[]): Matcher {
	const paths: { readonly [M in Method]: readonly HotPath[] } = {
		GET: hotPaths(places, "GET"),
		POST: hotPaths(places, "POST"),
		DELETE: hotPaths(places, "DELETE"),
	};
	return (method, url) => {
		const hot = Object.hasOwn(paths, method) ? paths[method as Method] : [];
		for (const path of hot) {
			const match = path.url.exec(url);
			if (match) return UNESCAPED.test(url) ? undefined : foundAt(path, match);
		}
		return undefined;
	};
}

function hotPaths(places: readonly Place[], method: Method): HotPath[] {
	return places.flatMap((place, index) => {
		if (!place.routes.get(method)?.isHot) return [];
		const { path } = place;
		const earlier = places.slice(0, index).map((one) => one.path);
		const names = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
		return [{ place, url: patternOf(path, earlier), names }];
	});
}

/**
 * @param earlier the paths that win over this one
 * @throws Error if the path has a wildcard, or is never come to
 */
export function patternOf(path: string, earlier: readonly string[]): RegExp {
	if (path.includes("*")) throw new Error(`a hot route has no wildcard: ${path}`);
	const segments = path.split("/");
	const taken = earlier.flatMap((one) => overlap(one.split("/"), segments) ?? []);
	const parts = segments.map((segment, at) => {
		if (!segment.startsWith(":")) return escapeText(segment);
		const not = taken
			.filter((one) => one.at === at)
			.map(({ text }) => `(?!${escapeText(text)}(?:[/?]|$))`);
		return `${not.join("")}([^/?#]+)`;
	});
	return new RegExp(`^${parts.join("/")}(?:\\?([^#]*))?$`);
}

/** A segment by which a URL of the path `later` is told to be one of `earlier` instead. */
type Taken = { readonly at: number; readonly text: string };

/**
 * @returns undefined if no URL is of both paths
 * @throws Error if every URL of `later` is of `earlier`
 */
function overlap(earlier: readonly string[], later: readonly string[]): Taken | undefined {
	const isOpen = earlier.at(-1)?.startsWith("*") ?? false;
	const fixed = isOpen ? earlier.slice(0, -1) : earlier;
	if (!isOpen && fixed.length !== later.length) return undefined;
	if (!fixed.every((segment, at) => canMeet(segment, later[at] ?? ""))) return undefined;
	const at = fixed.findIndex((segment, index) => !isNamed(segment) && isNamed(later[index] ?? ""));
	const text = fixed[at];
	if (text !== undefined) return { at, text };
	throw new Error(`${later.join("/")} is not come to: ${earlier.join("/")} is first`);
}

/** Whether a segment of a URL can be both. No name matches a segment without a character. */
function canMeet(one: string, other: string): boolean {
	if (one === other) return true;
	return one !== "" && other !== "" && (isNamed(one) || isNamed(other));
}

function isNamed(segment: string): boolean {
	return segment.startsWith(":");
}

function escapeText(text: string): string {
	return text.replace(/[$.*+?()[\]{}|^\\]/g, "\\$&");
}

function foundAt({ place, names }: HotPath, match: RegExpExecArray): Found | undefined {
	const target: Record<string, string> = { query: match[names.length + 1] ?? "" };
	for (let i = 0; i < names.length; i++) {
		const segment = decode(match[i + 1] ?? "");
		if (segment === undefined) return undefined;
		target[names[i] ?? ""] = segment;
	}
	return { place, target: target as Target };
}

/** Undefined if it cannot be decoded. */
function decode(segment: string): string | undefined {
	if (!segment.includes("%")) return segment;
	try {
		return decodeURIComponent(segment);
	} catch {
		return undefined;
	}
}
