/**
 * A finished document, ready to be written to a socket: the bytes, compressed once, with their
 * headers.
 */
import type { Coding, MediaType } from "../../feeds/media.ts";
import type { StreamName } from "../event.ts";
import { compress } from "./compression.ts";
import { fieldLines } from "./field-lines.ts";
import {
	cacheControl,
	eTag,
	type History,
	keepingHeaders,
	keptSeconds,
	mayBeUsed,
	NOT_KEPT,
	privately,
	varyBy,
} from "./policy.ts";
import { tagHeaders, tagsOf } from "./tags.ts";

/** Fields as they are sent, and as they are sent where anonymous clients may not come. */
export type FieldLines = { readonly usual: string; readonly private: string };

export type Document = DocumentFields & {
	/** Its own stream; undefined for a document of no stream. */
	readonly stream: StreamName | undefined;
	/** Undefined for a document that no cache may keep. */
	readonly eTag: string | undefined;
	/** Whether a cache may use it without asking, if it may keep it at all. */
	readonly mayBeUsed: boolean;
	/** Text, a character for each byte, if it is short: see `bodyOf` and `shortAsText`. */
	readonly body: Uint8Array | string;
	/** Whether anonymous clients may have it, where the server lets them in; the headers say so. */
	readonly isPublic: boolean;
};

/** The header fields that it is sent with. */
type DocumentFields = {
	/** Of a 200, as the lines that are sent; but for its length. */
	readonly lines: FieldLines;
	/** Those of a 304. */
	readonly notModifiedLines: FieldLines;
	/** `Content-Length` and its value. */
	readonly length: readonly string[];
	/**
	 * Lines for a cache that asks for each request whether its client may have what it keeps, where
	 * other caches may not keep it.
	 */
	readonly gatewayLines: string;
};

/** A document as its encoder wrote it, before compression. */
export type EncodedDocument = {
	readonly text: Uint8Array | string | AsciiText;
	readonly type: MediaType;
	readonly coding: Coding;
	/** Headers of its own: names and values in turn. */
	readonly headers?: readonly string[] | undefined;
	readonly snapshot: Snapshot;
	readonly lifetime: Lifetime;
	/**
	 * Its own stream, and the streams whose metadata or deletion changes what it shows, and to whom.
	 */
	readonly streams?: readonly StreamName[];
	/** By default everybody gets the same. */
	readonly audience?: Audience;
};

/** A text in pieces that are known to be ASCII, so that nobody has to count its bytes. */
export type AsciiText = {
	readonly before: string;
	readonly texts: readonly string[];
	/** At most one character. */
	readonly separator: string;
	readonly behind: string;
};

/** Who gets the document as it is. */
export type Audience = {
	/** Whether its reader is shown all that stands there. */
	readonly isWhole: boolean;
	/** Whether all that may read its stream are shown the same. */
	readonly isSame: boolean;
	readonly isPublic: boolean;
	/**
	 * The links it shows, which a header can have shown in another way: those that its stream gathers
	 * from all others, or those that clients wrote.
	 */
	readonly links: "none" | "gathered" | "written";
};

const EVERYBODY: Audience = { isWhole: true, isSame: true, isPublic: true, links: "none" };

/** The moment of a document: its ETag is made of it. */
export type Snapshot = {
	/** The newest version it knows of: the first half of its ETag. */
	readonly last: number;
	/** Tells documents apart that have the same `last`; 0 for the plain one. A part of the ETag. */
	readonly variant?: number;
	/** The history of its events, taken before they were read. */
	readonly history: History;
};

/** How long a document stays the same. */
export type Lifetime = {
	readonly sealed: boolean;
	/** Whether nothing but an append to its stream can change it, which its key then tells. */
	readonly onlyGrows?: boolean;
	/** Seconds a document that is not sealed may be kept. */
	readonly headMaxAge: number;
	/** If retention changes a full page at some time: the seconds until then. */
	readonly keepSeconds?: number | undefined;
	/** Whether no cache may keep it, not even to ask whether it is still true. */
	readonly passing?: boolean;
};

/** Below this, compression saves less than its headers cost. */
const SEALED_BYTES_MIN = 1024;
/**
 * The next append makes a document that is not sealed worthless, and its bytes may be sent once. So
 * a page of the usual size stays as it is. Of a large one, compression at its least effort takes
 * 0.1 ms for 30 kB, and leaves a sixth.
 */
const CHANGING_BYTES_MIN = 16 * 1024;

/**
 * Compresses a document, if it is large enough, and writes its headers.
 * @param sealedMaxAge seconds for which other caches may keep any document
 */
