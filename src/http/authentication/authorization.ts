/** Reads `Authorization`: Basic exactly as RFC 7617 has it, and Bearer (RFC 6750). */
import { isUtf8 } from "node:buffer";

export type Credentials =
	| { readonly scheme: "basic"; readonly login: string; readonly password: string }
	| { readonly scheme: "bearer"; readonly token: string };

const FORM = /^([A-Za-z]+) +([A-Za-z0-9+/._~-]+=*)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** @returns undefined if the server knows no such credentials */
export function parseAuthorization(text: string): Credentials | undefined {
	const [, scheme = "", value = ""] = FORM.exec(text) ?? [];
	switch (scheme.toLowerCase()) {
		case "basic":
			return parseBasic(value);
		case "bearer":
			return { scheme: "bearer", token: value };
		default:
			return undefined;
	}
}

/** The login ends at the first colon; a password may hold others. */
function parseBasic(value: string): Credentials | undefined {
	if (!BASE64.test(value)) return undefined;
	const bytes = Buffer.from(value, "base64");
	const text = isUtf8(bytes) ? bytes.toString() : "";
	const colon = text.indexOf(":");
	if (colon < 0 || CONTROL.test(text)) return undefined;
	const login = text.slice(0, colon).normalize("NFC");
	return { scheme: "basic", login, password: text.slice(colon + 1) };
}
