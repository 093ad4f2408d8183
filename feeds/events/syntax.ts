/**
 * Finds where a body stops being JSON, in lines and columns. It is slow, and used only for a
 * refusal.
 */
import { BodyFormatError } from "../errors.ts";
import { findJsonFault } from "../json/fault.ts";

/**
 * The error for a body that is not UTF-8, not JSON, or nests too deep.
 * @param text the body, one character a byte
 */
export function syntaxError(bytes: Buffer, text: string): BodyFormatError {
	const broken = firstBrokenByte(bytes);
	if (broken !== undefined) return errorAt(bytes, broken, "it is not UTF-8");
	const fault = findJsonFault(text);
	if (fault) return errorAt(bytes, fault.at, fault.reason);
	throw new Error("a body was refused as JSON in which nothing is wrong");
}

function errorAt(bytes: Buffer, byteOffset: number, reason: string): BodyFormatError {
	const lineStart = bytes.subarray(0, byteOffset).lastIndexOf(0x0a) + 1;
	let line = 1;
	for (let at = bytes.indexOf(0x0a); at !== -1 && at < lineStart; at = bytes.indexOf(0x0a, at + 1))
		line++;
	let column = 1;
	// All bytes of a character but its first are 10xxxxxx.
	for (const byte of bytes.subarray(lineStart, byteOffset)) if ((byte & 0xc0) !== 0x80) column++;
	return new BodyFormatError({ reason, line, column, byteOffset });
}

/** The place where the bytes stop being UTF-8: the first replacement character not sent as one. */
function firstBrokenByte(bytes: Buffer): number | undefined {
	const text = bytes.toString();
	let byteOffset = 0;
	let from = 0;
	for (let at = text.indexOf("\ufffd"); at !== -1; at = text.indexOf("\ufffd", from)) {
		byteOffset += Buffer.byteLength(text.slice(from, at));
		const sent = bytes.subarray(byteOffset, byteOffset + 3);
		if (sent.compare(REPLACEMENT) !== 0) return byteOffset;
		byteOffset += 3;
		from = at + 1;
	}
	return undefined;
}

const REPLACEMENT = Buffer.from("\ufffd");
