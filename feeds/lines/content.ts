/**
 * Which data and metadata of a page can stand in a line.
 *
 * A log reads the content of a page as one value and cuts it up. So all of it lies side by side in
 * one buffer, and is looked through at once: 173 bytes at a time, the calls would cost more than
 * the work.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { isJsonText } from "../json/text.ts";
import type { LinesEntry } from "../model.ts";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class PageContent {
	/** Bytes of which each part fits. */
	readonly #plain: Buffer | undefined;

	constructor(entries: readonly LinesEntry[]) {
		const block = blockOf(entries);
		this.#plain = block && isAscii(block) && !breaksLine(block) ? block : undefined;
	}

	/**
	 * Whether bytes are JSON that a line can hold as it is.
	 * @param isSure whether they are known to be JSON: the server parsed them when they came
	 */
	fits(bytes: Uint8Array, isSure: boolean): boolean {
		if (!this.#isPlain(bytes) && (breaksLine(bytes) || !isUtf8(bytes))) return false;
		return isSure || isJsonText(asBuffer(bytes).toString("latin1"));
	}

	#isPlain(bytes: Uint8Array): boolean {
		const plain = this.#plain;
		if (plain === undefined || bytes.buffer !== plain.buffer) return false;
		const start = bytes.byteOffset - plain.byteOffset;
		return start >= 0 && start + bytes.length <= plain.length;
	}
}

export function asBuffer(bytes: Uint8Array): Buffer {
	return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function breaksLine(bytes: Uint8Array): boolean {
	return bytes.includes(LINE_FEED) || bytes.includes(CARRIAGE_RETURN);
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
