/**
 * The exports of `varve-client`. The package is all that this file reaches: no other package, and
 * no module of Node.js.
 */
export type { Problem } from "../exchange/problem.ts";
export type { Fetcher } from "../exchange/transport.ts";
export type { EventContent, LoggedEvent } from "../model.ts";
export { ReadError, type ReadFailure } from "../reader/error.ts";
export type { ReadEvent } from "../reader/event.ts";
export type { ReadOptions, Retry } from "../reader/options.ts";
export type { Progress } from "../reader/pages/progress.ts";
export { readStream } from "../reader/read.ts";
export { type Appended, append, appendEvents, type NewEvent } from "./append.ts";
export { type Decided, type DecideOptions, type Decider, decide } from "./decide.ts";
export { type DeleteOptions, deleteStream } from "./delete.ts";
export { WriteError, type WriteFailure } from "./error.ts";
export { type Metadata, readMetadata, writeMetadata } from "./metadata.ts";
export type { Expected, StreamAddress, WriteOptions } from "./options.ts";
