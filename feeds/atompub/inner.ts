/**
 * Takes the XML within an element out, as a document by itself. The text stays as the client wrote
 * it, but its root declares the namespaces that it has from the elements around it.
 *
 *     <entry xmlns="…Atom" xmlns:x="…xhtml">      <x:div xmlns:x="…xhtml"><x:b>1</x:b></x:div>
 *       <content type="xhtml">              ──▶
 *         <x:div><x:b>1</x:b></x:div>
 *       </content>
 *     </entry>
 */

import { escapeAttribute } from "../atom/text.ts";
import type { Element } from "../atom/xml.ts";

/** A prefix holds none of these characters; one of them stands before each prefix. */
const DELIMITER = /[\s<>"'=/:()[\],;&@|]/;

type Namespaces = ReadonlyMap<string, string>;

/**
 * @param xml the document
 * @param around the elements around the content, from the root on; the last one holds it
 * @returns "" if there is none; undefined if it is no document by itself
 */
export function innerXml(xml: string, around: readonly Element[]): string | undefined {
	const holder = around.at(-1);
	if (!holder) return undefined;
	const { innerStart, innerEnd } = holder.place;
	const [root, ...more] = holder.children;
	const inner = xml.slice(innerStart, innerEnd);
	if (!root) return inner.trim() === "" ? "" : undefined;
	if (more.length > 0 || hasText(holder, root)) return undefined;
	const name = root.place.start + 1 + root.name.length;
	const declared = declarations(xml, root, inherited(around));
	return (xml.slice(innerStart, name) + declared + xml.slice(name, innerEnd)).trim();
}

/** Whether there is text beside the one child. */
function hasText(holder: Element, child: Element): boolean {
	const { texts, textStart, textEnd } = holder.place;
	const before = texts.slice(textStart, child.place.textStart);
	const after = texts.slice(child.place.textEnd, textEnd);
	return [...before, ...after].join("").trim() !== "";
}

/** The namespaces in scope, by their prefixes; "" is the prefix of the default namespace. */
function inherited(around: readonly Element[]): Namespaces {
	const found = new Map<string, string>();
	for (const { attributes } of around) {
		for (const [name, value] of attributes) {
			const [, prefix] = /^xmlns(?::(.+))?$/s.exec(name) ?? [undefined, undefined];
			if (name === "xmlns" || prefix !== undefined) found.set(prefix ?? "", value);
		}
	}
	return found;
}

/**
 * The declarations that the root lacks. It declares each prefix that stands anywhere in the text,
 * because values of attributes may hold names with prefixes, too.
 */
function declarations(xml: string, root: Element, namespaces: Namespaces): string {
	const prefixes = prefixesIn(xml.slice(root.place.start, root.place.innerEnd));
	let out = "";
	for (const [prefix, uri] of namespaces) {
		const name = prefix === "" ? "xmlns" : `xmlns:${prefix}`;
		const isUsed = prefix === "" ? usesDefault(root) : prefixes.has(prefix);
		if (isUsed && !root.attributes.has(name)) out += ` ${name}="${escapeAttribute(uri)}"`;
	}
	return out;
}

/** All words before colons: every prefix is among them. */
function prefixesIn(text: string): Set<string> {
	const found = new Set<string>();
	for (let colon = text.indexOf(":"); colon >= 0; colon = text.indexOf(":", colon + 1)) {
		let start = colon;
		while (start > 0 && !DELIMITER.test(text.charAt(start - 1))) start--;
		found.add(text.slice(start, colon));
	}
	return found;
}

/** Whether an element without a prefix takes its namespace from outside of `root`. */
function usesDefault(root: Element): boolean {
	const waiting = [root];
	for (let element = waiting.pop(); element !== undefined; element = waiting.pop()) {
		if (element.attributes.has("xmlns")) continue;
		if (!element.name.includes(":")) return element.namespace !== "";
		for (const child of element.children) waiting.push(child);
	}
	return false;
}
