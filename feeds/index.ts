/** What `varve/feeds` offers: reading streams, and the pieces to write a reader or server of one's own. */
export * from "./geometry.ts";
export type * from "./model.ts";
// The codecs' lines: json/ atom/ events/ codecs.
export { loadCheckpoint, saveCheckpoint } from "./reader/checkpoint.ts";
export { ReadError, type ReadFailure } from "./reader/error.ts";
export type { ReadEvent } from "./reader/event.ts";
export type { ReadOptions, Retry } from "./reader/options.ts";
export { readStream } from "./reader/read.ts";
