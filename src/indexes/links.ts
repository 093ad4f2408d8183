/**
 * Links: events of type `$>` whose data `7@order-42` names an event of another stream (contract
 * 6.1).
 *
 * Clients write them into streams of their own. The entries of index streams are links without
 * being stored as events; read unresolved they are shown as the link events they stand for.
 */
import { createHash } from "node:crypto";
import type { RecordedEvent, StreamName, Version } from "../event.ts";

export const LINK_TYPE = "$>";

export type Target = { readonly stream: StreamName; readonly version: Version };

const NOTHING = new Uint8Array(0);
/** The longest data that can name an event: a version, an @, and the name of a stream. */
const DATA_BYTES_MAX = 16 + 1 + 1024;

/**
 * Where a link points to, split at the first `@`: names of streams may hold others.
 * @returns undefined if the data names no event; such an event is an ordinary one
 */
export function targetOf(data: Uint8Array): Target | undefined {
	if (data.length > DATA_BYTES_MAX) return undefined;
	const match = /^(\d{1,16})@(.+)$/s.exec(Buffer.from(data).toString());
	const version = Number(match?.[1] ?? Number.NaN);
	if (!match || !Number.isSafeInteger(version)) return undefined;
	return { version, stream: match[2] as StreamName };
}

/** The link event that the entry `version` of the index stream `stream` stands for. */
export function linkAt(stream: StreamName, version: Version, event: RecordedEvent): RecordedEvent {
	const { position, created } = event;
	return {
		position,
		stream,
		version,
		id: stableId(`${version}@${stream}`),
		type: LINK_TYPE,
		created,
		isJson: false,
		data: Buffer.from(`${event.version}@${event.stream}`),
		metadata: NOTHING,
	};
}

/** A UUID made from the name alone: the same name has the same UUID (RFC 9562, version 8). */
export function stableId(name: string): string {
	const bytes = createHash("sha256").update(name).digest().subarray(0, 16);
	bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
	bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
	const hex = bytes.toString("hex");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
