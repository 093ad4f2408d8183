/**
 * Sends a purge to a cache: by tags in one request, or URL by URL.
 *
 *     by tags    BAN /            Cache-Tag: 8e3d06dd0ba2dc8f,8e     Surrogate-Key: the same
 *     by URLs    PURGE /streams/order-42/0/forward/20      Host and Accept as readers send them
 */
import { EVERYTHING, tagHeaders, tagsToPurge } from "../cache/tags.ts";
import type { StreamName } from "../event.ts";
import type { HiddenReads } from "../log/log.ts";
import type { CacheAddress } from "./addresses.ts";
import { callCache } from "./call.ts";
import { type Paths, pathsShowing } from "./paths.ts";
import type { Purge } from "./queue.ts";

/** Carries out one purge at one cache. */
export type Send = (purge: Purge, signal: AbortSignal) => Promise<void>;

/** The forms a cache that is purged by URL may keep, each under its own key. */
const FORMS = [
	"application/atom+xml",
	"application/vnd.eventstore.atom+json",
	"application/vnd.varve.events+ndjson",
];
/** Statuses of nginx for a document that it does not have. */
const ABSENT = [404, 412];
/** It answers 200 all the same (5.7, `findings/squid-purge.sh`), so its success is none. */
const SQUID = "Squid drops only one of the forms of a page that it keeps";

export function sendTags(cache: CacheAddress, method: string): Send {
	return async (purge, signal) => {
		const tags = purge === "everything" ? [EVERYTHING] : purge.streams.flatMap(tagsToPurge);
		const headers: Record<string, string> = {};
		const pairs = tagHeaders([...new Set(tags)]);
		for (let i = 0; i < pairs.length; i += 2) headers[pairs[i] as string] = pairs[i + 1] as string;
		await callCache(cache, { method, headers }, signal);
	};
}

export type UrlOptions = {
	readonly hidden: HiddenReads;
	readonly paths: Paths;
	readonly method: string;
	/** The host that readers ask for, if it is not the cache's own. */
	readonly host: string | undefined;
	/** Called with the reason if this way cannot purge it, and the operator has to. */
	readonly abandon: (reason: string) => void;
};

export function sendUrls(cache: CacheAddress, options: UrlOptions): Send {
	const { hidden, paths, method, host, abandon } = options;
	const named = host === undefined ? {} : { Host: host };
	async function purgeStream(stream: StreamName, signal: AbortSignal): Promise<void> {
		const found = await pathsShowing(hidden, paths, stream);
		if (!found) return abandon(`stream '${stream}' has too many pages to purge each by its URL`);
		let isSquid = false;
		for (const path of found) {
			for (const Accept of FORMS) {
				const headers = { Accept, ...named };
				const server = await callCache(cache, { method, path, headers, also: ABSENT }, signal);
				isSquid ||= /^squid\b/i.test(server);
			}
		}
		if (isSquid) abandon(`stream '${stream}': ${SQUID}`);
	}
	return async (purge, signal) => {
		if (purge === "everything")
			return abandon("the URLs of what was erased meanwhile are not known");
		for (const stream of purge.streams) await purgeStream(stream, signal);
	};
}
