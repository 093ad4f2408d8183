/**
 * Header fields that Node would drop in silence, and with them what the client asked for: such
 * requests are refused.
 *
 *     the second of a kind that stands once      RFC 9112 section 3.2 (Host), RFC 9110 section 5.3
 *     all from the 1,001st on                    Node 20, unless it is told to keep them
 */
import { type IncomingMessage, maxHeaderSize } from "node:http";
import { Refusal } from "../../errors.ts";

/** Node's own limit. Tell it not to apply that: then the excess is seen, and refused. */
const FIELDS_MAX = 1000;

/** Those that decide what a request is, and of which Node keeps the first alone. */
const STANDS_ONCE: ReadonlySet<string> = new Set(["host", "content-type", "authorization"]);

/** @returns the refusal of a request whose header fields cannot all be heeded */
export function fieldFault({ rawHeaders }: IncomingMessage): Refusal | undefined {
	if (rawHeaders.length > 2 * FIELDS_MAX) return headersTooLarge();
	let seen = "";
	for (let index = 0; index < rawHeaders.length; index += 2) {
		const name = rawHeaders[index]?.toLowerCase() ?? "";
		if (!STANDS_ONCE.has(name)) continue;
		if (seen.includes(`${name} `)) return doubled(rawHeaders, index);
		seen += `${name} `;
	}
	return undefined;
}

export function headersTooLarge(): Refusal<"headers-too-large"> {
	const limits = { headerBytesMax: maxHeaderSize, headerFieldsMax: FIELDS_MAX };
	return new Refusal("headers-too-large", limits);
}

function doubled(rawHeaders: readonly string[], index: number): Refusal {
	const [header = "", value = ""] = rawHeaders.slice(index, index + 2);
	const reason = "A request may hold it only once.";
	return new Refusal("malformed-header", { header, value: value.slice(0, 128), reason });
}
