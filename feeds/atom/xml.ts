/** Parses XML documents into trees of elements. Only this file knows xml2js. */
import { Parser } from "xml2js";
import { FeedFormatError } from "../errors.ts";

/** Names for parts that are not elements; no element name can hold these characters. */
const TEXT = "#text";
const ATTRIBUTES = "@";
const NAMESPACE = "@ns";

type Tokenizer = {
	onerror: (error: Error) => void;
	onopentag: (tag: unknown) => void;
};

export type Element = { readonly [name: string]: unknown };

/**
 * Parses a document. It refuses every document type: feeds need none, and entity bombs and external
 * files come in through it.
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
	// After the end of the root, the parser reports no faults, or throws them; so this listens to its
	// tokenizer, which its types leave out.
	const { saxParser } = parser as unknown as { saxParser: Tokenizer };
	saxParser.onerror = (error) => {
		failure ??= error;
	};
	let root: unknown;
	const { onopentag } = saxParser;
	saxParser.onopentag = (tag) => {
		if (root !== undefined) failure ??= new Error("a second element outside of the root");
		onopentag(tag);
	};
	try {
		// It calls back before it returns. A callback that threw would be called again with the error.
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

/** The children of this name in this namespace, in order, with any prefix. */
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

/** Whether the element holds only text: no elements, and no attributes except namespaces. */
export function isTextOnly(element: Element): boolean {
	const named = Object.keys(attributesOf(element)).some((name) => !name.startsWith("xmlns"));
	return !named && !Object.values(element).some((child) => Array.isArray(child));
}

function attributesOf(element: Element): { [name: string]: { value: string } | undefined } {
	return (element[ATTRIBUTES] ?? {}) as { [name: string]: { value: string } };
}