export async function finish(
	encoded: EncodedDocument,
	sealedMaxAge: number | undefined,
): Promise<Document> {
	const { text, type, coding: asked, snapshot, lifetime } = encoded;
	const { isPublic } = encoded.audience ?? EVERYBODY;
	const { sealed, passing = false } = lifetime;
	const { last, history, variant } = snapshot;
	const written = bodyOf(text, sealed);
	const least = sealed ? SEALED_BYTES_MIN : CHANGING_BYTES_MIN;
	const isPlain = asked === "identity" || typeof written === "string" || written.length < least;
	const coding = isPlain ? "identity" : asked;
	const body = isPlain ? written : shortAsText(await compress(written, asked, sealed));
	const tag = passing ? undefined : eTag(last, type, coding, history, variant);
	const { control, vary, shared, gatewayHeaders } = keepingOf(encoded, sealedMaxAge);
	const keeping = tag === undefined ? NOT_KEPT : keepingHeaders(control, tag, vary);
	const headers = [...keeping, "Content-Type", type.contentType, ...(encoded.headers ?? [])];
	if (!passing) headers.push(...shared);
	if (coding !== "identity") headers.push("Content-Encoding", coding);
	return {
		stream: encoded.streams?.[0],
		eTag: tag,
		mayBeUsed: !passing && mayBeUsed(control),
		lines: new LinesOfFields(headers),
		notModifiedLines: new LinesOfFields(keeping),
		length: ["Content-Length", String(body.length)],
		isPublic,
		gatewayLines: passing ? "" : fieldLines(gatewayHeaders),
		body,
	};
}

/** Joins the fields when they are asked for: of a page that is sent once, one of four ways is. */
class LinesOfFields implements FieldLines {
	readonly #headers: readonly string[];
	#usual: string | undefined;
	#private: string | undefined;

	/** @param headers names and values in turn */
	constructor(headers: readonly string[]) {
		this.#headers = headers;
	}

	get usual(): string {
		this.#usual ??= fieldLines(this.#headers);
		return this.#usual;
	}

	get private(): string {
		this.#private ??= fieldLines(
			this.#headers.map((text, at) =>
				this.#headers[at - 1] === "Cache-Control" ? privately(text) : text,
			),
		);
		return this.#private;
	}
}

/** A text of this size fits, with its head, into what Node writes without a buffer of its own. */
const TEXT_BYTES_MAX = 8 * 1024;

/** A page that is compressed is short, and so goes out in one piece with the head. */
function shortAsText(bytes: Uint8Array): Uint8Array | string {
	if (bytes.length > TEXT_BYTES_MAX) return bytes;
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/**
 * The body before compression. ASCII that is not kept for long stays text: Node writes a short text
 * in one piece with the head, and no memory outside the heap waits for a collection.
 */
function bodyOf(text: EncodedDocument["text"], sealed: boolean): Uint8Array | string {
	if (text instanceof Uint8Array) return text;
	if (typeof text !== "string") return bodyOfPieces(text, sealed);
	const isAscii = Buffer.byteLength(text) === text.length;
	if (isAscii && !sealed && text.length < CHANGING_BYTES_MIN) return text;
	return Buffer.from(text, isAscii ? "latin1" : "utf8");
}

function bodyOfPieces(text: AsciiText, sealed: boolean): Uint8Array | string {
	const { before, texts, separator, behind } = text;
	let length = before.length + separator.length * Math.max(0, texts.length - 1) + behind.length;
	for (const piece of texts) length += piece.length;
	if (!sealed && length < CHANGING_BYTES_MIN) return before + texts.join(separator) + behind;
	// Written piece by piece: one copy of a page, in place of two.
	const body = Buffer.allocUnsafeSlow(length);
	const code = separator.charCodeAt(0);
	let at = body.write(before, 0, "latin1");
	for (let index = 0; index < texts.length; index++) {
		if (index > 0 && separator !== "") body[at++] = code;
		at += body.write(texts[index] as string, at, "latin1");
	}
	body.write(behind, at, "latin1");
	return body;
}

type Keeping = {
	readonly control: string;
	readonly vary: string;
	/** Headers for caches that anybody's requests pass. */
	readonly shared: readonly string[];
	readonly gatewayHeaders: readonly string[];
};

/**
 * What caches are told. A page that leaves something out shows more as soon as its reader may see
 * more, so that its reader asks each time; a cache that knows our tags is told when that happens.
 */
function keepingOf(
	{ lifetime, streams = [], audience = EVERYBODY }: EncodedDocument,
	sealedMaxAge: number | undefined,
): Keeping {
	const { sealed, onlyGrows, headMaxAge, keepSeconds } = lifetime;
	const seconds = keptSeconds(sealed, headMaxAge, keepSeconds, sealedMaxAge);
	const isGrowing = !sealed && (keepSeconds === undefined || onlyGrows === true);
	const { isPublic, isWhole, links } = audience;
	const vary = varyBy({ links: links !== "none", waiting: isGrowing && seconds > 0 });
	const told = isWhole ? ([sealed, headMaxAge, keepSeconds] as const) : ([false, 0, 0] as const);
	const control = cacheControl(...told, sealedMaxAge);
	// A document that caches revalidate each time needs no purge.
	const tags = seconds > 0 ? tagHeaders(tagsOf(streams)) : [];
	// A gateway is told when the stream changes, not when those do that its links lead to: see
	// `access/editions.ts`.
	const isGated = seconds > 0 && links !== "written";
	const gatewayHeaders = isGated ? gatewayHeadersOf(seconds) : [];
	if (isPublic) return { control, vary, shared: tags, gatewayHeaders };
	const forGateway = isGated ? [...gatewayHeaders, ...tags] : [];
	return { control: privately(control), vary, shared: [], gatewayHeaders: forGateway };
}

/** RFC 9213, and nginx's own name for the same. */
function gatewayHeadersOf(seconds: number): string[] {
	return ["CDN-Cache-Control", `max-age=${seconds}`, "X-Accel-Expires", String(seconds)];
}
