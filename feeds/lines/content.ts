/**
 * The data and the metadata of a page as text, one character a byte, as far as they can stand in a
 * line.
 *
 * A log reads the content of a page as one value and cuts it up. So all of it lies side by side in
 * one buffer, and is decoded and looked through at once: 173 bytes at a time, the calls would cost
 * more than the work.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { isJsonText } from "../json/text.ts";
import type { LinesEntry } from "../model.ts";

const LINE_BREAK = /[\r\n]/;
const WIDE = /[\u0080-\u00ff]/;

export type ContentText = {
	/**
	 * The text of bytes that are JSON; undefined if they are none, are no UTF-8, or would break the
	 * line.
	 * @param isSure whether they are known to be JSON: the server parsed them when they came
	 */
	ofJson(bytes: Uint8Array, isSure?: boolean): string | undefined;
};

export function contentTextOf(entries: readonly LinesEntry[]): ContentText {
	const block = blockOf(entries);
	const text = block?.toString("latin1") ?? "";
	const start = block?.byteOffset ?? 0;
	const isPlain =
		block !== undefined && isAscii(block) && !block.includes(0x0a) && !block.includes(0x0d);
	return {
		ofJson(bytes, isSure = false) {
			if (bytes.length === 0) return undefined;
			const isInBlock = bytes.buffer === block?.buffer && bytes.byteOffset >= start;
			const at = bytes.byteOffset - start;
			const isCut = isInBlock && at + bytes.length <= text.length;
			const own = isCut ? text.slice(at, at + bytes.length) : latin1(bytes);
			if (!(isCut && isPlain) && !fits(own, bytes)) return undefined;
			return isSure || isJsonText(own) ? own : undefined;
		},
	};
}

export function asBuffer(bytes: Uint8Array): Buffer {
	return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The part of a buffer that has the content of all events; undefined if it lies elsewhere, too. */
function blockOf(entries: readonly LinesEntry[]): Buffer | undefined {
	let buffer: ArrayBufferLike | undefined;
	let [low, high, bytes] = [Infinity, 0, 0];
	for (const { event } of entries) {
		for (const part of [event.data, event.metadata]) {
			if (part.length === 0) continue;
			buffer ??= part.buffer;
			if (part.buffer !== buffer) return undefined;
			low = Math.min(low, part.byteOffset);
			high = Math.max(high, part.byteOffset + part.length);
			bytes += part.length;
		}
	}
	// Buffers of their own may come from one pool, with others between them.
	return buffer && high - low === bytes ? Buffer.from(buffer, low, bytes) : undefined;
}

function fits(text: string, bytes: Uint8Array): boolean {
	return !LINE_BREAK.test(text) && (!WIDE.test(text) || isUtf8(bytes));
}

function latin1(bytes: Uint8Array): string {
	return asBuffer(bytes).toString("latin1");
}
