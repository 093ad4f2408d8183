/**
 * The readers that stay connected: how many there are, how they wait, and how they are sent home.
 */
import type { ServerResponse } from "node:http";
import { Refusal } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { createLongPolls, type LongPolls } from "./long-polls.ts";

export type LiveStreams = Pick<LongPolls, "beyond"> & {
	/**
	 * Counts a reader in until its connection closes.
	 * @throws Refusal `overloaded`, `shutting-down`
	 */
	enter(res: ServerResponse): void;
	isClosed(): boolean;
	/** Ends every live stream as soon as what it has read is on its way. */
	close(): void;
};

const RETRY_AFTER_SECONDS = 5;

export function createLiveStreams(log: Log, limit: number): LiveStreams {
	// Each reader waits in one place at a time, so this never turns one away.
	const waiting = createLongPolls(log, limit);
	let count = 0;
	let closed = false;
	return {
		beyond: waiting.beyond,
		enter(res) {
			const retryAfterSeconds = RETRY_AFTER_SECONDS;
			if (closed) throw new Refusal("shutting-down", { retryAfterSeconds });
			if (count >= limit) {
				throw new Refusal("overloaded", { queue: "live stream", limit, retryAfterSeconds });
			}
			if (res.destroyed) return;
			count++;
			res.once("close", () => count--);
		},
		isClosed: () => closed,
		close() {
			closed = true;
			waiting.close();
		},
	};
}
