/**
 * GET of a single event, in each of its forms.
 */
import { encodeEntryAtom } from "../../../feeds/atom/encode.ts";
import { encodeDataXml, encodeEventXml } from "../../../feeds/atom/event.ts";
import { encodeCloudEvent } from "../../../feeds/cloudevents/encode.ts";
import { encodeEntryJson } from "../../../feeds/json/encode.ts";
import { encodeEventJson } from "../../../feeds/json/event.ts";
import { EVENT_TYPES, type Format } from "../../../feeds/media.ts";
import type { Embed, Entry, EntryEvent } from "../../../feeds/model.ts";
import type { Written } from "../../cache/documents.ts";
import { ALL, type Position, parseStreamName, type StreamName, type Version } from "../../event.ts";
import { readEntry } from "../../pages/entry.ts";
import type { Answer } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { type Look, negotiateLook } from "../negotiation.ts";
import { otherHistory } from "../transport/incarnation.ts";
import { parseAt } from "../urls.ts";
import { answerWith, urlsAt } from "./page.ts";

/** An event as its URL names it, percent-decoded, nothing checked. */
export type EventTarget = { readonly stream: string; readonly at: string; readonly query: string };

export function answerEvent(exchange: Exchange, target: EventTarget): Answer | Promise<Answer> {
	const { context, req } = exchange;
	const look = negotiateLook(req, target.query, EVENT_TYPES, context.settings.publicUrl);
	const stream = parseStreamName(target.stream);
	const at = parseAt(stream, target.at);
	const other = otherHistory(exchange, target.query, at !== "head");
	if (other) return other;

	const { base, embed, type, coding } = look;
	const key = `${base}\n${stream}\n${at}\n${embed}\n${type.name}\n${coding}`;
	const ifNoneMatch = req.headers["if-none-match"];
	const kept = at === "head" ? undefined : context.documents.get(key);
	if (kept) return answerWith(kept, ifNoneMatch);
	if (at !== "head") return answerMade(exchange, key, () => write(exchange, stream, at, look));
	return context.log.last(stream).then((last) => {
		const once = `${key}\n${last}`;
		return answerMade(exchange, once, () => write(exchange, stream, at, look));
	});
}

async function answerMade(
	{ context, req }: Exchange,
	key: string,
	make: () => Promise<Written>,
): Promise<Answer> {
	return answerWith(await context.documents.make(key, make), req.headers["if-none-match"]);
}

async function write(
	{ context }: Exchange,
	stream: StreamName,
	at: Version | "head",
	look: Look,
): Promise<Written> {
	const entry = await readEntry(
		context.log,
		urlsAt(look.base, context.log.incarnation),
		stream,
		at,
	);
	return {
		text: encode(entry, look.type.format, look.embed),
		type: look.type,
		coding: look.coding,
		last: at === "head" ? placeIn(stream, entry.event) : at,
		sealed: at !== "head",
		headMaxAge: context.settings.headMaxAge,
		incarnation: context.log.incarnation,
	};
}

/** Where the event stands in the stream that was read; on `$all` that is its position. */
function placeIn(stream: StreamName, event: EntryEvent): Version | Position {
	return stream === ALL ? event.position : event.positionEventNumber;
}

function encode(entry: Entry, format: Format, embed: Embed): Uint8Array {
	if (format === "raw") return entry.event.data;
	return Buffer.from(encodeText(entry, format, embed));
}

function encodeText(entry: Entry, format: Exclude<Format, "raw">, embed: Embed): string {
	switch (format) {
		case "atom":
			return encodeEntryAtom(entry, embed);
		case "atom-json":
			return encodeEntryJson(entry, embed);
		case "event-json":
			return encodeEventJson(entry.event);
		case "event-xml":
			return encodeEventXml(entry.event);
		case "xml":
			return encodeDataXml(entry.event);
		case "cloudevents":
			return encodeCloudEvent(entry);
		case "json":
			return dataAsJson(entry.event);
		default:
			throw new Error(`an event by itself is not written as ${format}`);
	}
}

/** The data as it was sent, to the byte; what is no JSON becomes a JSON string of its text. */
function dataAsJson({ isJson, data }: EntryEvent): string {
	const text = Buffer.from(data).toString();
	return isJson && data.length > 0 ? text : JSON.stringify(text);
}
