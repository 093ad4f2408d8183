/**
 * The exports of `varve-client`. The package is all that this file reaches: no other package, and
 * no module of Node.js.
 */
export type { Problem } from "../exchange/problem.ts";
export type { Fetcher } from "../exchange/transport.ts";
export type {
	GroupOptions,
	OwnedPartition,
	PartitionChange,
} from "../groups/options.ts";
export { keyHash, partitionOf } from "../groups/partition.ts";
export { type GroupEvent, readGroup } from "../groups/read-group.ts";
export type { EventContent, LoggedEvent } from "../model.ts";
export { type PositionOptions, ServerPosition } from "../position/at-server.ts";
export { ReadError, type ReadFailure } from "../reader/error.ts";
export type { ReadEvent } from "../reader/event.ts";
export type { ReadOptions, Retry } from "../reader/options.ts";
export type { Progress } from "../reader/pages/progress.ts";
export { readStream } from "../reader/read.ts";
export { WriteError, type WriteFailure } from "../writing/error.ts";
export { type Appended, append, appendEvents, type NewEvent } from "./append.ts";
export { type Decided, type DecideOptions, type Decider, decide } from "./decide.ts";
export { type DeleteOptions, deleteStream } from "./delete.ts";
export { type Metadata, readMetadata, writeMetadata } from "./metadata.ts";
export type { Expected, StreamAddress, WriteOptions } from "./options.ts";
