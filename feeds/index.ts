/**
 * The exports of `varve/feeds`: reading streams, and the parts for your own reader or server.
 */
export { decodeEntryAtom, decodeFeedAtom } from "./atom/decode.ts";
export { encodeEntryAtom, encodeFeedAtom } from "./atom/encode.ts";
export * from "./client/index.ts";
export { decodeCloudEvent, decodeCloudEventBatch } from "./cloudevents/decode.ts";
export { encodeCloudEvent, encodeCloudEvents } from "./cloudevents/encode.ts";
export { FeedFormatError } from "./errors.ts";
export { encodeEventBatch, type OutgoingEvent } from "./events/encode.ts";
export * from "./geometry.ts";
export { decodeEntryJson, decodeFeedJson } from "./json/decode.ts";
export { encodeEntryJson, encodeFeedJson } from "./json/encode.ts";
export { encodeJsonFeed } from "./json-feed/encode.ts";
export type * from "./model.ts";
export { encodeEntryLine, encodeLine } from "./ndjson/encode.ts";
export { nodeFetch, readGroup, readStream } from "./node/index.ts";
export {
	identify,
	loadCheckpoint,
	makeCheckpoint,
	type StreamIdentity,
	saveCheckpoint,
} from "./position/position-file.ts";
export { ProofError } from "./proof/error.ts";
export { leafHash, nodeHash } from "./proof/hash.ts";
export {
	decodeLeaf,
	encodeLeaf,
	hashOfEvent,
	LEAF_FLAGS,
	type Leaf,
	type LeafHead,
} from "./proof/leaf.ts";
export { formatKey, type NoteKey, openNote, parseKey } from "./proof/note.ts";
export { checkConsistency, checkInclusion } from "./proof/proof.ts";
export { leavesOf, proveConsistency, proveInclusion, type TileSource } from "./proof/prove.ts";
export {
	type Checkpoint,
	openCheckpoint,
	readCheckpoint,
	signCheckpoint,
} from "./proof/signed-head.ts";
export { parseTilePath, type Tile, tileOf, tilePath } from "./proof/tiles.ts";
export {
	consistencyProof,
	inclusionProof,
	isConsistent,
	isIncluded,
	type TreeHead,
	treeRoot,
} from "./proof/tree.ts";
