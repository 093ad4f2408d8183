/**
 * JSON as XML elements, in the form that clients of EventStore know:
 *
 *     {"a": 1, "b": [2, 3], "c": null, "@d": "x", "#text": "t"}
 *     <data d="x"><a>1</a><b>2</b><b>3</b><c/>t</data>
 *
 * Members become elements, arrays repeat theirs (arrays in arrays nest), a name that starts with
 * `@` becomes an attribute. Number literals stay as they are. The way back is not unique: XML has
 * no types, and an array of one looks like its element.
 */
import { textOf } from "../json/string.ts";
import {
	eachElement,
	eachMember,
	isJsonText,
	nestsTooDeep,
	skipSpace,
	skipValue,
	stringAt,
} from "../json/text.ts";
import { escapeAttribute, escapeName, escapeText } from "./text.ts";

/**
 * The writer's place. Each function moves `at` past the value it wrote, so no value is read twice.
 */
type Cursor = { readonly text: string; at: number };

/**
 * Data or metadata as elements called `name`: one, or one for each element of an array.
 * @param isJson whether to read the bytes as JSON; if they are not JSON, they are text
 * @param namespace an `xmlns` attribute for each, after a space, or ""
 */
export function valueElements(
	name: string,
	bytes: Uint8Array,
	isJson: boolean,
	namespace = "",
): string {
	const text = textOf(bytes);
	if (!isJson || !isReadable(text)) return element(name, namespace, escapeText(text));
	const cursor = { text, at: skipSpace(text, 0) };
	const repeated = jsonElements(cursor, name, namespace);
	return repeated === "" ? element(name, namespace, "") : repeated;
}

/** Like `valueElements`, but always one element: it wraps an array's in one of the same name. */
export function valueElement(name: string, bytes: Uint8Array, isJson: boolean): string {
	const text = textOf(bytes);
	if (!isJson || !isReadable(text)) return element(name, "", escapeText(text));
	const cursor = { text, at: skipSpace(text, 0) };
	return text[cursor.at] === "["
		? element(name, "", arrayElements(cursor, name, ""))
		: jsonElements(cursor, name, "");
}

/** JSON that nests too deep for recursion is shown as text too. */
function isReadable(text: string): boolean {
	return isJsonText(text) && !nestsTooDeep(text);
}

function jsonElements(cursor: Cursor, name: string, attributes: string): string {
	const first = cursor.text[cursor.at];
	if (first === "[") return arrayElements(cursor, name, attributes);
	if (first === "{") return objectElement(cursor, name, attributes);
	return element(name, attributes, escapeText(scalar(cursor)));
}

function arrayElements(cursor: Cursor, name: string, attributes: string): string {
	let out = "";
	cursor.at = eachElement(cursor.text, cursor.at, (start) => {
		cursor.at = start;
		out +=
			cursor.text[start] === "["
				? element(name, attributes, arrayElements(cursor, name, ""))
				: jsonElements(cursor, name, attributes);
		return cursor.at;
	});
	return out;
}

function objectElement(cursor: Cursor, elementName: string, namespace: string): string {
	// An attribute may appear only once; of duplicates the last one counts, as everywhere.
	let attributes: Map<string, string> | undefined;
	let children = "";
	cursor.at = eachMember(cursor.text, cursor.at, (name, start) => {
		cursor.at = start;
		const first = cursor.text[start];
		const isScalar = first !== "{" && first !== "[";
		if (isScalar && name === "#text") children += escapeText(scalar(cursor));
		else if (isScalar && name[0] === "@" && name.length > 1) {
			attributes ??= new Map();
			attributes.set(attributeName(name.slice(1)), escapeAttribute(scalar(cursor)));
		} else children += jsonElements(cursor, escapeName(name), "");
		return cursor.at;
	});
	if (!attributes) return element(elementName, namespace, children);
	const written = [...attributes].map(([name, value]) => ` ${name}="${value}"`).join("");
	return element(elementName, namespace + written, children);
}

/** Data must not move elements into a namespace. */
function attributeName(name: string): string {
	return name === "xmlns" ? "_x0078_mlns" : escapeName(name);
}

function scalar(cursor: Cursor): string {
	const { text, at } = cursor;
	cursor.at = skipValue(text, at);
	if (text[at] === '"') return stringAt(text, at, cursor.at);
	return text[at] === "n" ? "" : text.slice(at, cursor.at);
}

function element(name: string, attributes: string, children: string): string {
	return children === ""
		? `<${name}${attributes}/>`
		: `<${name}${attributes}>${children}</${name}>`;
}
