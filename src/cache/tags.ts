/**
 * The tags by which caches in front of this server find the documents that show a stream: in
 * `Cache-Tag` (commas, as CDNs and Varnish set-ups have it) and `Surrogate-Key` (spaces).
 *
 *     varve               every document: purging it empties the cache of us
 *     8e3d06dd0ba2dc8f    a stream: the first 16 digits of the SHA-256 of its name
 *     8e                  the same in brief, if a document shows more than TAGS_MAX streams
 *
 * A purge of a stream names both of its tags. So a header never outgrows what proxies take (nginx:
 * 4 KiB for all headers of an answer), and a page of many streams is purged once too often, never
 * once too seldom. An operator gets the same with `printf %s NAME | sha256sum | cut -c1-16`.
 */
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { StreamName } from "../event.ts";
import { upTo } from "../up-to.ts";

/** The tag of every document. */
export const EVERYTHING = "varve";

const TAG_DIGITS = 16;
/** 256 of them with their separators are less than TAGS_MAX of the others. */
const BRIEF_DIGITS = 2;
/** 48 · 17 bytes: both headers together stay below 2 KiB. */
const TAGS_MAX = 48;
/** As many streams as are read at a time; one that was pushed out costs a microsecond. */
const REMEMBERED_MAX = 20_000;

const remembered = new LRUCache<StreamName, string>(upTo(REMEMBERED_MAX));

/** The tags of a document that shows events of these streams. */
export function tagsOf(streams: readonly StreamName[]): string[] {
	if (streams.length <= TAGS_MAX) return [EVERYTHING, ...streams.map(tagOf)];
	return [EVERYTHING, ...new Set(streams.map((stream) => tagOf(stream).slice(0, BRIEF_DIGITS)))];
}

/** The tags that a purge of a stream has to name: those of every document that may show it. */
export function tagsToPurge(stream: StreamName): string[] {
	const tag = tagOf(stream);
	return [tag, tag.slice(0, BRIEF_DIGITS)];
}

/** Both headers, names and values in turn. */
export function tagHeaders(tags: readonly string[]): string[] {
	return ["Cache-Tag", tags.join(","), "Surrogate-Key", tags.join(" ")];
}

function tagOf(stream: StreamName): string {
	let tag = remembered.get(stream);
	if (tag === undefined) {
		tag = createHash("sha256").update(stream).digest("hex").slice(0, TAG_DIGITS);
		remembered.set(stream, tag);
	}
	return tag;
}
