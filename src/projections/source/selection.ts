/** Which streams a projection reads, and which of their events its handlers see. */
import { isBookkeeping, PROJECTION_PREFIX } from "../../bookkeeping.ts";
import { ALL, type StreamName } from "../../event.ts";
import { LINK_TYPE } from "../../indexes/links.ts";
import type { StreamEntry } from "../../log/log.ts";
import { parseMetadata } from "../../retention/metadata.ts";
import { describedStream } from "../../retention/window.ts";
import { textOf } from "../json.ts";

/** What a script says of its source. */
export type Selection = {
	readonly isAll: boolean;
	readonly categories: readonly string[];
	readonly streams: readonly string[];
	/** The types that have a handler of their own. */
	readonly types: readonly string[];
	/** Whether there is a handler for all others. */
	readonly hasAny: boolean;
	/** Whether `fromAll` is to hand out the events that links lead to. */
	readonly includesLinks: boolean;
	/** Whether it wants to hear of streams that are deleted. */
	readonly hearsOfDeletes: boolean;
};

/** What one entry is to a projection. */
export type Sort = "event" | "deleted" | "nothing";

/** More types than these are read from `$all`: to merge so many streams takes longer. */
const TYPE_STREAMS_MAX = 16;
const METADATA_TYPE = "$metadata";
const TOMBSTONE_TYPE = "$streamDeleted";
const TOMBSTONES = `$et-${TOMBSTONE_TYPE}`;
/** Where deletes are heard of. */
export const DELETES: readonly string[] = [`$et-${METADATA_TYPE}`, TOMBSTONES];

/** The streams to read; `$all` alone if it takes everything. */
export function streamsOf(selection: Selection): readonly StreamName[] {
	const deletes = selection.hearsOfDeletes ? DELETES : [];
	const names = selection.isAll ? ofAll(selection) : namedBy(selection);
	const all = names.includes(ALL) ? [ALL] : [...names, ...deletes];
	return [...new Set(all)] as StreamName[];
}

function ofAll({ types, hasAny, includesLinks }: Selection): readonly string[] {
	const isListed = !hasAny && types.length > 0 && types.length <= TYPE_STREAMS_MAX;
	if (!isListed || includesLinks || types.includes(LINK_TYPE)) return [ALL];
	return types.map((type) => `$et-${type}`);
}

function namedBy({ categories, streams }: Selection): readonly string[] {
	return [...categories.map((category) => `$ce-${category}`), ...streams];
}

/** Decides for entries of these streams what they are to a projection. */
export class Sieve {
	readonly #selection: Selection;
	readonly #types: ReadonlySet<string>;
	/** What the metadata of events that this projection has emitted begins with. */
	readonly #ownMark: string;

	/** @param id of the projection */
	constructor(selection: Selection, id: string) {
		this.#selection = selection;
		this.#types = new Set(selection.types);
		this.#ownMark = `{"$v":"${id}:`;
	}

	sort({ event, link, unresolved }: StreamEntry): Sort {
		const { isAll, hearsOfDeletes, hasAny, includesLinks } = this.#selection;
		const { type, stream } = event;
		if (hearsOfDeletes && link === undefined && this.#endsStream(type, stream, event.data)) {
			return "deleted";
		}
		if (unresolved !== undefined) {
			// Nothing is shown of a stream that was deleted for ever, but that it was.
			const isGone = hearsOfDeletes && stream === TOMBSTONES;
			return isGone && this.#isSelected(unresolved.stream, undefined) ? "deleted" : "nothing";
		}
		if (!this.#isSelected(stream, link?.stream)) return "nothing";
		if (isAll && link !== undefined && !includesLinks) return "nothing";
		if (this.#types.has(type)) return "event";
		// What the server writes for itself has to be asked for by its type.
		if (!hasAny || type.startsWith("$")) return "nothing";
		return isAll && this.#isOwn(event.stream, event.metadata) ? "nothing" : "event";
	}

	/** A projection of everything would take what it has just said for news, for ever. */
	#isOwn(stream: string, metadata: Uint8Array): boolean {
		if (isBookkeeping(stream) || stream.startsWith(PROJECTION_PREFIX)) return true;
		const mark = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength);
		return mark.length > this.#ownMark.length && mark.indexOf(this.#ownMark) === 0;
	}

	/** The streams of deletes also hold those of streams that nobody has asked for. */
	#isSelected(stream: string, readFrom: string | undefined): boolean {
		const { isAll, categories, streams, hearsOfDeletes } = this.#selection;
		if (isAll || !hearsOfDeletes) return true;
		if (categories.some((category) => stream.startsWith(`${category}-`))) return true;
		const read = readFrom ?? stream;
		return streams.some((one) => one === read || one.startsWith("$"));
	}

	#endsStream(type: string, stream: StreamName, data: Uint8Array): boolean {
		if (type === TOMBSTONE_TYPE) return this.#isSelected(stream, undefined);
		const described = type === METADATA_TYPE ? describedStream(stream) : undefined;
		if (described === undefined || !this.#isSelected(described, undefined)) return false;
		return parseMetadata(data).isDeleted;
	}
}

/** The stream that an entry says is deleted, and whether it may come back. */
export function deletedBy(entry: StreamEntry): { stream: string; isSoft: boolean } {
	const { event, unresolved } = entry;
	if (unresolved) return { stream: unresolved.stream, isSoft: false };
	const described = describedStream(event.stream);
	return { stream: described ?? event.stream, isSoft: described !== undefined };
}

/** The part of a stream's name before its first dash; "" for none. */
export function categoryOf(stream: string): string {
	const dash = stream.indexOf("-");
	return dash > 0 ? stream.slice(0, dash) : "";
}

/** The `$correlationId` of an event, if its metadata has one. */
export function correlationIn(metadata: Uint8Array): string | undefined {
	if (metadata.length < 20) return undefined;
	const text = textOf(metadata);
	if (!text.includes("$correlationId")) return undefined;
	try {
		const id: unknown = (JSON.parse(text) as { $correlationId?: unknown } | null)?.$correlationId;
		return typeof id === "string" && id !== "" ? id : undefined;
	} catch {
		return undefined;
	}
}
