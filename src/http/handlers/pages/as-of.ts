/**
 * GET of a stream with `?as-of=`: its events up to a moment, and the object that they make, in
 * JSON. Values of the object are the bytes that were sent, so the document is put together as text.
 */
import { quote } from "../../../../feeds/json/string.ts";
import { type MediaType, mediaType } from "../../../../feeds/media.ts";
import { parseStreamName, type StreamName } from "../../../event.ts";
import type { Member, MergedEvent } from "../../../pages/as-of/merge.ts";
import { parseAsOf } from "../../../pages/as-of/query.ts";
import { readAsOf, type StreamAsOf } from "../../../pages/as-of/read.ts";
import { timeOf } from "../../../pages/moment.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { otherHistory } from "../../conditions/incarnation.ts";
import { baseOf } from "../../request/base.ts";
import { negotiateType } from "../../request/negotiation.ts";
import { urlsAt } from "../../urls.ts";

const TYPES: readonly MediaType[] = [mediaType("application/json", "json")];

/** Each request reads the stream anew, and no cache keeps the answer. */
const HEADERS = ["Cache-Control", "no-store", "Vary", "Accept"];

/** GET /streams/{stream}?as-of=… */
export async function answerStreamAsOf(
	exchange: Exchange,
	target: { stream: string; query: string },
): Promise<Answer> {
	const { context, req } = exchange;
	const type = negotiateType(req, target.query, TYPES);
	const stream = parseStreamName(target.stream);
	const asOf = parseAsOf(new URLSearchParams(target.query));
	const base = baseOf(req, context.settings.publicUrl);
	// The state of this history; a URL of another one is refused.
	otherHistory(exchange, target.query, false);

	const reads = context.access.readsFor(exchange.principal);
	const read = await readAsOf(reads, stream, asOf, context.log);

	const { event } = urlsAt(base, context.log);
	const events = read.events.map((one) => eventJson(one, event));
	const text = `${headJson(stream, read)},"events":[${events.join(",")}]${objectJson(read)}}`;
	return textAnswer(200, type.contentType, text, HEADERS);
}

/** Without the brace that closes it. */
function headJson(stream: StreamName, { at, last, first, from, events }: StreamAsOf): string {
	const newest = events.at(-1)?.entry;
	const isNewest = newest !== undefined && newest.version === at;
	const { position, created } = isNewest ? whenOf(newest) : {};
	const head = { stream, version: at, position, created, last, first, from };
	return JSON.stringify(head).slice(0, -1);
}

type EventUrl = (stream: StreamName, version: number) => string;

function eventJson(one: MergedEvent, urlOf: EventUrl): string {
	const { entry } = one;
	const { event, version, unresolved } = entry;
	const shown = unresolved ?? event;
	return JSON.stringify({
		version,
		...whenOf(entry),
		streamId: shown.stream,
		eventNumber: shown.version,
		...(unresolved ? {} : { eventId: event.id, eventType: event.type }),
		url: urlOf(shown.stream, shown.version),
		...("keys" in one ? { keys: one.keys } : { leftOut: one.leftOut }),
	});
}

function whenOf(entry: MergedEvent["entry"]) {
	const { position } = entry.link ?? entry.event;
	return { position, created: new Date(timeOf(entry)).toISOString() };
}

/** Nothing for events of several streams. */
function objectJson({ members, isObject }: StreamAsOf): string {
	if (!isObject) return "";
	const all = [...members];
	const replaced = all.filter(([, { before }]) => before !== undefined);
	return [
		`,"object":${composed(all, ({ json }) => json)}`,
		`"setBy":${composed(all, ({ setBy }) => String(setBy))}`,
		`"before":${composed(replaced, ({ before = "" }) => before)}`,
	].join(",");
}

function composed(
	members: readonly (readonly [string, Member])[],
	jsonOf: (member: Member) => string,
): string {
	return `{${members.map(([key, member]) => `${quote(key)}:${jsonOf(member)}`).join(",")}}`;
}
