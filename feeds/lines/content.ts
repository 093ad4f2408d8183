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

/**
 * The part of a buffer that seems to have the content of all events, by the first and the last.
 * Undefined if it has more: buffers of their own may come from one pool, with others between them.
 */
function blockOf(entries: readonly LinesEntry[]): Buffer | undefined {
	let bytes = 0;
	let first: Uint8Array | undefined;
	let last: Uint8Array | undefined;
	for (const { event } of entries) {
		const { data, metadata } = event;
		bytes += data.length + metadata.length;
		if (metadata.length > 0) last = metadata;
		else if (data.length > 0) last = data;
		first ??= data.length > 0 ? data : last;
	}
	if (first === undefined || last === undefined || first.buffer !== last.buffer) return undefined;
	const span = last.byteOffset + last.length - first.byteOffset;
	return span === bytes ? Buffer.from(first.buffer, first.byteOffset, bytes) : undefined;
}

function fits(text: string, bytes: Uint8Array): boolean {
	return !LINE_BREAK.test(text) && (!WIDE.test(text) || isUtf8(bytes));
}

function latin1(bytes: Uint8Array): string {
	return asBuffer(bytes).toString("latin1");
}
