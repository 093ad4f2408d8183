/**
 * Chooses the media type and the content coding of an answer. The media types stand in
 * `formats/`. A request is answered with the name it asked for.
 */
import Negotiator from "negotiator";

export type MediaType = {
	/** As in `Accept`, without parameters. */
	readonly name: string;
	/** As in `Content-Type` of an answer. */
	readonly contentType: string;
};

/** Content codings we can produce, best first; `identity` always works. */
export type Coding = "br" | "gzip" | "identity";
const CODINGS: Coding[] = ["br", "gzip", "identity"];
/**
 * The library's types do not know its `preferred`: which one wins if the client has no order.
 */
type Encodings = {
	encoding(available: string[], options: { preferred: string[] }): string | undefined;
};

/** Values of `?format=`, each standing for an `Accept` of that one type. */
const FORMAT_QUERY: ReadonlyMap<string, string> = new Map([
	["json", "application/json"],
	["text", "text/plain"],
	["xml", "text/xml"],
	["atom", "application/atom+xml"],
	["atomxj", "application/vnd.eventstore.atom+json"],
	["json-feed", "application/feed+json"],
	["ndjson", "application/x-ndjson"],
	["csv", "text/csv"],
	["cloudevents", "application/cloudevents-batch+json"],
	["event-stream", "text/event-stream"],
	["bytes", "application/octet-stream"],
	["atomsvc", "application/atomsvc+xml"],
	["atomsvcxj", "application/vnd.eventstore.atomsvc+json"],
]);

/** The words that `?format=` takes, for links of a browser, which cannot send `Accept`. */
export const FORMATS: readonly string[] = [...FORMAT_QUERY.keys()].filter(
	(name) => !name.startsWith("atomsvc"),
);

/**
 * Picks the best of `available` for an `Accept` header (RFC 9110 section 12.5.1). No header means
 * anything will do. Parameters other than `q` are passed over: `application/json;charset=utf-8` is
 * JSON.
 * @returns undefined if nothing fits
 */
export function negotiate<T extends MediaType>(
	accept: string | undefined,
	available: readonly T[],
): T | undefined {
	const header = accept?.trim() ? accept.replace(/;(?!\s*q\s*=)[^;,]*/gi, "") : undefined;
	const names = available.map((type) => type.name);
	const name = new Negotiator({ headers: { accept: header } }).mediaType(names);
	return available.find((type) => type.name === name);
}

/** Feeds that clients ask for and nobody writes here. */
export const OTHER_FEEDS: readonly MediaType[] = [
	"application/rss+xml",
	"application/rdf+xml",
	"text/rss+xml",
].map((name) => ({ name, contentType: name }));

/**
 * Atom, for readers that ask for feeds of another format alone: a server may answer with what it
 * has (RFC 9110 section 12.4.1), and they read Atom as well.
 */
export function atomInstead<T extends MediaType>(
	accept: string | undefined,
	available: readonly T[],
): T | undefined {
	if (negotiate(accept, OTHER_FEEDS) === undefined) return undefined;
	return available.find(({ name }) => name === "application/atom+xml");
}

/** Picks the coding for an `Accept-Encoding` header; no header means none. */
export function negotiateCoding(acceptEncoding: string | undefined): Coding {
	if (acceptEncoding === undefined || acceptEncoding === "") return "identity";
	const wishes: Encodings = new Negotiator({ headers: { "accept-encoding": acceptEncoding } });
	const best = wishes.encoding(CODINGS, { preferred: ["br", "gzip"] });
	return CODINGS.find((coding) => coding === best) ?? "identity";
}

/** The `Accept` header that `?format=` stands for; undefined for a word that is none of ours. */
export function acceptOfFormat(format: string): string | undefined {
	return FORMAT_QUERY.get(format);
}

/** @param isText whether the document is text: all of ours is in UTF-8, and says so */
export function mediaType<F extends string>(
	name: string,
	format: F,
	isText = true,
): MediaType & { readonly format: F } {
	return { name, contentType: isText ? `${name}; charset=utf-8` : name, format };
}
