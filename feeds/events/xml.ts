/**
 * Batches of events as XML: every child element of the root is one event, with any name (contract
 * 1.3). The document is converted to JSON and read as JSON:
 *
 *     <events><event>                        [{
 *       <eventId>…</eventId>                   "eventId": "…",
 *       <eventType>Placed</eventType>          "eventType": "Placed",
 *       <data><item n="1">a</item>             "data": { "item": [{ "@n": "1", "#text": "a" },
 *             <item>b</item></data>                              "b"] }
 *     </event></events>                      }]
 *
 * Every document type is refused, because entity bombs and external files come in through it. The
 * parser expands no entity of a document in any case; the refusal tells the client so.
 */
import { isUtf8 } from "node:buffer";
import { BodyFormatError } from "../errors.ts";
import { NESTING_MAX } from "../json/text.ts";
import { xml2js } from "../xml-parser.ts";
import { type DecodedEvent, decodeEventBatch } from "./decode.ts";

/** 100,000 elements take up to 0.8 s, and the process does nothing else meanwhile. */
export const ELEMENTS_MAX = 100_000;

/** The form in which xml2js returns an element, if it is to keep the order of the children. */
type Node = {
	readonly "#name": string;
	readonly "#text"?: string;
	readonly "@"?: Readonly<Record<string, string>>;
	readonly $$?: readonly Node[];
};

type Tokenizer = {
	ondoctype: () => void;
	onerror: (error: Error) => void;
	onopentag: (tag: unknown) => void;
};

/** An element in JSON: its text, or an object that has its attributes, children and text. */
type Value = string | { [name: string]: Value | Value[] };

/**
 * Reads a batch of events.
 * @throws BodyFormatError, with the event's index if one event is at fault
 */
export function decodeEventXml(body: Uint8Array): DecodedEvent[] {
	if (!isUtf8(body)) throw new BodyFormatError({ reason: "it is not UTF-8" });
	const xml = Buffer.from(body.buffer, body.byteOffset, body.length).toString();
	if (countElements(xml) > ELEMENTS_MAX) {
		throw new BodyFormatError({ reason: `it has more than ${ELEMENTS_MAX} elements` });
	}
	const events = (parse(xml).$$ ?? []).map((node, index) => contentOf(node, 1, index));
	return decodeEventBatch(Buffer.from(JSON.stringify(events)));
}

/** Counts start tags before anything parses the document, those in comments and CDATA too. */
export function countElements(xml: string): number {
	let count = 0;
	for (let at = xml.indexOf("<"); at !== -1; at = xml.indexOf("<", at + 1)) {
		const next = xml[at + 1];
		if (next !== "/" && next !== "!" && next !== "?") count++;
	}
	return count;
}

function parse(xml: string): Node {
	const { Parser } = xml2js();
	const parser = new Parser({
		charkey: "#text",
		attrkey: "@",
		childkey: "$$",
		explicitRoot: false,
		explicitChildren: true,
		preserveChildrenOrder: true,
		async: false,
	});
	let hasType = false;
	// Only the tokenizer, which its types leave out, tells a document type from text like one.
	const { saxParser } = parser as unknown as { saxParser: Tokenizer };
	saxParser.ondoctype = () => {
		hasType = true;
	};
	let failure: Error | null = null;
	// After the end of the root, the parser reports no faults, or throws them.
	saxParser.onerror = (error) => {
		failure ??= error;
	};
	let root: Node | undefined;
	const { onopentag } = saxParser;
	saxParser.onopentag = (tag) => {
		if (root !== undefined) failure ??= new Error("A second element outside of the root");
		onopentag(tag);
	};
	try {
		// It calls back before it returns. A callback that threw would be called again with the error.
		parser.parseString(xml, (error, result: Node | null) => {
			failure ??= error;
			root ??= result ?? undefined;
		});
	} catch (error) {
		failure ??= error instanceof Error ? error : new Error(String(error));
	}
	if (hasType)
		throw new BodyFormatError({ reason: "it has a document type, which the server does not read" });
	if (failure !== null) throw malformed(failure);
	if (root === undefined) throw new BodyFormatError({ reason: "it is not an XML document" });
	return root;
}

/** The parser counts lines and columns from 0, and its message has a line for each. */
function malformed({ message }: Error): BodyFormatError {
	const [what = "", ...places] = message.split("\n");
	const [line = 0, column = 0] = places.map((place) =>
		Number(/^\w+: (\d+)$/.exec(place)?.[1] ?? 0),
	);
	const where = places.length > 0 ? `, at line ${line + 1}, column ${column + 1}` : "";
	return new BodyFormatError({ reason: `it is not well-formed XML: ${what}${where}` });
}

function contentOf(node: Node, depth: number, index: number): Value {
	const { "#text": text = "", "@": attributes, $$: children } = node;
	if (attributes === undefined && children === undefined) return text;
	if (depth > NESTING_MAX) {
		const reason = `it nests deeper than ${NESTING_MAX} levels`;
		throw new BodyFormatError({ reason, index });
	}
	// The object has no prototype, so that no element's name can mean anything else.
	const value: { [name: string]: Value | Value[] } = Object.create(null);
	for (const [name, attribute] of Object.entries(attributes ?? {})) value[`@${name}`] = attribute;
	for (const child of children ?? []) {
		const name = child["#name"];
		const one = contentOf(child, depth + 1, index);
		const before = value[name];
		if (before === undefined) value[name] = one;
		else if (Array.isArray(before)) before.push(one);
		else value[name] = [before, one];
	}
	if (text.trim() !== "") value["#text"] = text;
	return value;
}
