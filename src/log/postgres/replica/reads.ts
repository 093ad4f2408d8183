/**
 * Where a read is answered from. A replica's answer counts if what it rests on lies between what
 * this node has told its listeners and what the primary shows. So with a replica every promise of
 * a read is the same: nobody sees a head go back, or an event that a fail-over could take away
 * because the synchronous standby does not have it yet.
 *
 *     replica ── it is behind what this node has heard ──▶ once more, for a moment ──▶ primary
 *        │ ───── it is ahead of what the primary shows ──────────────────────────────▶ primary
 *        └────── it fails ──▶ aside until it is sound again ─────────────────────────▶ primary
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal } from "../../../errors.ts";
import type { Database } from "../connection/database.ts";
import { present } from "../connection/failures.ts";
import type { Follower } from "../following/follower.ts";
import { type Heard, heardOf, isBefore, NOTHING_HEARD, newest } from "../following/heard.ts";
import type { Reader, Seen } from "../reading/reader.ts";
import { SELECT_END } from "../statements.ts";
import type { Replica } from "./replica.ts";

/** A replica of a healthy cluster is a few milliseconds behind. */
const WAIT_MS = 100;
const STEP_MS = 5;
/** Reads do not wait for a replica that stands still, but for one now and then. */
const PAUSE_MS = 1000;

export type ReadParts = {
	/** Of the primary. */
	readonly database: Database;
	readonly reader: Reader;
	readonly follower: Follower;
	readonly replica?: { readonly state: Replica; readonly reader: Reader };
};

/** A read on a reader, which tells what it has seen. */
export type Asking<T> = (reader: Reader, onSeen: (seen: Seen) => void) => Promise<T>;

class Behind extends Error {}

export class Reads {
	readonly #parts: ReadParts;
	#notBeforeMs = Number.NEGATIVE_INFINITY;

	constructor(parts: ReadParts) {
		this.#parts = parts;
	}

	/**
	 * Resolves, and is refused, once the listeners have heard of what the read has seen: a refusal
	 * can show a commit, too.
	 */
	async ask<T>(asking: Asking<T>): Promise<T> {
		const { reader, follower, replica } = this.#parts;
		if (replica?.state.isFollowing && performance.now() >= this.#notBeforeMs) {
			const answered = await this.#askReplica(replica, asking);
			if (answered) {
				await follower.reached(answered.seen);
				return answered.found();
			}
		}
		let seen: Heard = NOTHING_HEARD;
		try {
			return await asking(reader, (more) => {
				seen = newest(seen, more);
			});
		} finally {
			await follower.reached(seen);
		}
	}

	close(): Promise<void> | undefined {
		return this.#parts.replica?.state.close();
	}

	/** Undefined if the primary has to be asked. */
	async #askReplica<T>(
		replica: NonNullable<ReadParts["replica"]>,
		asking: Asking<T>,
	): Promise<{ readonly found: () => T; readonly seen: Heard } | undefined> {
		const { follower } = this.#parts;
		const least = follower.heard;
		const untilMs = performance.now() + WAIT_MS;
		for (;;) {
			let seen: Heard = NOTHING_HEARD;
			try {
				const outcome = await outcomeOf(
					asking(replica.reader, (more) => {
						if (isBefore(more.log, least)) throw new Behind();
						seen = newest(seen, more);
					}),
				);
				if (isBefore(follower.heard, seen) && !(await this.#isShown(seen))) return undefined;
				return { ...outcome, seen };
			} catch (error) {
				if (!(error instanceof Behind)) {
					replica.state.failed(error);
					return undefined;
				}
			}
			if (performance.now() > untilMs) {
				this.#notBeforeMs = performance.now() + PAUSE_MS;
				return undefined;
			}
			await sleep(STEP_MS);
		}
	}

	/** Whether the primary shows what a replica has: what waits for a standby, only replicas show. */
	async #isShown(seen: Heard): Promise<boolean> {
		const [row] = await this.#parts.database.rows(SELECT_END);
		return !isBefore(heardOf(present(row, "the end of the log")), seen);
	}
}

/** What was found, or the refusal that is the answer; whatever else fails, fails. */
async function outcomeOf<T>(asked: Promise<T>): Promise<{ readonly found: () => T }> {
	try {
		const found = await asked;
		return { found: () => found };
	} catch (error) {
		if (!isRefusal(error)) throw error;
		return {
			found: () => {
				throw error;
			},
		};
	}
}
