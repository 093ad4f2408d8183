/** A log that is copied, beside the servers that run on it: nothing of it is locked or changed. */
import type { Frontier } from "../../../feeds/proof/frontier.ts";
import type { MovedEvent } from "./moves.ts";

export interface CopySource {
	/** How many events there are, and the number of the history. */
	end(): Promise<{ readonly size: number; readonly incarnation: number }>;
	/** As `LogMoves.events`. */
	events(from: number): Promise<readonly MovedEvent[]>;
	/** The right edge of the tree over the first `size` events. */
	frontierAt(size: number): Promise<Frontier>;
	close(): Promise<void>;
}
