/** XML documents as trees of elements, through xml2js; the only file that knows it. */
import { Parser } from "xml2js";
import { FeedFormatError } from "../errors.ts";

/** Characters no element name can hold stand for what is not an element. */
const TEXT = "#text";
const ATTRIBUTES = "@";
const NAMESPACE = "@ns";

export type Element = { readonly [name: string]: unknown };

/**
 * Parses a document. One with a document type is refused, whatever it says: feeds need none, and it
 * is where entity bombs and external files come in.
 * @throws FeedFormatError
 */
export function parseXml(xml: string): Element {
	if (/<!DOCTYPE/i.test(xml)) throw new FeedFormatError("the document has a document type");
	const parser = new Parser({
		charkey: TEXT,
		attrkey: ATTRIBUTES,
		xmlns: true,
		explicitRoot: false,
		async: false,
	});
	let failure: Error | null = null;
	// Once the root has ended the parser hears of no faults any more, or throws them; its types leave
	// out the tokenizer.
	const { saxParser } = parser as unknown as { saxParser: { onerror: (error: Error) => void } };
	saxParser.onerror = (error) => {
		failure ??= error;
	};
	let root: unknown;
	try {
		// It has called back when it returns. What a callback throws would only be called back again.
		parser.parseString(xml, (error, result) => {
			failure ??= error;
			root ??= result;
		});
	} catch (error) {
		failure ??= error instanceof Error ? error : new Error(String(error));
	}
	if (failure !== null) throw new FeedFormatError("the document is not well-formed XML", failure);
	if (typeof root !== "object" || root === null) throw new FeedFormatError("the document is empty");
	return root as Element;
}

/** Whether the element has this name in this namespace. */
export function isElement(element: Element, namespace: string, local: string): boolean {
	const name = element[NAMESPACE] as { uri?: string; local?: string } | undefined;
	return name?.local === local && (name.uri ?? "") === namespace;
}

/** The children of this name, in order, whatever their prefix. */
export function childrenOf(element: Element, namespace: string, local: string): Element[] {
	const found: Element[] = [];
	for (const [name, children] of Object.entries(element)) {
		if (!Array.isArray(children) || (name !== local && !name.endsWith(`:${local}`))) continue;
		for (const child of children as Element[]) {
			if (isElement(child, namespace, local)) found.push(child);
		}
	}
	return found;
}

export function textOf(element: Element): string {
	const text = element[TEXT];
	return typeof text === "string" ? text : "";
}

export function attributeOf(element: Element, name: string): string | undefined {
	return attributesOf(element)[name]?.value;
}

/** Whether nothing but text is in the element: no elements, and no attributes but namespaces. */
export function isTextOnly(element: Element): boolean {
	const named = Object.keys(attributesOf(element)).some((name) => !name.startsWith("xmlns"));
	return !named && !Object.values(element).some((child) => Array.isArray(child));
}

function attributesOf(element: Element): { [name: string]: { value: string } | undefined } {
	return (element[ATTRIBUTES] ?? {}) as { [name: string]: { value: string } };
}
