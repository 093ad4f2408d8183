/**
 * A member of a group at work: it joins, keeps its lease, hears of changes, sends checkpoints and
 * leaves. Two loops run beside the reading:
 *
 *     keep    every third of the lease, or when there is something to tell: renews
 *     watch   waits until the server has something else for the member
 *
 * If the lease is lost, all partitions are, and it joins again under a new id.
 */
import type { ReaderSettings } from "../reader/options.ts";
import type { GroupOptions } from "./options.ts";
import { type GroupRequests, type Said, wordOf } from "./requests.ts";
import { Share } from "./share.ts";

/** The parts of a lease after which it is renewed: two renewals may fail. */
const RENEWALS_A_LEASE = 3;
/** What others handle is told so much more rarely. */
const OTHERS_FACTOR = 10;
/** So often it looks, at most, whether there is something to tell. */
const LOOK_MS_MIN = 50;
/** When a member stops, its last word may take so long. */
const LAST_WORD_MS = 5000;
/** A timer of more than 2^31 ms would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

type Session = { readonly id: string; readonly leaseMs: number };
type Parts = {
	readonly requests: GroupRequests;
	readonly settings: ReaderSettings;
	readonly options: GroupOptions;
	readonly checkpointMs: number;
};

export class GroupMember {
	readonly share: Share;
	/** What made it stop for good. */
	failure: unknown;
	readonly #parts: Parts;
	readonly #over = new AbortController();
	#session: Session = { id: "", leaseMs: 0 };
	#loops: Promise<unknown> = Promise.resolve();
	#sentMs = 0;
	#savedMs = 0;
	#expiry: ReturnType<typeof setTimeout> | undefined;
	/** End the sleep of the loop, and the wait or the reading of the caller. */
	#poke: () => void = () => undefined;
	#changed: () => void = () => undefined;

	constructor(parts: Parts) {
		this.#parts = parts;
		this.share = new Share(parts.options, {
			toTell: () => this.#poke(),
			changed: () => this.#change(),
		});
	}

	/** @throws WriteError */
	async start(): Promise<void> {
		this.#savedMs = performance.now();
		await this.#join();
		this.#loops = Promise.all([this.#keep(), this.#watch()]).catch((error) => this.#fail(error));
	}

	/** Calls `wake` once, as soon as partitions have come, the end has moved, or it has failed. */
	onChange(wake: () => void): void {
		this.#changed = wake;
		if (this.share.hasNew || this.failure !== undefined) this.#change();
	}

	/** The caller has handled the event that it had. */
	done(): void {
		this.share.inHand = undefined;
		this.share.giveBack();
		if (performance.now() - this.#savedMs >= this.#parts.checkpointMs) this.#poke();
	}

	/** Sends the last checkpoints, and leaves. Nothing that fails here is anybody's business. */
	async stop(): Promise<void> {
		const { id } = this.#session;
		const said = this.share.toSay();
		this.#over.abort();
		clearTimeout(this.#expiry);
		this.#poke();
		this.share.loseAll();
		await this.#loops;
		if (id === "" || wordOf(this.failure) !== undefined) return;
		const { requests, options } = this.#parts;
		const signal = AbortSignal.timeout(LAST_WORD_MS);
		try {
			await options.beforeCheckpoint?.();
			if (said.checkpoints.length > 0) await requests.renew(id, said, signal);
		} catch {
			// What was not told comes again.
		}
		await requests.leave(id, signal).catch(() => undefined);
	}

	async #join(): Promise<void> {
		const { requests, options } = this.#parts;
		const id = crypto.randomUUID();
		const sentMs = performance.now();
		const answer = await requests.join(id, options.name, this.#over.signal);
		this.#session = { id, leaseMs: answer.leaseMilliseconds };
		this.#sentMs = sentMs;
		this.share.begin(answer, sentMs);
		this.#expire();
	}

	async #keep(): Promise<void> {
		const { signal } = this.#over;
		while (!signal.aborted) {
			const renewMs = this.#sentMs + this.#session.leaseMs / RENEWALS_A_LEASE;
			const lookMs = performance.now() + Math.max(this.#parts.checkpointMs, LOOK_MS_MIN);
			const due = this.#hasToSay() ? 0 : Math.min(renewMs, lookMs);
			await this.#sleep(due - performance.now());
			if (signal.aborted) return;
			if (performance.now() >= renewMs || this.#hasToSay()) await this.#renew();
		}
	}

	async #renew(): Promise<void> {
		const { requests, options } = this.#parts;
		const { id } = this.#session;
		const { handled } = this.share.progress;
		const said = this.share.toSay();
		try {
			if (said.checkpoints.length > 0) await options.beforeCheckpoint?.();
			const sentMs = performance.now();
			this.#sentMs = sentMs;
			const answer = await requests.renew(id, said, this.#over.signal);
			this.#told(said, handled);
			this.share.take(answer, { sentMs, isRenewal: true });
			this.#expire();
		} catch (error) {
			if (this.#over.signal.aborted) return;
			const word = wordOf(error);
			if (word === "lease-lost") await this.#joinAgain();
			else if (word === "partitions-lost") await this.#lookAgain(said, handled);
			else throw error;
		}
	}

	/** What was said of other partitions counts; what it has, it has to ask. */
	async #lookAgain(said: Said, handled: number): Promise<void> {
		this.#told(said, handled);
		const sentMs = performance.now();
		const answer = await this.#parts.requests.look(this.#session.id, -1, this.#over.signal);
		this.share.take(answer, { sentMs, isRenewal: false });
		this.#expire();
	}

	async #joinAgain(): Promise<void> {
		this.share.loseAll();
		await this.#join();
	}

	#told(said: Said, handled: number): void {
		this.share.told(said, handled);
		this.#savedMs = performance.now();
	}

	async #watch(): Promise<void> {
		const { signal } = this.#over;
		while (!signal.aborted) {
			const { id } = this.#session;
			const sentMs = performance.now();
			try {
				const answer = await this.#parts.requests.look(id, this.share.revision, signal);
				if (this.#session.id !== id) continue;
				this.share.take(answer, { sentMs, isRenewal: false });
				this.#expire();
			} catch (error) {
				if (signal.aborted) return;
				if (wordOf(error) !== "lease-lost") throw error;
				// The other loop joins again.
				this.#sentMs = 0;
				this.#poke();
				await this.#untilSessionAfter(id);
			}
		}
	}

	#hasToSay(): boolean {
		const { share } = this;
		const { progress, group } = share;
		if (share.hasReleases) return true;
		const { checkpointMs } = this.#parts;
		const sinceMs = performance.now() - this.#savedMs;
		if (progress.handled > 0 || progress.isFar) return sinceMs >= checkpointMs;
		if (progress.hasPassed) return sinceMs >= checkpointMs * OTHERS_FACTOR;
		// Others wait until the end is reached.
		const isEnding = group?.end !== undefined && sinceMs >= checkpointMs;
		return isEnding && share.toSay().checkpoints.length > 0;
	}

	/** Gives up what is over, and looks again when more is. */
	#expire(): void {
		clearTimeout(this.#expiry);
		const due = this.share.expire();
		if (due === Infinity || this.#over.signal.aborted) return;
		const delayMs = Math.max(0, Math.ceil(due - performance.now()));
		this.#expiry = setTimeout(() => this.#expire(), Math.min(delayMs, TIMER_MS_MAX));
	}

	#fail(error: unknown): void {
		if (this.#over.signal.aborted) return;
		this.failure = error;
		this.#over.abort();
		clearTimeout(this.#expiry);
		this.share.loseAll();
		this.#change();
	}

	#change(): void {
		const changed = this.#changed;
		this.#changed = () => undefined;
		changed();
	}

	async #untilSessionAfter(id: string): Promise<void> {
		const { signal } = this.#over;
		while (this.#session.id === id && !signal.aborted) {
			await this.#parts.settings.sleep(LOOK_MS_MIN, signal);
		}
	}

	/** Until it is poked, at most. */
	#sleep(delayMs: number): Promise<void> {
		if (delayMs <= 0 || this.#over.signal.aborted) return Promise.resolve();
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, Math.min(delayMs, TIMER_MS_MAX));
			this.#poke = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}
}
