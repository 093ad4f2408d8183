/**
 * An Atom entry that a client posts, as an event (RFC 5023 section 9.2, RFC 4287 section 4.1.3).
 *
 *     atom:id        a urn:uuid is the event's id; any other id is ignored
 *     atom:category  its term is the event's type
 *     atom:content   JSON and XML unchanged, text as text, anything else decoded from Base64
 *     atom:title     kept in the metadata: {"atom":{"title":"…","contentType":"…"}}
 */
import { isUtf8 } from "node:buffer";
import { attributeOf, childrenOf, type Element, isElement, parseXml, textOf } from "../atom/xml.ts";
import { BodyFormatError, FeedFormatError } from "../errors.ts";
import { checkJson } from "../events/decode.ts";

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
/** The parts of XML at the level of tags: comments, CDATA, instructions, and tags. */
const TAGS =
	/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<(\/?)([^\s>/]+)(?:"[^"]*"|'[^']*'|[^>"']+)*>/g;

/** @throws BodyFormatError */
export function decodePostedEntry(body: Uint8Array): PostedEntry {
	const xml = textOfBody(body);
	const entry = parsed(xml);
	if (!isElement(entry, ATOM, "entry")) throw fault("its root is not an Atom entry");
	const [content] = childrenOf(entry, ATOM, "content");
	const [title] = childrenOf(entry, ATOM, "title");
	const [category] = childrenOf(entry, ATOM, "category");
	const [id] = childrenOf(entry, ATOM, "id");
	const contentType = content && attributeOf(content, "type");
	const about = { ...(title ? { title: textOf(title) } : {}), contentType };
	const hasMore = title !== undefined || contentType !== undefined;
	return {
		uuid: /^urn:uuid:(.+)$/i.exec(id ? textOf(id).trim() : "")?.[1],
		type: (category && attributeOf(category, "term")) ?? "",
		...(content ? contentOf(xml, content) : { isJson: false, data: NOTHING }),
		metadata: hasMore ? Buffer.from(JSON.stringify({ atom: about })) : NOTHING,
	};
}

function contentOf(xml: string, content: Element): PostedContent {
	if (attributeOf(content, "src") !== undefined) throw fault("its content is at another URL (src)");
	const type = (attributeOf(content, "type") ?? "text").trim().toLowerCase();
	const mediaType = type.split(";", 1)[0]?.trim() ?? "";
	if (type === "xhtml" || /^[^/]+\/xml$|\+xml$/.test(mediaType)) {
		return { isJson: false, data: Buffer.from(innerXml(xml)) };
	}
	if (hasElements(content)) {
		throw fault(`its content holds elements, but its type is ${type}`);
	}
	const text = textOf(content);
	if (/[/+]json$/.test(mediaType)) {
		const data = Buffer.from(text);
		checkJson(data);
		return { isJson: true, data };
	}
	if (type === "text" || type === "html" || mediaType.startsWith("text/")) {
		return { isJson: false, data: Buffer.from(text) };
	}
	const digits = text.replace(/\s/g, "");
	if (!BASE64.test(digits)) throw fault(`its content is of type ${type}, but is not Base64`);
	return { isJson: false, data: Buffer.from(digits, "base64") };
}

function hasElements(element: Element): boolean {
	return Object.values(element).some((child) => Array.isArray(child));
}

/** The exact text in the entry's `content`, which must be XML by itself. */
function innerXml(xml: string): string {
	let depth = 0;
	let start = -1;
	for (const { 0: tag, 1: slash, 2: name, index } of xml.matchAll(TAGS)) {
		if (name === undefined || name.startsWith("!")) continue;
		const closes = slash === "/";
		if (closes) depth--;
		const isContent = depth === 1 && /^(?:[^:]+:)?content$/.test(name);
		if (isContent && closes && start >= 0) return alone(xml.slice(start, index));
		if (isContent && !closes && start < 0) {
			if (tag.endsWith("/>")) return "";
			start = index + tag.length;
		}
		if (!closes && !tag.endsWith("/>")) depth++;
	}
	return "";
}

function alone(inner: string): string {
	const text = inner.trim();
	if (text === "") return "";
	try {
		parseXml(text);
		return text;
	} catch {
		throw fault("its content is not an XML document by itself; declare its namespaces in it");
	}
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
