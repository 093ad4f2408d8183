/**
 * Answers with a document: a page, a filtered page or a single event. Each takes of these steps, in
 * this order, those it can:
 *
 *     answerSealed    nothing can change the document any more, and it is kept
 *     answerAsOf      the stream's last version is known: the client has its tag, or the document
 *                     is kept because clients asked for it since the last append
 *     answerMade      the document is read and written, once for all requests at that moment
 *
 * The first two need no read, and every step answers 304 if the client has the document.
 */
import { seesAll } from "../../access/access.ts";
import type { Document, DocumentKeys, EncodedDocument } from "../../cache/documents.ts";
import { fieldLines } from "../../cache/field-lines.ts";
import {
	cacheControl,
	type History,
	keepingHeaders,
	matches,
	mayBeUsed,
	privately,
	varyBy,
} from "../../cache/policy.ts";
import { ALL, type StreamName, type Version } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import { mayHoldLinks } from "../../pages/variant.ts";
import { type HeldTags, heldTags } from "../request/held-tags.ts";
import type { Representation } from "../request/negotiation.ts";
import { connectionOf } from "../sockets/connection.ts";
import type { Answer } from "./answer.ts";
import type { Exchange } from "./exchange.ts";

const NOTHING_MORE: readonly string[] = [];
/** The part of a request that decides on how it is answered with a document that is at hand. */
export type Asking = Pick<Exchange, "context" | "req" | "principal" | "isAnonymousIn">;

export type DocumentRequest = {
	readonly stream: StreamName;
	/** All that the document depends on besides the events: see `documentKey`. */
	readonly key: string;
	/** Whether it can be sealed one day: its URL names a place in the stream, not the head. */
	readonly lasting: boolean;
	/**
	 * The tags that the document can have as of a last version of its stream: its size decides
	 * whether it is compressed. None if only the document itself can tell.
	 */
	tagsAsOf(last: Version, history: History): readonly string[];
	/** What `answerAsOf` sent last with a 304: who polls asks again, in the same words. */
	unchanged?: Unchanged;
};

type Unchanged = {
	readonly tag: string;
	readonly isPublic: boolean;
	/** Whether a cache may use the document without asking. */
	readonly mayBeUsed: boolean;
	readonly lines: string;
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
	asking: Asking,
	{ key, lasting }: DocumentRequest,
): Answer | undefined {
	const kept = lasting ? keptFor(asking, key) : undefined;
	return kept && answerWith(asking, kept);
}

/**
 * The answer with the document as it is while `last` is the last version of its stream, if that
 * takes no read. Nothing but an append may change what the document shows.
 */
export function answerAsOf(
	asking: Asking,
	request: DocumentRequest,
	last: Version,
): Answer | undefined {
	const { access } = asking.context;
	const isPublic = asking.isAnonymousIn && access.isPublicNow(request.stream);
	// A gateway is told how long it may keep the document, which the document itself knows.
	const isForGateway = !isPublic && connectionOf(asking.req.socket).isTrustedCache;
	const tag = isForGateway ? undefined : tagHeld(asking, request, last);
	if (tag !== undefined) {
		const unchanged = unchangedAs(asking, request, tag, isPublic);
		if (!isWantedInFull(heldTags(asking.req), unchanged.mayBeUsed)) {
			return notModified(unchanged.lines);
		}
	}
	const kept = keptFor(asking, keyAsOf(request.key, last));
	return kept && answerWith(asking, kept);
}

function unchangedAs(
	{ context: { settings } }: Asking,
	request: DocumentRequest,
	tag: string,
	isPublic: boolean,
): Unchanged {
	const known = request.unchanged;
	if (known?.tag === tag && known.isPublic === isPublic) return known;
	const control = cacheControl(false, settings.headMaxAge, undefined, settings.sealedMaxAge);
	const waiting = mayBeUsed(control);
	const vary = varyBy({ links: mayHoldLinks(request.stream), waiting });
	const told = isPublic ? control : privately(control);
	const lines = fieldLines(keepingHeaders(told, tag, vary));
	const unchanged = { tag, isPublic, mayBeUsed: waiting, lines };
	request.unchanged = unchanged;
	return unchanged;
}

