/** A value in JSON, or in XML as clients of the contract know it. */
import { escapeText } from "../../../../feeds/atom/text.ts";
import { type MediaType, mediaType } from "../../../../feeds/media.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";

export type StructuredType = MediaType & { readonly format: "json" | "xml" };

/** A value that has a form in both. */
export type Structure =
	| string
	| number
	| boolean
	| readonly Structure[]
	| { readonly [member: string]: Structure | undefined };

export const STRUCTURED_TYPES: readonly StructuredType[] = [
	mediaType("application/json", "json"),
	mediaType("text/xml", "xml"),
	mediaType("application/xml", "xml"),
];

/** The elements of lists, by the members that hold them; of texts, the contract has `string`. */
const ITEMS: ReadonlyMap<string, string> = new Map([
	["data", "UserDataHttpFormated"],
	["links", "RelLink"],
	["tokens", "Token"],
	["arrayOfSubscriptionSummary", "SubscriptionSummary"],
	["subscriptions", "SubscriptionSummary"],
	["connections", "ConnectionInfo"],
	["extraStatistics", "Measurement"],
	["arrayOfParkedMessage", "ParkedMessage"],
]);
const NO_STORE = ["Cache-Control", "no-store", "Vary", "Accept"];

/**
 * @param root the element that holds the value in XML
 * @param headers names and values in turn
 */
export function answerStructured(
	{ contentType, format }: StructuredType,
	{ status = 200, root, value }: { status?: number; root: string; value: Structure },
	headers: readonly string[] = [],
): Answer {
	const text =
		format === "json"
			? JSON.stringify(value)
			: `<?xml version="1.0" encoding="utf-8"?>${elementOf(root, value)}`;
	return textAnswer(status, contentType, text, [...NO_STORE, ...headers]);
}

function elementOf(name: string, value: Structure): string {
	return `<${name}>${contentOf(name, value)}</${name}>`;
}

function contentOf(name: string, value: Structure): string {
	if (typeof value !== "object") return escapeText(String(value));
	if (isList(value)) {
		const item = ITEMS.get(name.charAt(0).toLowerCase() + name.slice(1)) ?? "string";
		return value.map((one) => elementOf(item, one)).join("");
	}
	return Object.entries(value)
		.map(([member, one]) => (one === undefined ? "" : elementOf(capital(member), one)))
		.join("");
}

function isList(value: Structure): value is readonly Structure[] {
	return Array.isArray(value);
}

function capital(name: string): string {
	return name.charAt(0).toUpperCase() + name.slice(1);
}
