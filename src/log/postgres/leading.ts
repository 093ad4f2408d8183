/** What the leader of several nodes writes through: the log, with its number on each write. */
import type { Leadership, Log } from "../log.ts";
import { LogWithWrites, type Writes } from "../with-writes.ts";
import type { Seat } from "./following/seat.ts";
import type { PostgresLog } from "./log.ts";

export class SharedLeadership implements Leadership {
	readonly log: Log;
	readonly #seat: Seat;

	constructor(log: PostgresLog, seat: Seat) {
		this.log = leadersLog(log, seat);
		this.#seat = seat;
	}

	get isLeading(): boolean {
		return this.#seat.isLeading;
	}

	get leader(): string | undefined {
		return this.#seat.leader;
	}

	onChange(listener: (isLeading: boolean) => void): () => void {
		return this.#seat.onChange(listener);
	}
}

/**
 * Every write is refused `not-leader` unless this node leads, as far as it knows, and once more by
 * the transaction that finds another number than this node's.
 */
function leadersLog(log: PostgresLog, seat: Seat): Log {
	const writes: Writes = {
		append: async (append) => log.append(append, seat.epoch()),
		delete: async (deletion) => log.delete(deletion, seat.epoch()),
		redact: async (redaction) => log.redact(redaction, seat.epoch()),
		scavenge: async (from) => log.scavenge(from, seat.epoch()),
		writerAnswers: () => log.writerAnswers(),
	};
	// The log is closed by its owner.
	return new LogWithWrites(log, writes, async () => {});
}
