/** The caches that are told of erasures, as `--purge-url` lists them. */

export type CacheAddress = {
	readonly url: URL;
	/** The credentials of the URL's userinfo as a header; undefined if it has none. */
	readonly authorization: string | undefined;
	/** The URL without its credentials, for messages and answers. */
	readonly displayUrl: string;
};

/** @returns undefined if an item is no http or https URL, or has a query or a fragment */
export function parseCaches(text: string): CacheAddress[] | undefined {
	const caches: CacheAddress[] = [];
	for (const item of text.split(",")) {
		const cache = parseCache(item.trim());
		if (!cache) return undefined;
		caches.push(cache);
	}
	return caches;
}

function parseCache(text: string): CacheAddress | undefined {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url?.protocol !== "http:" && url?.protocol !== "https:") return undefined;
	if (url.search || url.hash) return undefined;
	const { username, password } = url;
	url.username = "";
	url.password = "";
	const isNamed = username !== "" || password !== "";
	const user = decode(`${username}:${password}`);
	if (user === undefined) return undefined;
	const authorization = isNamed ? `Basic ${Buffer.from(user).toString("base64")}` : undefined;
	return { url, authorization, displayUrl: url.href.replace(/\/$/, "") };
}

function decode(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		// A lone % is no percent-encoding: the URL is mistyped.
		return undefined;
	}
}
