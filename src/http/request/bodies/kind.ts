/**
 * How the body of a request is to be read, from its media type and from what tells more than that.
 */
import type { IncomingMessage } from "node:http";
import { Refusal } from "../../../errors.ts";
import { isAtomEntry } from "./atom-entry.ts";
import { type CloudEventKind, isBinaryCloudEvent } from "./cloudevents.ts";

/** How a body of some media type is to be read. */
export type BodyKind =
	| "batch"
	| "xml-batch"
	| "atom"
	| "atom-json"
	| "json"
	| "text"
	| "bytes"
	| "entry"
	| CloudEventKind;

const BODY_KINDS: ReadonlyMap<string, BodyKind> = new Map([
	["application/vnd.eventstore.events+json", "batch"],
	["application/vnd.kurrent.events+json", "batch"],
	["application/vnd.eventstore.event+json", "batch"],
	["application/vnd.kurrent.event+json", "batch"],
	["application/vnd.eventstore.events+xml", "xml-batch"],
	["application/vnd.eventstore.event+xml", "xml-batch"],
	["application/atom+xml", "atom"],
	["application/vnd.eventstore.atom+json", "atom-json"],
	["application/vnd.kurrent.atom+json", "atom-json"],
	["application/json", "json"],
	["text/xml", "text"],
	["application/xml", "text"],
	["application/octet-stream", "bytes"],
	["application/cloudevents+json", "cloudevent"],
	["application/cloudevents-batch+json", "cloudevents"],
]);
/**
 * Kinds whose events name their own ids and types. In the atom types they do as well, and the
 * server ignores the headers; but the contract requires the headers all the same.
 */
const SELF_NAMING: ReadonlySet<BodyKind> = new Set(["batch", "xml-batch", "entry"]);
/** The kinds that a client can send to a URL that holds the event's id. */
const AT_OWN_URL: ReadonlySet<BodyKind> = new Set(["atom", "atom-json", "json", "text"]);
const APPENDED = [...BODY_KINDS.keys()];
const APPENDED_ALONE = APPENDED.filter((name) => AT_OWN_URL.has(BODY_KINDS.get(name) as BodyKind));

/**
 * The kind of a body that is appended to a stream.
 * @throws Refusal `unsupported-media-type`
 */
export function appendKind(req: IncomingMessage): BodyKind {
	return kindByForm(req) ?? bodyKind(req, APPENDED);
}

/**
 * The kind of a body that is sent to a URL that holds the id of the event.
 * @throws Refusal `unsupported-media-type`
 */
export function incomingKind(req: IncomingMessage): BodyKind {
	return bodyKind(req, APPENDED_ALONE);
}

/**
 * The kind of a body that sets metadata (contract 5.1). Metadata is not an event of the client's
 * own. So a client cannot send it as a CloudEvent or an AtomPub entry, which name such an event. A
 * document alone has to be JSON, whatever type it comes as: other metadata does nothing (departure
 * 30).
 * @throws Refusal `unsupported-media-type`
 */
export function metadataKind(req: IncomingMessage): BodyKind {
	const names = [...BODY_KINDS].flatMap(([name, kind]) => (isCloudEvent(kind) ? [] : [name]));
	const own = kindByForm(req);
	if (own === undefined) {
		const kind = bodyKind(req, names);
		return kind === "text" || kind === "bytes" ? "json" : kind;
	}
	const form = own === "entry" ? "an entry of AtomPub" : "a CloudEvent, by its ce-… headers";
	const contentType = `${req.headers["content-type"] ?? ""}: ${form}`.slice(0, 256);
	throw new Refusal("unsupported-media-type", { contentType, available: names });
}

/** How a document about the store itself is written: a user, for example. */
export function documentKind(req: IncomingMessage): "json" | "xml" {
	const kind = bodyKind(req, ["application/json", "text/xml", "application/xml"]);
	return kind === "json" ? "json" : "xml";
}

/** Whether the events say their ids and types by themselves, so that no header has to. */
export function namesItsEvents(kind: BodyKind): boolean {
	return SELF_NAMING.has(kind) || isCloudEvent(kind);
}

/** Bodies that are told by more than the name of their media type. */
function kindByForm(req: IncomingMessage): BodyKind | undefined {
	const coding = req.headers["content-encoding"] ?? "identity";
	if (coding !== "identity") return undefined;
	if (isAtomEntry(req)) return "entry";
	return isBinaryCloudEvent(req) ? "cloudevent-binary" : undefined;
}

export function isCloudEvent(kind: BodyKind): boolean {
	return kind.startsWith("cloudevent");
}

/**
 * @throws Refusal `unsupported-media-type`; also for a charset that is not UTF-8, and for a body
 * that is compressed. `malformed-header` for what is no media type.
 */
function bodyKind(req: IncomingMessage, available: readonly string[]): BodyKind {
	const contentType = req.headers["content-type"] ?? "";
	const [name = "", ...parameters] = contentType.toLowerCase().split(";");
	const kind = available.includes(name.trim()) ? BODY_KINDS.get(name.trim()) : undefined;
	const coding = req.headers["content-encoding"] ?? "identity";
	const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith("charset="));
	const isPlain = coding === "identity" && /^(charset="?utf-?8"?)?$/.test(charset ?? "");
	if (kind !== undefined && isPlain) return kind;
	// It is not a media type at all: another mistake than a media type that the server cannot read.
	if (/^[^/;\s][^/]*$/.test(contentType)) {
		const value = contentType.slice(0, 128);
		const reason = "It takes a media type, such as application/json.";
		throw new Refusal("malformed-header", { header: "Content-Type", value, reason });
	}
	const sent = coding === "identity" ? contentType : `${contentType}, Content-Encoding: ${coding}`;
	throw new Refusal("unsupported-media-type", { contentType: sent.slice(0, 256), available });
}
