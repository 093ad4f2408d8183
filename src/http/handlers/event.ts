/**
 * GET of a single event, in each of its formats.
 */
import { EVENT_FORMATS, EVENT_TYPES, type EventMediaType } from "../../../feeds/formats/event.ts";
import type { EntryEvent } from "../../../feeds/model.ts";
import type { EncodedDocument } from "../../cache/documents.ts";
import { historyOf, secondsUntil } from "../../cache/policy.ts";
import { ALL, type Position, parseStreamName, type StreamName, type Version } from "../../event.ts";
import { readEntry } from "../../pages/entry.ts";
import type { Answer } from "../answering/answer.ts";
import {
	answerMade,
	answerSealed,
	type DocumentRequest,
	documentKey,
} from "../answering/document.ts";
import type { Exchange } from "../answering/exchange.ts";
import { otherHistory } from "../conditions/incarnation.ts";
import { resolveLinks } from "../request/headers.ts";
import { negotiateRepresentation, type Representation } from "../request/negotiation.ts";
import { parseAt, urlsAt } from "../urls.ts";

/** An event as its URL names it, percent-decoded, nothing checked. */
export type EventTarget = {
	readonly stream: string;
	readonly at: string;
	readonly query: string;
	/** As for a page. */
	readonly resolves?: boolean;
};

type EventRequest = {
	readonly stream: StreamName;
	readonly at: Version | "head";
	readonly representation: Representation<EventMediaType>;
	readonly resolve: boolean;
	readonly isUsual: boolean;
};

export function answerEvent(exchange: Exchange, target: EventTarget): Answer | Promise<Answer> {
	const { context, req } = exchange;
	const representation = negotiateRepresentation(
		req,
		target.query,
		EVENT_TYPES,
		context.settings.publicUrl,
	);
	const stream = parseStreamName(target.stream);
	const at = parseAt(stream, target.at);
	const other = otherHistory(exchange, target.query, at !== "head");
	if (other) return other;

	const usual = target.resolves ?? stream !== ALL;
	const resolve = resolveLinks(req) ?? usual;
	const request = { stream, at, representation, resolve, isUsual: resolve === usual };
	const document: DocumentRequest = {
		stream,
		key: documentKey(representation, `${stream}\n${at}`, resolve),
		lasting: at !== "head",
		// The tag of the head is that of its event, which may be older than the stream's last one.
		tagsAsOf: () => [],
	};
	const sealed = answerSealed(exchange, document);
	return sealed ?? answerRead(exchange, request, document);
}

async function answerRead(
	exchange: Exchange,
	request: EventRequest,
	document: DocumentRequest,
): Promise<Answer> {
	const { context } = exchange;
	const { stream, at } = request;
	const last = at === "head" ? await context.log.last(stream) : undefined;
	return answerMade(exchange, document, last, () => writeEvent(exchange, request));
}

async function writeEvent(
	{ context, principal }: Exchange,
	request: EventRequest,
): Promise<EncodedDocument> {
	const { stream, at, representation, isUsual } = request;
	const { type, coding, embed, base } = representation;
	const { log, settings, access } = context;
	const history = historyOf(log);
	const reads = access.readsFor(principal);
	const single = await readEntry(reads, urlsAt(base, log), request);
	const { entry, found, steadyUntil, cacheSeconds, streams, links } = single;
	const isHead = at === "head";
	const encoded = EVENT_FORMATS[type.format].encode(entry, embed);
	return {
		text: typeof encoded === "string" ? Buffer.from(encoded) : encoded,
		type,
		coding,
		snapshot: {
			last: isHead ? placeIn(stream, entry.event) : at,
			variant: isUsual ? 0 : 1,
			history,
		},
		lifetime: {
			sealed: !isHead && isUsual && steadyUntil === Infinity,
			headMaxAge: cacheSeconds ?? settings.headMaxAge,
			keepSeconds: isUsual ? secondsUntil(isHead ? undefined : steadyUntil) : 0,
		},
		streams,
		audience: { links, isWhole: true, ...(await access.sharingOf(stream, [found], true)) },
	};
}

/** Where the event stands in the stream that was read; on `$all` that is its position. */
function placeIn(stream: StreamName, event: EntryEvent): Version | Position {
	return stream === ALL ? event.position : event.positionEventNumber;
}
