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
import { historyOf } from "../../cache/policy.ts";
import { ALL, type Position, parseStreamName, type StreamName, type Version } from "../../event.ts";
import { readEntry } from "../../pages/entry.ts";
import type { Answer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { otherHistory } from "../conditions/incarnation.ts";
import { resolveLinks } from "../request/headers.ts";
import { type Look, negotiateLook } from "../request/negotiation.ts";
import { parseAt, urlsAt } from "../urls.ts";
import { answerWith, secondsUntil } from "./page.ts";

/** An event as its URL names it, percent-decoded, nothing checked. */
export type EventTarget = {
	readonly stream: string;
	readonly at: string;
	readonly query: string;
	/** As for a page. */
	readonly resolves?: boolean;
};

type Wanted = {
	readonly stream: StreamName;
	readonly at: Version | "head";
	readonly look: Look;
	readonly resolve: boolean;
	readonly isUsual: boolean;
};

export function answerEvent(exchange: Exchange, target: EventTarget): Answer | Promise<Answer> {
	const { context, req } = exchange;
	const look = negotiateLook(req, target.query, EVENT_TYPES, context.settings.publicUrl);
	const stream = parseStreamName(target.stream);
	const at = parseAt(stream, target.at);
	const other = otherHistory(exchange, target.query, at !== "head");
	if (other) return other;

	const usual = target.resolves ?? stream !== ALL;
	const resolve = resolveLinks(req) ?? usual;
	const wanted = { stream, at, look, resolve, isUsual: resolve === usual };
	const { base, embed, type, coding } = look;
	const key = `${resolve ? "" : "links\n"}${base}\n${stream}\n${at}\n${embed}\n${type.name}\n${coding}`;
	const ifNoneMatch = req.headers["if-none-match"];
	const kept = at === "head" ? undefined : context.documents.get(key);
	if (kept) return answerWith(kept, ifNoneMatch);
	if (at !== "head") return answerMade(exchange, key, () => write(exchange, wanted));
	return context.log.last(stream).then((last) => {
		const once = `${key}\n${last}`;
		return answerMade(exchange, once, () => write(exchange, wanted));
	});
}

async function answerMade(
	{ context, req }: Exchange,
	key: string,
	make: () => Promise<Written>,
): Promise<Answer> {
	return answerWith(await context.documents.make(key, make), req.headers["if-none-match"]);
}

async function write({ context }: Exchange, wanted: Wanted): Promise<Written> {
	const { stream, at, look, isUsual } = wanted;
	const urls = urlsAt(look.base, context.log.incarnation);
	const history = historyOf(context.log);
	const single = await readEntry(context.log, urls, wanted);
	const { entry, steadyUntil, cacheSeconds, streams, changedBy } = single;
	const isHead = at === "head";
	return {
		text: encode(entry, look.type.format, look.embed),
		type: look.type,
		coding: look.coding,
		last: isHead ? placeIn(stream, entry.event) : at,
		sealed: !isHead && isUsual && steadyUntil === Infinity,
		headMaxAge: cacheSeconds ?? context.settings.headMaxAge,
		keepSeconds: isUsual ? secondsUntil(isHead ? undefined : steadyUntil) : 0,
		shown: isUsual ? 0 : 1,
		streams,
		changedBy,
		history,
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
