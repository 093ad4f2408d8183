/**
 * Reads a small document about the store itself, as JSON or XML. Names begin with a small letter in
 * JSON and with a capital in XML, and clients are not strict about it: both are read in both.
 */

import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { type Element, parseXml, textOf } from "../../../../feeds/atom/xml.ts";
import { BodyFormatError, FeedFormatError } from "../../../../feeds/errors.ts";
import { checkJson } from "../../../../feeds/events/decode.ts";
import { Refusal } from "../../../errors.ts";
import { readBody } from "../body.ts";
import { refusalOf } from "./events.ts";
import { documentKind } from "./kind.ts";

/** The members of a document by name; in XML a text, or a list of texts. */
export type Document = ReadonlyMap<string, unknown>;

/** A hundred names of the longest kind fit. */
const BYTES_MAX = 256 * 1024;

/**
 * @throws Refusal `unsupported-media-type`, `body-too-large`, `body-incomplete`, `malformed-body`,
 *   `malformed-json`
 */
export async function readDocument(req: IncomingMessage, bodyBytesMax: number): Promise<Document> {
	const kind = documentKind(req);
	const body = await readBody(req, Math.min(bodyBytesMax, BYTES_MAX));
	try {
		return kind === "json" ? jsonDocument(body) : xmlDocument(body);
	} catch (error) {
		if (error instanceof BodyFormatError) throw refusalOf(error);
		if (error instanceof FeedFormatError) throw malformed(error.message);
		throw error;
	}
}

/** The text of a member; undefined if it is not there, or null. */
export function textIn(document: Document, name: string): string | undefined {
	const value = document.get(name) ?? undefined;
	if (value === undefined || typeof value === "string") return value;
	throw malformed(`${name} is not a text`);
}

/** The texts of a member; undefined if it is not there, or null. */
export function textsIn(document: Document, name: string): readonly string[] | undefined {
	const value = document.get(name) ?? undefined;
	if (value === undefined) return undefined;
	// An element without children.
	if (value === "") return [];
	if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
	throw malformed(`${name} is not a list of texts`);
}

function jsonDocument(body: Buffer): Document {
	checkJson(body);
	const value: unknown = JSON.parse(body.toString());
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw malformed("it is not a JSON object");
	}
	return new Map(Object.entries(value).map(([name, member]) => [nameOf(name), member]));
}

function xmlDocument(body: Buffer): Document {
	if (!isUtf8(body)) throw malformed("it is not UTF-8");
	const { children } = parseXml(body.toString());
	return new Map(children.map((child) => [nameOf(child.local), contentOf(child)]));
}

function contentOf(element: Element): string | string[] {
	return element.children.length === 0 ? textOf(element) : element.children.map(textOf);
}

function nameOf(name: string): string {
	return name.charAt(0).toLowerCase() + name.slice(1);
}

function malformed(reason: string): Refusal {
	return new Refusal("malformed-body", { reason: `${reason.replace(/^the /, "The ")}.` });
}
