/**
 * The flags of an event, as rows and batches hold them. The first three are known from its append
 * on and are part of its leaf, so their numbers are `LEAF_FLAGS`. Erasure adds the others.
 */
import { LEAF_FLAGS } from "../../../feeds/proof/leaf.ts";

/** Its data is JSON; if its data is empty, its metadata is. */
export const FLAG_JSON = LEAF_FLAGS.json;
/** The last event of a stream that was deleted for ever. */
export const FLAG_TOMBSTONE = LEAF_FLAGS.tombstone;
/** The event that brought its stream back after a soft delete. */
export const FLAG_REVIVAL = LEAF_FLAGS.revival;
/** Its data, and maybe its metadata, were erased; it is shown all the same. */
export const FLAG_REDACTED = 8;
/** Its data and metadata were erased, and no read shows it any more. */
export const FLAG_SCAVENGED = 16;

/** Some of its content was erased, one way or the other. */
export const FLAGS_ERASED = FLAG_REDACTED | FLAG_SCAVENGED;
