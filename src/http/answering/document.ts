/**
 * Answers with a document: a page, a filtered page or a single event. Each takes of these steps, in
 * this order, those it can:
 *
 *     answerSealed    nothing can change the document any more, and it is kept
 *     answerAsOf      the stream's last version is known: the client has its tag, or the document
 *                     is kept because a client asked for it since the last append
 *     answerMade      the document is read and written, once for all requests at that moment
 *
 * The first two need no read, and every step answers 304 if the client has the document.
 */
import type { Document, EncodedDocument } from "../../cache/documents.ts";
import {
	cacheControl,
	type History,
	keepingHeaders,
	matches,
	mayBeUsed,
	varyBy,
} from "../../cache/policy.ts";
import type { Version } from "../../event.ts";
import type { Context } from "../context.ts";
import { type HeldTags, heldTags } from "../request/held-tags.ts";
import type { Representation } from "../request/negotiation.ts";
import type { Answer } from "./answer.ts";
import type { Exchange } from "./exchange.ts";

export type DocumentRequest = {
	/** All that the document depends on besides the events: see `documentKey`. */
	readonly key: string;
	/** Whether it can be sealed one day: its URL names a place in the stream, not the head. */
	readonly lasting: boolean;
	/**
	 * The tags that the document can have as of a last version of its stream: its size decides
	 * whether it is compressed. None if only the document itself can tell.
	 */
	tagsAsOf(last: Version, history: History): readonly string[];
	/** Whether it may hold links while it can change, so that its `Vary` has to say so. */
	readonly mayHoldLinks: boolean;
};

/**
 * @param path which document it is: the stream, and what is shown of it
 * @param resolve whether links show the events they lead to; both forms have one URL
 */
export function documentKey(
	representation: Representation,
	path: string,
	resolve: boolean,
): string {
	const { base, embed, type, coding } = representation;
	return `${resolve ? "" : "links\n"}${base}\n${path}\n${embed}\n${type.name}\n${coding}`;
}

/** The answer with the document that nothing can change, if it is kept. */
export function answerSealed(
	{ documents }: Context,
	{ key, lasting }: DocumentRequest,
	held: HeldTags,
): Answer | undefined {
	const kept = lasting ? documents.get(key) : undefined;
	return kept && answerWith(kept, held);
}

/**
 * The answer with the document as it is while `last` is the last version of its stream, if that
 * takes no read. Nothing but an append may change what the document shows.
 */
export function answerAsOf(
	{ documents, log, settings }: Context,
	request: DocumentRequest,
	last: Version,
	held: HeldTags,
): Answer | undefined {
	const tag = tagHeld(request, last, log, held);
	if (tag !== undefined) {
		const { headMaxAge, sealedMaxAge } = settings;
		const control = cacheControl(false, headMaxAge, undefined, sealedMaxAge);
		const waiting = mayBeUsed(control);
		const vary = varyBy({ links: request.mayHoldLinks, waiting });
		if (!isWantedInFull(held, waiting)) return notModified(keepingHeaders(control, tag, vary));
	}
	const kept = documents.get(keyAsOf(request.key, last));
	return kept && answerWith(kept, held);
}

/** The tag of the document as of `last`, if the client has it under that tag. */
export function tagHeld(
	request: DocumentRequest,
	last: Version,
	history: History,
	{ list }: HeldTags,
): string | undefined {
	if (list === undefined) return undefined;
	return request.tagsAsOf(last, history).find((tag) => matches(list, tag));
}

/**
 * Reads and writes the document, and answers with it.
 * @param last the last version of the stream that the document shows; undefined for a document that
 *   no append changes
 */
export async function answerMade(
	{ context, req }: Exchange,
	{ key }: DocumentRequest,
	last: Version | undefined,
	write: () => Promise<EncodedDocument>,
): Promise<Answer> {
	const once = last === undefined ? key : keyAsOf(key, last);
	return answerWith(await context.documents.make(once, write), heldTags(req));
}

/** A document that may change is another one after each append. */
function keyAsOf(key: string, last: Version): string {
	return `${key}\n${last}`;
}

/** The answer with a document that is at hand: 304 if the client has it. */
export function answerWith(document: Document, held: HeldTags): Answer {
	const { eTag, mayBeUsed } = document;
	const isHeld = eTag !== undefined && matches(held.list, eTag);
	if (isHeld && !isWantedInFull(held, mayBeUsed)) return notModified(document.notModifiedHeaders);
	return { status: 200, headers: document.headers, body: document.body };
}

function isWantedInFull({ isBehindCache }: HeldTags, mayBeUsed: boolean): boolean {
	return isBehindCache && mayBeUsed;
}

function notModified(headers: readonly string[]): Answer {
	return { status: 304, headers };
}
