/**
 * Parses XML documents into trees of elements, with namespaces. Each element knows where it stands
 * in the text, so that its content can be taken out as it was written.
 *
 * Only the tokenizer of xml2js is used: the trees that xml2js makes know no places, and lose the
 * order of children. Its types leave the tokenizer out.
 */
import { FeedFormatError } from "../errors.ts";
import { xml2js } from "../xml-parser.ts";

export type Element = {
	/** The name as the document writes it, with its prefix. */
	readonly name: string;
	readonly namespace: string;
	readonly local: string;
	/** The values by the names of the attributes, as the document writes them. */
	readonly attributes: ReadonlyMap<string, string>;
	readonly children: readonly Element[];
	readonly place: Place;
};

/** Where an element stands in the text of its document, and its text among the document's texts. */
export type Place = {
	/** The start tag begins here, with its `<`. */
	readonly start: number;
	/** What the element holds begins here, behind the start tag … */
	readonly innerStart: number;
	/** … and ends here, before the end tag. Both places are the same if the element is one tag. */
	readonly innerEnd: number;
	readonly texts: readonly string[];
	readonly textStart: number;
	readonly textEnd: number;
};

type Attribute = { readonly name: string; readonly value: string };

type Handlers = {
	onerror: (error: Error) => void;
	ondoctype: () => void;
	ontext: (text: string) => void;
	oncdata: (text: string) => void;
	onattribute: (attribute: Attribute) => void;
	onopentag: (tag: { name: string; uri: string; local: string }) => void;
	onclosetag: () => void;
};

/** The tokenizer counts positions in UTF-16 units, and the first one is 1. */
type Tokenizer = Handlers & {
	readonly position: number;
	readonly startTagPosition: number;
	/** The attributes of the start tag that the tokenizer is reading. */
	readonly attribList: readonly unknown[];
	ENTITIES: typeof ENTITIES;
	write(text: string): void;
	close(): void;
};

/** An element whose end tag the parser has not met yet. */
type Open = Omit<Element, "children" | "place"> & {
	readonly children: Element[];
	readonly place: Omit<Place, "innerEnd" | "textEnd">;
};

/** XML has these five entities. The tokenizer by itself takes those of HTML, too. */
const ENTITIES: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
	amp: "&",
	lt: "<",
	gt: ">",
	quot: '"',
	apos: "'",
});
/** The tokenizer compares each attribute of an element with all before it. */
const ATTRIBUTES_MAX = 1000;
const STEP_CHARACTERS = 65_536;

/**
 * Parses a document. It refuses every document type: feeds need none, and entity bombs and external
 * files come in through it.
 * @throws FeedFormatError
 */
export function parseXml(xml: string): Element {
	const open: Open[] = [];
	const texts: string[] = [];
	let root: Element | undefined;
	let attributes = new Map<string, string>();
	const tokenizer = newTokenizer();
	const addText = (text: string) => {
		texts.push(text);
	};
	tokenizer.onerror = (error) => {
		throw malformed(error);
	};
	tokenizer.ondoctype = () => {
		throw new FeedFormatError("the document has a document type");
	};
	tokenizer.ontext = addText;
	tokenizer.oncdata = addText;
	tokenizer.onattribute = ({ name, value }) => {
		// If an attribute is there twice, the tokenizer takes the last one; XML forbids it.
		if (attributes.has(name)) throw malformed(new Error(`two attributes ${name}`));
		attributes.set(name, value);
	};
	tokenizer.onopentag = ({ name, uri, local }) => {
		if (root !== undefined) throw malformed(new Error("a second element outside of the root"));
		const [start, innerStart] = [tokenizer.startTagPosition - 1, tokenizer.position];
		const place = { start, innerStart, texts, textStart: texts.length };
		open.push({ name, namespace: uri, local, attributes, children: [], place });
		attributes = new Map();
	};
	tokenizer.onclosetag = () => {
		const { place, ...known } = open.pop() as Open;
		const innerEnd = Math.max(place.innerStart, tokenizer.startTagPosition - 1);
		const element = { ...known, place: { ...place, innerEnd, textEnd: texts.length } };
		const parent = open.at(-1);
		if (parent) parent.children.push(element);
		else root = element;
	};
	for (let at = 0; at < xml.length; at += STEP_CHARACTERS) {
		tokenizer.write(xml.slice(at, at + STEP_CHARACTERS));
		if (tokenizer.attribList.length > ATTRIBUTES_MAX) {
			throw new FeedFormatError(`an element has more than ${ATTRIBUTES_MAX} attributes`);
		}
	}
	tokenizer.close();
	if (root === undefined) throw new FeedFormatError("the document is empty");
	return root;
}

function newTokenizer(): Tokenizer {
	const { Parser } = xml2js();
	const { saxParser } = new Parser({ xmlns: true }) as unknown as { saxParser: Tokenizer };
	saxParser.ENTITIES = ENTITIES;
	return saxParser;
}

/** Whether the element has this name in this namespace. */
export function isElement(element: Element, namespace: string, local: string): boolean {
	return element.local === local && element.namespace === namespace;
}

/** The children of this name in this namespace, in order, with any prefix. */
export function childrenOf(element: Element, namespace: string, local: string): Element[] {
	return element.children.filter((child) => isElement(child, namespace, local));
}

/** All text in the element, that of its children included. */
export function textOf({ place: { texts, textStart, textEnd } }: Element): string {
	return texts.slice(textStart, textEnd).join("");
}

export function attributeOf(element: Element, name: string): string | undefined {
	return element.attributes.get(name);
}

/** Whether the element holds only text: no elements, and no attributes except namespaces. */
export function isTextOnly({ attributes, children }: Element): boolean {
	return children.length === 0 && [...attributes.keys()].every((name) => name.startsWith("xmlns"));
}

/** The tokenizer counts lines and columns from 0, and its message has a line for each. */
function malformed(error: Error): FeedFormatError {
	const [what = "", ...places] = error.message.split("\n");
	const [line, column] = places.map((place) => Number(/^\w+: (\d+)$/.exec(place)?.[1] ?? 0) + 1);
	const where = column === undefined ? "" : `, at line ${line}, column ${column}`;
	return new FeedFormatError(`the document is not well-formed XML: ${what}${where}`, error);
}
