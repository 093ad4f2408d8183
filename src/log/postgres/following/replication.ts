/**
 * Which part of the log a synchronous standby has. What a transaction sees of a primary is not
 * always on a standby: a commit that still waited for one is visible once the primary has crashed
 * and started again, and once an administrator has cancelled the wait. A fail-over would lose it,
 * so nobody may be shown it, and no cache may keep it, before a standby has it.
 *
 *     committed here ──────────────────▶ replicated: PostgreSQL has waited for the standby
 *     told by the node that committed ─▶ replicated: it tells once its commit is answered
 *     seen, and told by nobody ────────▶ the other node may tell in a moment; if not, this node
 *                                        commits behind it, and waits for the standby itself
 */
import { isRefusal } from "../../../errors.ts";
import { noStandby } from "../connection/failures.ts";
import { type Heard, isBefore, NOTHING_HEARD, newest } from "./heard.ts";

/** Other nodes are told of a commit within some milliseconds; a busy machine takes longer. */
const TOLD_MS = 100;
/** A standby that is there answers much sooner; whoever reads may ask again. */
const PROOF_MS = 2000;

type Waiter = {
	readonly seen: Heard;
	readonly needsProof: boolean;
	readonly resolve: (isReplicated: boolean) => void;
	readonly reject: (error: unknown) => void;
};

export class Replication {
	/** Commits behind all that is visible, and resolves with the end of the log before it. */
	prove: () => Promise<Heard> = () => Promise.reject(new Error("this log is not open yet"));
	/** Whether the commits of the server wait for a standby. */
	isAwaited = false;
	/** What a standby has, at least. */
	#end: Heard = NOTHING_HEARD;
	readonly #waiting = new Set<Waiter>();
	#isProving = false;
	/** When the commit that is under way began. */
	#sinceMs = 0;

	/** A standby has the log up to there. */
	note(end: Heard): void {
		this.#end = newest(this.#end, end);
		for (const { seen, resolve } of this.#waiting) if (!isBefore(this.#end, seen)) resolve(true);
	}

	/**
	 * Undefined if a standby has what was seen; else a promise that resolves once it has.
	 * @throws Refusal `no-standby` after `limitMs`; another one if the database cannot be asked
	 */
	reached(seen: Heard, limitMs = PROOF_MS): Promise<void> | undefined {
		return this.isAwaited && isBefore(this.#end, seen) ? this.#reach(seen, limitMs) : undefined;
	}

	async #reach(seen: Heard, limitMs: number): Promise<void> {
		if (await this.#wait(seen, TOLD_MS, false)) return;
		// Those who come while a standby is away do not wait for it, each.
		const spentMs = this.#isProving ? performance.now() - this.#sinceMs : 0;
		const proven = this.#wait(seen, Math.max(0, limitMs - spentMs), true);
		void this.#proveAll();
		if (!(await proven)) throw noStandby();
	}

	/** Whether a standby has it before the time is over. */
	#wait(seen: Heard, limitMs: number, needsProof: boolean): Promise<boolean> {
		return new Promise((resolve, reject) => {
			const leave = () => {
				clearTimeout(timer);
				this.#waiting.delete(waiter);
			};
			const waiter: Waiter = {
				...{ seen, needsProof },
				resolve: (isReplicated) => {
					leave();
					resolve(isReplicated);
				},
				reject: (error) => {
					leave();
					reject(error);
				},
			};
			const timer = setTimeout(() => waiter.resolve(false), limitMs);
			this.#waiting.add(waiter);
		});
	}

	/** One commit after another, as long as anybody waits for one that began behind what was seen. */
	async #proveAll(): Promise<void> {
		if (this.#isProving) return;
		this.#isProving = true;
		const waiting = () => [...this.#waiting].filter(({ needsProof }) => needsProof);
		while (waiting().length > 0) {
			this.#sinceMs = performance.now();
			try {
				this.note(await this.prove());
			} catch (error) {
				for (const { reject } of waiting()) reject(isOfStandby(error) ? noStandby() : error);
			}
		}
		this.#isProving = false;
	}
}

/** The wait for the standby was cancelled, or took too long, or another commit waits for it. */
function isOfStandby(error: unknown): boolean {
	return isRefusal(error, "request-timeout") || isRefusal(error, "log-locked");
}
