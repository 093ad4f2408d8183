/** The options for caches in front of the server: what they may keep, and how to purge them. */
import { parseNetworks } from "../networks.ts";
import type { Option } from "../options.ts";
import { parseCaches } from "../purging/addresses.ts";

export type CachingSettings = {
	readonly headMaxAge: number;
	readonly sealedMaxAge: number;
	readonly tailLingerMs: number;
	readonly trustedCaches: string | undefined;
	readonly purgeUrl: string | undefined;
	readonly purgeMethod: string;
	readonly purgeBy: string;
};

export const CACHING_OPTIONS = [
	{
		name: "headMaxAge",
		flag: "head-max-age",
		kind: "whole-number",
		default: 0,
		min: 0,
		max: 86_400,
		help: "Seconds that a proxy may keep a head page, so that many pollers cost one request. 0: none.",
	},
	{
		name: "sealedMaxAge",
		flag: "sealed-max-age",
		kind: "whole-number",
		default: 31_536_000,
		min: 0,
		max: 31_536_000,
		help: "Seconds that caches may keep any page. Limits how long an unpurged copy outlives an erasure.",
	},
	{
		name: "tailLingerMs",
		flag: "tail-linger-ms",
		kind: "whole-number",
		default: 0,
		min: 0,
		max: 5000,
		help: "Milliseconds that the answer to a reader that waits (?wait=) waits for more events. Fewer, later answers.",
	},
	{
		name: "trustedCaches",
		flag: "trusted-caches",
		kind: "text",
		default: undefined,
		pattern: {
			test: { test: (text) => parseNetworks(text) !== undefined },
			reason: "it must be a list of addresses and networks such as 10.0.0.0/8, ::1",
		},
		help: "Caches that ask /authorize for each request, and so may keep pages that not everybody may read.",
	},
	{
		name: "purgeUrl",
		flag: "purge-url",
		kind: "text",
		default: undefined,
		placeholder: "URL,URL",
		shown: withoutCredentials,
		pattern: {
			test: { test: (text) => parseCaches(text) !== undefined },
			reason: "it must be a list of URLs such as http://user:password@varnish:6081",
		},
		help: "Caches to purge after deletes, metadata and erasures, such as http://varnish:6081.",
	},
	{
		name: "purgeMethod",
		flag: "purge-method",
		kind: "text",
		default: "PURGE",
		pattern: { test: /^(PURGE|BAN|POST)$/, reason: "it must be PURGE, BAN or POST" },
		help: "Method of the purge requests: PURGE, BAN, or POST.",
	},
	{
		name: "purgeBy",
		flag: "purge-by",
		kind: "text",
		default: "tags",
		pattern: { test: /^(tags|urls)$/, reason: "it must be tags or urls" },
		help: "tags: one request names many streams. urls: one for each page; not for Squid. See docs/caching.md.",
	},
] as const satisfies readonly Option[];

function withoutCredentials(urls: string): string {
	return (parseCaches(urls) ?? []).map(({ displayUrl }) => displayUrl).join();
}
