/**
 * What the log's thread and the writer's thread say to each other.
 *
 * A batch is many appends in one message. Its events travel as one block of bytes that changes owner instead
 * of being copied again, laid out one after another:
 *
 *     data length  metadata length  flags  id   data  metadata
 *     4 bytes      4 bytes          1      16   …     …
 *
 * (lengths little-endian). Copying out of the client's Buffers is needed once: those are windows on
 * pools that must not change owner.
 */
import type { Refusals, Word } from "../../errors.ts";
import type { ExpectedVersion, StreamName, Version } from "../../event.ts";
import type { Append, Appended } from "../log.ts";

export type Batch = {
	/** The time of the commit by the log's clock. */
	readonly now: number;
	readonly appends: readonly AppendHeader[];
	/** The types of all events. */
	readonly types: readonly string[];
	readonly bytes: ArrayBuffer;
};

export type AppendHeader = {
	readonly stream: StreamName;
	readonly expected: ExpectedVersion;
	readonly count: number;
};

/** An append as the writer sees it: its events are windows on the batch's bytes. */
export type PackedAppend = AppendHeader & { readonly events: readonly PackedEvent[] };

export type PackedEvent = {
	readonly id: Uint8Array;
	readonly type: string;
	readonly flags: number;
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

/** The writer's answer to a batch: one for each append, and what the commit changed, if it did. */
export type Answers = {
	readonly answers: readonly Answer[];
	readonly last: number;
	readonly grown: ReadonlyMap<StreamName, Version>;
};

export type Answer =
	| Appended
	| { readonly word: Word; readonly facts: Refusals[Word] }
	/** The disk or SQLite failed, in words; nothing of the batch was written. */
	| { readonly fault: string };

export const FLAG_JSON = 1;

const HEADER_BYTES = 4 + 4 + 1 + 16;

/** Bytes an append takes in a batch. */
export function packedBytes(append: Append): number {
	let bytes = append.events.length * HEADER_BYTES;
	for (const event of append.events) bytes += event.data.length + event.metadata.length;
	return bytes;
}

/** @param bytes the sum of `packedBytes` */
export function pack(appends: readonly Append[], bytes: number, now: number): Batch {
	const block = Buffer.from(new ArrayBuffer(bytes));
	const types: string[] = [];
	const headers: AppendHeader[] = [];
	let offset = 0;
	for (const { stream, expected, events } of appends) {
		headers.push({ stream, expected, count: events.length });
		for (const { id, type, isJson, data, metadata } of events) {
			types.push(type);
			block.writeUInt32LE(data.length, offset);
			block.writeUInt32LE(metadata.length, offset + 4);
			block[offset + 8] = isJson ? FLAG_JSON : 0;
			block.write(id.replaceAll("-", ""), offset + 9, 16, "hex");
			block.set(data, offset + HEADER_BYTES);
			block.set(metadata, offset + HEADER_BYTES + data.length);
			offset += HEADER_BYTES + data.length + metadata.length;
		}
	}
	return { now, appends: headers, types, bytes: block.buffer as ArrayBuffer };
}

export function unpack(batch: Batch): PackedAppend[] {
	const block = Buffer.from(batch.bytes);
	let offset = 0;
	let index = 0;
	const next = (): PackedEvent => {
		const data = offset + HEADER_BYTES;
		const metadata = data + block.readUInt32LE(offset);
		const end = metadata + block.readUInt32LE(offset + 4);
		const event = {
			id: block.subarray(offset + 9, data),
			type: batch.types[index++] as string,
			flags: block[offset + 8] as number,
			data: block.subarray(data, metadata),
			metadata: block.subarray(metadata, end),
		};
		offset = end;
		return event;
	};
	return batch.appends.map((append) => ({
		...append,
		events: Array.from({ length: append.count }, next),
	}));
}
