/**
 * Recognises the URLs of hot routes, by a regular expression each that is made from its path in the
 * table. A URL that an earlier path of the table could match is left to Express, which goes by the
 * table's order, and so is whatever cannot be decoded, since Express says why.
 */
import type { Method, Route, SegmentName } from "../routes.ts";
import { UNESCAPED } from "../urls.ts";
import type { Resource, RouteMatch } from "./resources.ts";

/** @returns undefined for a request that is not hot, or looks unusual */
export type Matcher = (method: string, url: string) => RouteMatch | undefined;

type HotPath = {
	readonly resource: Resource;
	readonly url: RegExp;
	/** Which capture of `url` is a segment; the query is the last. No match has those it lacks. */
	readonly at: { readonly [N in SegmentName]: number };
};

/** Beyond what a pattern captures. */
const NOWHERE = 99;

/** @param takes which routes it matches */
export function createMatcher(resources: readonly Resource[], takes = isHot): Matcher {
	const paths: { readonly [M in Method]: readonly HotPath[] } = {
		GET: pathsOf(resources, "GET", takes),
		PUT: pathsOf(resources, "PUT", takes),
		POST: pathsOf(resources, "POST", takes),
		DELETE: pathsOf(resources, "DELETE", takes),
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

function isHot(route: Route): boolean {
	return route.isHot;
}

function pathsOf(
	resources: readonly Resource[],
	method: Method,
	takes: (route: Route) => boolean,
): HotPath[] {
	return resources.flatMap((resource, index) => {
		const route = resource.routes.get(method);
		if (route === undefined || !takes(route)) return [];
		const { path, stream } = resource;
		if (stream !== undefined) throw new Error(`a hot route names its stream: ${path}`);
		const earlier = resources.slice(0, index).map((one) => one.path);
		const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
		const captureOf = (name: SegmentName) => names.indexOf(name) + 1 || NOWHERE;
		const at = {
			stream: captureOf("stream"),
			group: captureOf("group"),
			from: captureOf("from"),
			count: captureOf("count"),
			id: captureOf("id"),
			time: captureOf("time"),
			tile: NOWHERE,
			file: NOWHERE,
			path: NOWHERE,
		};
		return [{ resource, url: patternOf(path, earlier), at }];
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

/** Undefined if a segment cannot be decoded. */
function foundAt({ resource, at }: HotPath, match: RegExpExecArray): RouteMatch | undefined {
	try {
		const target = {
			query: match[match.length - 1] ?? "",
			stream: decoded(match[at.stream]),
			group: decoded(match[at.group]),
			from: decoded(match[at.from]),
			count: decoded(match[at.count]),
			id: decoded(match[at.id]),
			time: decoded(match[at.time]),
			tile: "",
			file: "",
			path: "",
		};
		return { resource, target };
	} catch {
		return undefined;
	}
}

/** @throws URIError */
function decoded(segment = ""): string {
	return segment.includes("%") ? decodeURIComponent(segment) : segment;
}
