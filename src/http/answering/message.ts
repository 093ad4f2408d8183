/** A plain message of the server in each of its formats (contract 10.1 and 10.3). */
import type { MessageFormat, MessageType } from "../../../feeds/formats/message.ts";
import { type Answer, textAnswer } from "./answer.ts";

/** In text and XML, the names start with a capital. */
export type MessageFields = { readonly [name: string]: string };

/**
 * @param root the element that holds the fields in XML
 * @param fields ids, words and paths that the server makes itself: nothing in them needs escaping
 */
export function answerMessage(type: MessageType, root: string, fields: MessageFields): Answer {
	const named = Object.entries(fields).map(
		([name, value]) => [`${name[0]?.toUpperCase()}${name.slice(1)}`, value] as const,
	);
	const inXml = named.map(([name, value]) => `<${name}>${value}</${name}>`).join("");
	const texts: Readonly<Record<MessageFormat, string>> = {
		json: JSON.stringify(fields),
		xml: `<?xml version="1.0" encoding="utf-8"?><${root}>${inXml}</${root}>`,
		text: named.map(([name, value]) => `${name}: ${value}`).join(", "),
	};
	const headers = ["Cache-Control", "no-store", "Vary", "Accept"];
	return textAnswer(200, type.contentType, texts[type.format], headers);
}
