/**
 * The media types of the API, and which of them a request gets.
 *
 * Every `vnd.eventstore` JSON type has a `vnd.kurrent` twin: the same document under a younger
 * name. A request is answered with the name it asked for.
 */
import Negotiator from "negotiator";

/** What kind of document a media type stands for; one codec serves each. */
export type Format =
	| "atom"
	| "atom-json"
	| "xml"
	| "json"
	| "event-xml"
	| "event-json"
	| "json-feed"
	| "event-stream"
	| "ndjson"
	| "cloudevents"
	| "raw";

export type MediaType = {
	/** As in `Accept`, without parameters. */
	readonly name: string;
	/** As in `Content-Type` of an answer. */
	readonly contentType: string;
	readonly format: Format;
};

const ATOM = mediaType("application/atom+xml", "atom");
const ATOM_JSON = mediaType("application/vnd.eventstore.atom+json", "atom-json");
const KURRENT_ATOM_JSON = mediaType("application/vnd.kurrent.atom+json", "atom-json");
const TEXT_XML = mediaType("text/xml", "xml");
const XML = mediaType("application/xml", "xml");
const JSON_DATA = mediaType("application/json", "json");
const EVENT_XML = mediaType("application/vnd.eventstore.event+xml", "event-xml");
const EVENT_JSON = mediaType("application/vnd.eventstore.event+json", "event-json");
const KURRENT_EVENT_JSON = mediaType("application/vnd.kurrent.event+json", "event-json");
const EVENTS_XML = mediaType("application/vnd.eventstore.events+xml", "event-xml");
const EVENTS_JSON = mediaType("application/vnd.eventstore.events+json", "event-json");
const KURRENT_EVENTS_JSON = mediaType("application/vnd.kurrent.events+json", "event-json");
const JSON_FEED = mediaType("application/feed+json", "json-feed");
const NDJSON = mediaType("application/x-ndjson", "ndjson");
const EVENT_STREAM = mediaType("text/event-stream", "event-stream");
const CLOUDEVENT = mediaType("application/cloudevents+json", "cloudevents");
const CLOUDEVENTS = mediaType("application/cloudevents-batch+json", "cloudevents");
const RAW = mediaType("application/octet-stream", "raw");

/** What a feed can be had as; the first is what a reader without a preference gets. */
export const FEED_TYPES: readonly MediaType[] = [
	ATOM,
	ATOM_JSON,
	KURRENT_ATOM_JSON,
	TEXT_XML,
	XML,
	JSON_DATA,
	EVENT_XML,
	EVENT_JSON,
	KURRENT_EVENT_JSON,
	EVENTS_XML,
	EVENTS_JSON,
	KURRENT_EVENTS_JSON,
	JSON_FEED,
	NDJSON,
	EVENT_STREAM,
	CLOUDEVENTS,
];

/** What a stream says about itself, to those who ask for it by name. */
export const DESCRIPTION_TYPES: readonly MediaType[] = [
	mediaType("application/vnd.eventstore.streamdesc+json", "json"),
	mediaType("application/vnd.kurrent.streamdesc+json", "json"),
];
/** What the head of a stream and its backward pages can be had as. */
export const DESCRIBED_FEED_TYPES: readonly MediaType[] = [...FEED_TYPES, ...DESCRIPTION_TYPES];

/** What a single event can be had as. */
export const EVENT_TYPES: readonly MediaType[] = [
	ATOM,
	ATOM_JSON,
	KURRENT_ATOM_JSON,
	TEXT_XML,
	XML,
	JSON_DATA,
	EVENT_XML,
	EVENT_JSON,
	KURRENT_EVENT_JSON,
	CLOUDEVENT,
	RAW,
];

const TEXT = mediaType("text/plain", "raw", "text/plain; charset=utf-8");

/** What a plain message can be had as. */
export const TEXT_TYPES: readonly MediaType[] = [JSON_DATA, TEXT_XML, XML, TEXT];
/** The same of an operator's routes, whose default the contract has as text. */
export const ADMIN_TYPES: readonly MediaType[] = [TEXT, JSON_DATA, TEXT_XML, XML];

/** Content codings we can produce, best first; `identity` always works. */
export type Coding = "br" | "gzip" | "identity";
const CODINGS: Coding[] = ["br", "gzip", "identity"];
/**
 * The library's types do not know its `preferred`: which one wins where the client has no order.
 */
type Encodings = {
	encoding(available: string[], options: { preferred: string[] }): string | undefined;
};

/** Values of `?format=`, each standing for an `Accept` of that one type. */
const FORMAT_QUERY: ReadonlyMap<string, string> = new Map([
	["json", JSON_DATA.name],
	["text", "text/plain"],
	["xml", TEXT_XML.name],
	["atom", ATOM.name],
	["atomxj", ATOM_JSON.name],
	["atomsvc", "application/atomsvc+xml"],
	["atomsvcxj", "application/vnd.eventstore.atomsvc+json"],
]);

/**
 * Picks the best of `available` for an `Accept` header (RFC 9110 section 12.5.1). No header means
 * anything will do. Parameters other than `q` are passed over: `application/json;charset=utf-8` is
 * JSON.
 * @returns undefined where nothing fits
 */
export function negotiate(
	accept: string | undefined,
	available: readonly MediaType[],
): MediaType | undefined {
	const header = accept?.trim() ? accept.replace(/;(?!\s*q\s*=)[^;,]*/gi, "") : undefined;
	const names = available.map((type) => type.name);
	const name = new Negotiator({ headers: { accept: header } }).mediaType(names);
	return available.find((type) => type.name === name);
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

function mediaType(
	name: string,
	format: Format,
	contentType = format === "raw" ? name : `${name}; charset=utf-8`,
): MediaType {
	return { name, contentType, format };
}