/**
 * The tag of the document as of `last`, if the client has it under that tag. Where entries may be
 * left out, only the document itself can tell.
 */
export function tagHeld(
	{ context, req, principal }: Pick<Asking, "context" | "req" | "principal">,
	request: DocumentRequest,
	last: Version,
): string | undefined {
	const { list } = heldTags(req);
	if (list === undefined) return undefined;
	const { stream } = request;
	if (!seesAll(principal) && (stream === ALL || isIndexStream(stream))) return undefined;
	return request.tagsAsOf(last, context.log).find((tag) => matches(list, tag));
}

/**
 * Reads and writes the document, and answers with it.
 * @param last the last version of the stream that the document shows; undefined for a document that
 *   no append changes
 */
export async function answerMade(
	asking: Asking,
	{ key }: DocumentRequest,
	last: Version | undefined,
	write: () => Promise<EncodedDocument>,
): Promise<Answer> {
	const { documents } = asking.context;
	if (last === undefined) {
		return answerWith(asking, await documents.make(keysFor(asking, key), write));
	}
	const keys = keysFor(asking, keyAsOf(key, last));
	return answerWith(asking, await documents.make(keys, () => turnOver().then(write)));
}

/**
 * Resolves when the requests that arrived by now were taken. Readers that poll one head ask for
 * the same page, as of the same version: those of one turn of the event loop share it. It is read
 * after the last of them came.
 */
function turnOver(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A document that everybody is shown in the same way is kept once. The others are kept for each
 * class of rights. With a scope, a client gets its own in any case: it may be shown less than
 * anonymous.
 */
function keysFor({ context: { access }, principal }: Asking, key: string): DocumentKeys {
	const ofClass = () => ofClassIn(key, access.classOf(principal));
	const { rights, name, scope } = principal;
	return {
		shared: scope === undefined ? key : ofClass(),
		ofClass,
		once: `${ofClassIn(key, rights)}\n${name}`,
	};
}

function keptFor({ context, principal }: Asking, key: string): Document | undefined {
	const { documents, access } = context;
	const shared = principal.scope === undefined ? documents.get(key) : undefined;
	return shared ?? documents.get(ofClassIn(key, access.classOf(principal)));
}

function ofClassIn(key: string, rights: string): string {
	return `${key}\n${rights}`;
}

/** A document that may change is another one after each append. */
function keyAsOf(key: string, last: Version): string {
	return `${key}\n${last}`;
}

/** The answer with a document that is at hand: 304 if the client has it. */
export function answerWith(asking: Asking, document: Document): Answer {
	const { eTag, body, isPublic, mayBeUsed, length } = document;
	const isForAll = isPublic && asking.isAnonymousIn;
	const forGateway = isForAll ? "" : linesForGateway(asking, document);
	const isKept = isForAll ? mayBeUsed : forGateway !== "";
	const held = heldTags(asking.req);
	const isHeld = eTag !== undefined && matches(held.list, eTag) && !isWantedInFull(held, isKept);
	const lines = isHeld ? document.notModifiedLines : document.lines;
	// Before Cache-Control, or nginx 1.22 takes no notice.
	const told = isForAll ? lines.usual : forGateway + lines.private;
	return isHeld ? notModified(told) : { status: 200, headers: length, lines: told, body };
}

/**
 * A trusted cache says with `Varve-Rights` under which class of rights it will keep the answer. If
 * its client is of another one by now, it may not keep it.
 */
function linesForGateway(
	{ context: { access }, req, principal }: Asking,
	{ stream, gatewayLines }: Document,
): string {
	if (gatewayLines === "" || !connectionOf(req.socket).isTrustedCache) return "";
	const word = stream && access.wordOf(principal, stream);
	return req.headers["varve-rights"] === word ? gatewayLines : "";
}

/** Whether a cache asks for its client, and may keep what it gets. */
function isWantedInFull({ isBehindCache }: HeldTags, isKept: boolean): boolean {
	return isBehindCache && isKept;
}

function notModified(lines: string): Answer {
	return { status: 304, headers: NOTHING_MORE, lines };
}
