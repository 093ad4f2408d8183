/**
 * What a webhook sends of its entries: thin, with links to documents that caches keep, or full,
 * with data and metadata as long as they are not too large.
 */
import { createHash } from "node:crypto";
import { encodeCloudEvent } from "../../../feeds/cloudevents/encode.ts";
import { quote, textOf } from "../../../feeds/json/string.ts";
import { isJsonText } from "../../../feeds/json/text.ts";
import type { Entry } from "../../../feeds/model.ts";
import type { StreamName, Version } from "../../event.ts";
import type { StreamEntry } from "../../log/log.ts";
import { composeEntry, type Urls } from "../../pages/entry.ts";
import type { Packed } from "../delivering/subject.ts";
import type { Shape, WebhookSettings } from "../webhooks/settings.ts";
import { binaryFields } from "./binary.ts";

/** Who sends: the fields that each request has. */
export type Sender = {
	readonly userAgent: string;
	readonly urls: Urls;
	/** Of the log: another history has other events at the same places. */
	readonly incarnation: number;
	/** Signs; see `signing/signatures.ts`. */
	sign(id: string, timestamp: number, body: Uint8Array): readonly string[];
};

/** Readers that follow links share this grid. */
const PAGE_SIZE = 20;
const NOTHING = new Uint8Array(0);
const ID_CHARACTERS = 27;

type Sent = Shape & Pick<WebhookSettings, "stream">;

/** @param uid of the webhook */
export function packEntries(
	uid: string,
	shape: Sent,
	sender: Sender,
	entries: readonly StreamEntry[],
): Packed {
	const id = idOf(uid, sender.incarnation, entries);
	const told = entries.map((entry) => toldOf(shape, sender.urls, entry));
	const { contentType, text, extra } = encode(shape, told);
	const body = typeof text === "string" ? Buffer.from(text) : text;
	const fixed = ["User-Agent", sender.userAgent, ...extra];
	if (contentType !== "") fixed.push("Content-Type", contentType);
	return { id, body, fields: (at) => [...fixed, ...sender.sign(id, at, body)] };
}

/**
 * The same entries have the same id in each attempt, also after a restart, and no other entries
 * have it.
 */
function idOf(uid: string, incarnation: number, entries: readonly StreamEntry[]): string {
	const places = entries.map(({ event, link }) => (link ?? event).position).join();
	const hash = createHash("sha256").update(`${uid} ${incarnation} ${places}`).digest("base64url");
	return `msg_${hash.replaceAll("-", "0").replaceAll("_", "1").slice(0, ID_CHARACTERS)}`;
}

/** An entry with where its documents are. */
export type Told = {
	readonly entry: Entry;
	/** Whether data and metadata are left out. */
	readonly isThin: boolean;
	/** Why they are, though they were asked for; "" if they were not. */
	readonly omitted: string;
	readonly at: Version;
	readonly event: string;
	readonly page: string;
};

function toldOf({ stream, payload, payloadBytesMax }: Sent, urls: Urls, found: StreamEntry): Told {
	const entry = composeEntry(urls, stream, found);
	const { data, metadata } = entry.event;
	const isTooLarge = data.length + metadata.length > payloadBytesMax;
	const isThin = payload === "thin" || isTooLarge;
	const from = found.version - (found.version % PAGE_SIZE);
	return {
		entry: isThin ? bare(entry) : entry,
		isThin,
		omitted: payload === "full" && isTooLarge ? "too large" : "",
		at: found.version,
		event: urls.event(found.event.stream as StreamName, found.event.version),
		page: urls.page(stream, { from, direction: "forward", count: PAGE_SIZE }),
	};
}

function bare(entry: Entry): Entry {
	const { linkMetadata: _, ...event } = entry.event;
	return { ...entry, event: { ...event, data: NOTHING, metadata: NOTHING } };
}

type Encoded = {
	readonly contentType: string;
	readonly text: string | Uint8Array;
	readonly extra: readonly string[];
};

function encode({ format }: Shape, told: readonly Told[]): Encoded {
	const [first] = told as readonly [Told];
	switch (format) {
		case "cloudevents":
			return {
				contentType: "application/cloudevents+json; charset=utf-8",
				text: cloudEventOf(first),
				extra: [],
			};
		case "cloudevents-batch":
			return {
				contentType: "application/cloudevents-batch+json; charset=utf-8",
				text: `[${told.map(cloudEventOf).join(",")}]`,
				extra: [],
			};
		case "cloudevents-binary": {
			const { data } = first.entry.event;
			const attributes = JSON.parse(cloudEventOf(first)) as Record<string, unknown>;
			const contentType = data.length === 0 ? "" : contentTypeIn(attributes);
			return { contentType, text: data, extra: binaryFields(attributes) };
		}
		case "json":
			return { contentType: "application/json; charset=utf-8", text: jsonOf(first), extra: [] };
	}
}

/** With the extension `dataref`, which says where the data is, and the page beside it. */
function cloudEventOf({ entry, event, page, at }: Told): string {
	const text = encodeCloudEvent(entry);
	const place = `,"dataref":${quote(event)},"page":${quote(page)},"at":${quote(String(at))}`;
	return insertBefore(text, place);
}

/** Attributes of ours stand before the data, which is the last member. */
function insertBefore(cloudEvent: string, members: string): string {
	const head = '{"specversion":"1.0"';
	return head + members + cloudEvent.slice(head.length);
}

function contentTypeIn({ datacontenttype }: Record<string, unknown>): string {
	const type = typeof datacontenttype === "string" ? datacontenttype : "";
	// An event may have been sent with anything as its type.
	return /^[!-~]+(?: *; *[!-~]+)*$/.test(type) ? type : "application/octet-stream";
}

/** Our JSON, in the shape that Standard Webhooks asks for: type, timestamp, data. */
function jsonOf({ entry, isThin, omitted, event: url, page, at }: Told): string {
	const { event } = entry;
	const place =
		`"id":${quote(event.eventId)},"stream":${quote(event.streamId)},"version":${event.eventNumber},` +
		`"position":${event.position},"at":${at},"event":${quote(url)},"page":${quote(page)}`;
	const content = isThin
		? ""
		: `${contentOf("content", event.data)}${contentOf("metadata", event.metadata)}`;
	const why = omitted === "" ? "" : `,"omitted":${quote(omitted)}`;
	return `{"type":${quote(event.eventType)},"timestamp":${quote(entry.updated)},"data":{${place}${content}${why}}}`;
}

function contentOf(name: string, bytes: Uint8Array): string {
	if (bytes.length === 0) return "";
	const text = textOf(bytes);
	if (isJsonText(text)) return `,"${name}":${text}`;
	return `,"${name}Base64":"${Buffer.from(bytes).toString("base64")}"`;
}
