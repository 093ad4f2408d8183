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

/**
 * Those that decide what a request is, and of which Node keeps the first alone; no two are of one
 * length. Every request is looked through, so most fields are passed over by their length.
 */
const STANDS_ONCE: readonly string[] = ["host", "content-type", "authorization"];

/** @returns the refusal of a request whose header fields cannot all be heeded */
export function fieldFault({ rawHeaders }: IncomingMessage): Refusal | undefined {
	if (rawHeaders.length > 2 * FIELDS_MAX) return headersTooLarge();
	let seen = 0;
	for (let index = 0; index < rawHeaders.length; index += 2) {
		const kind = kindOf(rawHeaders[index] ?? "");
		if (kind < 0) continue;
		const bit = 1 << kind;
		if (seen & bit) return doubled(rawHeaders, index);
		seen |= bit;
	}
	return undefined;
}

/** The place of a field's name in `STANDS_ONCE`; -1 for any other. */
function kindOf(name: string): number {
	for (let kind = 0; kind < STANDS_ONCE.length; kind++) {
		const once = STANDS_ONCE[kind] as string;
		if (name.length === once.length) return name.toLowerCase() === once ? kind : -1;
	}
	return -1;
}

export function headersTooLarge(): Refusal<"headers-too-large"> {
	const limits = { headerBytesMax: maxHeaderSize, headerFieldsMax: FIELDS_MAX };
	return new Refusal("headers-too-large", limits);
}

function doubled(rawHeaders: readonly string[], index: number): Refusal {
	const [header = "", value = ""] = rawHeaders.slice(index, index + 2);
	const reason = "A request may hold it only once.";
	// Nobody's password is repeated, not even to its owner.
	const shown = header.toLowerCase() === "authorization" ? "***" : value.slice(0, 128);
	return new Refusal("malformed-header", { header, value: shown, reason });
}
