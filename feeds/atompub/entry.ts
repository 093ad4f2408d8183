/**
 * Reads an Atom entry that a client posts as an event (RFC 5023 section 9.2, RFC 4287 section
 * 4.1.3).
 *
 *     atom:id        the event takes its id from a urn:uuid; the server ignores any other id
 *     atom:category  the event takes its type from the term
 *     atom:content   the event keeps JSON, XML and text as they are, and the bytes that anything
 *                    else in Base64 stands for; XML gets the namespaces it inherits, and JSON may
 *                    come in Base64, too
 *     atom:title     the metadata keeps it: {"atom":{"title":"…","contentType":"…"}}
 */
import { isUtf8 } from "node:buffer";
import { attributeOf, childrenOf, type Element, isElement, parseXml, textOf } from "../atom/xml.ts";
import { BodyFormatError, FeedFormatError } from "../errors.ts";
import { checkJson } from "../events/decode.ts";
import { countElements, ELEMENTS_MAX } from "../events/xml.ts";
import { isJsonText } from "../json/text.ts";
import { innerXml } from "./inner.ts";

export type PostedEntry = {
	/** The UUID after `urn:uuid:`; undefined if the entry has another id. */
	readonly uuid: string | undefined;
	/** "" if the entry has no category. */
	readonly type: string;
	readonly isJson: boolean;
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

type PostedContent = Pick<PostedEntry, "isJson" | "data">;

const ATOM = "http://www.w3.org/2005/Atom";
const NOTHING = new Uint8Array(0);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @throws BodyFormatError */
export function decodePostedEntry(body: Uint8Array): PostedEntry {
	const xml = textOfBody(body);
	const entry = parsed(xml);
	if (!isElement(entry, ATOM, "entry")) throw fault("its root is not an Atom entry");
	const content = onlyOne(entry, "content");
	const title = onlyOne(entry, "title");
	const id = onlyOne(entry, "id");
	const [category] = childrenOf(entry, ATOM, "category");
	const contentType = content && attributeOf(content, "type");
	const about = { ...(title ? { title: titleOf(title) } : {}), contentType };
	const hasMore = title !== undefined || contentType !== undefined;
	return {
		uuid: /^urn:uuid:(.+)$/i.exec(id ? textOf(id).trim() : "")?.[1],
		type: (category && attributeOf(category, "term")) ?? "",
		...(content ? contentOf(xml, entry, content) : { isJson: false, data: NOTHING }),
		metadata: hasMore ? Buffer.from(JSON.stringify({ atom: about })) : NOTHING,
	};
}

/** RFC 4287 section 4.1.2: an entry has at most one content, one title and one id. */
function onlyOne(entry: Element, name: string): Element | undefined {
	const [found, another] = childrenOf(entry, ATOM, name);
	if (another) throw fault(`it has more than one ${name}`);
	return found;
}

/** An XHTML title begins and ends with its `div`; white space around that is none of its text. */
function titleOf(title: Element): string {
	return attributeOf(title, "type") === "xhtml" ? textOf(title).trim() : textOf(title);
}

function contentOf(xml: string, entry: Element, content: Element): PostedContent {
	if (attributeOf(content, "src") !== undefined) throw fault("its content is at another URL (src)");
	const type = (attributeOf(content, "type") ?? "text").trim().toLowerCase();
	const mediaType = type.split(";", 1)[0]?.trim() ?? "";
	if (type === "xhtml" || /^[^/]+\/xml$|\+xml$/.test(mediaType)) {
		const inner = innerXml(xml, [entry, content]);
		if (inner === undefined) throw fault("its content is not an XML document by itself");
		return { isJson: false, data: Buffer.from(inner) };
	}
	if (content.children.length > 0) {
		throw fault(`its content holds elements, but its type is ${type}`);
	}
	const text = textOf(content);
	if (/[/+]json$/.test(mediaType)) return { isJson: true, data: jsonOf(text) };
	if (type === "text" || type === "html" || mediaType.startsWith("text/")) {
		return { isJson: false, data: Buffer.from(text) };
	}
	const data = fromBase64(text);
	if (!data) throw fault(`its content is of type ${type}, but is not Base64`);
	return { isJson: false, data };
}

/**
 * Reads JSON as text or from Base64: RFC 4287 section 4.1.3.3 knows only the second form, and most
 * clients send the first. No text is both. If JSON starts with a letter or a digit, Base64 takes
 * that for a byte beyond ASCII, and no JSON starts with such a byte.
 */
function jsonOf(text: string): Buffer {
	const data = fromBase64(text);
	const json = data && isUtf8(data) && isJsonText(data.toString()) ? data : Buffer.from(text);
	checkJson(json);
	return json;
}

function fromBase64(text: string): Buffer | undefined {
	const digits = text.replace(/\s/g, "");
	return BASE64.test(digits) ? Buffer.from(digits, "base64") : undefined;
}

function textOfBody(body: Uint8Array): string {
	const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
	if (!isUtf8(bytes)) throw fault("it is not UTF-8");
	const xml = bytes.toString("utf8").replace(/^\ufeff/, "");
	const encoding = /^<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']/.exec(xml)?.[1] ?? "utf-8";
	if (!/^(?:utf-8|us-ascii)$/i.test(encoding)) throw fault(`it is not UTF-8, but ${encoding}`);
	return xml;
}

function parsed(xml: string): Element {
	if (countElements(xml) > ELEMENTS_MAX) throw fault(`it has more than ${ELEMENTS_MAX} elements`);
	try {
		return parseXml(xml);
	} catch (error) {
		if (error instanceof FeedFormatError) throw fault(error.message);
		throw error;
	}
}

function fault(reason: string): BodyFormatError {
	return new BodyFormatError({ reason });
}
