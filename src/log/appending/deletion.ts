/**
 * The events a delete writes, and those that bring a stream back: pure, so that all engines write
 * the same.
 *
 *     soft delete      `$metadata` in `$$s`, with `$tb` beyond every number
 *     append to it     `$metadata` in `$$s`, with `$tb` at the append, then that
 *     metadata for it  the client's event, then `$metadata` with `$tb` behind the last event
 *     hard delete      `$streamDeleted` in `s`, its last event for ever
 */
import type { NewEvent, StreamName, Version } from "../../event.ts";
import { stableId } from "../../indexes/links.ts";
import { DELETED_BEFORE, withTruncateBefore } from "../../retention/metadata.ts";
import { metadataStream } from "../../retention/window.ts";
import type { NewestMetadata } from "./facts.ts";

export const TOMBSTONE_TYPE = "$streamDeleted";

const NOTHING = new Uint8Array(0);

/** The metadata that deletes a stream softly; ACL, retention and the client's own keys are kept. */
export function softDeletion(stream: StreamName, { last, data }: NewestMetadata): NewEvent {
	return metadataEvent(stream, last + 1, withTruncateBefore(data, DELETED_BEFORE));
}

/** The metadata that shows a softly deleted stream again, from `first` on. */
export function revival(
	stream: StreamName,
	{ last, data }: NewestMetadata,
	first: Version,
): NewEvent {
	return metadataEvent(stream, last + 1, withTruncateBefore(data, String(first)));
}

/** @param version the number it will have in the stream */
export function tombstone(stream: StreamName, version: Version): NewEvent {
	return {
		id: stableId(`${version}@${stream}`),
		type: TOMBSTONE_TYPE,
		isJson: false,
		data: NOTHING,
		metadata: NOTHING,
	};
}

/** The id is not random: it is made from the place of the event, which no other event will have. */
function metadataEvent(stream: StreamName, version: Version, data: Uint8Array): NewEvent {
	return {
		id: stableId(`${version}@${metadataStream(stream)}`),
		type: "$metadata",
		isJson: true,
		data,
		metadata: NOTHING,
	};
}
