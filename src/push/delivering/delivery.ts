/**
 * One webhook at work. A subscription that nobody else sees does what is hard: it reads, keeps the
 * order of keys, remembers what is settled, parks and replays. This loop is its only consumer: it
 * takes messages, posts them, and answers for them by the verdict on each attempt.
 *
 *     take ─▶ may its reader see them? ─▶ pack ─▶ post ─▶ verdict ─▶ settled | again | parked
 *      ▲                                                    │
 *      └──── circuit, rate, slots: when the next may go ◀───┘
 */
import type { Principal } from "../../access/principal.ts";
import { isRefusal } from "../../errors.ts";
import { lastOf } from "../../subscriptions/last.ts";
import type { DeliveredEntry } from "../../subscriptions/source.ts";
import type { Subscription } from "../../subscriptions/subscription.ts";
import type { AttemptLog } from "../keeping/attempts.ts";
import { afterAttempt, afterTime, attemptsAllowed, type Circuit, CLOSED } from "../pace/circuit.ts";
import { Rate } from "../pace/rate.ts";
import { isOfTarget } from "../pace/verdict.ts";
import type { Outcome } from "../sending/outcome.ts";
import { post } from "../sending/post.ts";
import type { Around } from "./around.ts";
import { asAtFirst } from "./as-at-first.ts";
import { Consequences } from "./consequences.ts";
import { mayRead, readable } from "./readable.ts";
import type { Subject } from "./subject.ts";

const CONSUMER = "push";
/** What failed for a reason of ours, or of rights, is looked at again after so long. */
const AGAIN_MS = 30_000;
/** A long part of the stream without a message to send is being read: it is asked for again. */
const READING_MS = 50;
/** Timers may fire a little before the clock of the subscription has come so far. */
const SLACK_MS = 2;

/** A place to wait in that says at once that there may be news. */
const AT_ONCE = { waitBeyond: async () => undefined };

/** What its owner does when something ends. */
export type DeliveryEnds = {
	stopped(reason: string): void;
	/** Whoever made it may not read the stream now. It is called again each time that it is found. */
	unauthorized(): void;
	/** Nothing is left to do, until an event comes. */
	idle(): void;
};

export class Delivery {
	readonly subject: Subject;
	readonly subscription: Subscription;
	readonly attempts: AttemptLog;
	circuit: Circuit = CLOSED;
	/** Why nothing is sent, besides the circuit; "" if nothing holds it up. */
	heldUp = "";
	readonly #around: Around;
	readonly #ends: DeliveryEnds;
	readonly #stop = new AbortController();
	readonly #rate: Rate;
	readonly #consequences: Consequences;
	readonly #running = new Set<Promise<void>>();
	#pumping: Promise<void> | undefined;
	#isAskedAgain = false;
	/** Its target has said that it is gone: nothing more is sent, whatever becomes of that. */
	#isGone = false;
	#timer: NodeJS.Timeout | undefined;

	constructor(
		subject: Subject,
		subscription: Subscription,
		attempts: AttemptLog,
		around: Around,
		ends: DeliveryEnds,
	) {
		this.subject = subject;
		this.#rate = new Rate(subject.rules.ratePerSecond);
		this.subscription = subscription;
		this.attempts = attempts;
		this.#around = around;
		this.#ends = ends;
		const { rules } = subject;
		const { numbers } = around;
		const parked = () => this.pump();
		this.#consequences = new Consequences({ rules, subscription, attempts, numbers, parked });
	}

	get running(): number {
		return this.#running.size;
	}

	/** Sends what there is to send, as far as it may now. It can be called at any time. */
	pump(): void {
		if (this.#isOver) return;
		this.#isAskedAgain = true;
		this.#pumping ??= this.#pumpAll()
			.catch((error: unknown) => {
				if (!isRefusal(error)) this.#around.report(error);
				this.heldUp = isRefusal(error) ? error.word : "internal-error";
				this.#later(AGAIN_MS);
			})
			.finally(() => {
				this.#pumping = undefined;
				if (this.#isAskedAgain && this.heldUp === "") this.pump();
			});
	}

	/** Ends attempts that are under way, which were no tries then, and writes where it is. */
	async close(): Promise<void> {
		clearTimeout(this.#timer);
		this.#stop.abort();
		this.#around.slots.forget(this);
		await this.#pumping;
		await Promise.all(this.#running);
		await this.subscription.close();
		await this.attempts.close();
	}

	get #isOver(): boolean {
		return this.#stop.signal.aborted || this.#isGone;
	}

	async #pumpAll(): Promise<void> {
		while (this.#isAskedAgain && !this.#isOver) {
			this.#isAskedAgain = false;
			this.heldUp = "";
			while (await this.#sendOne());
		}
	}

	/** @returns whether it may go on at once */
	async #sendOne(): Promise<boolean> {
		const { slots } = this.#around;
		const now = performance.now();
		this.circuit = afterTime(this.circuit, now);
		if (this.#isOver || !this.#maySend(now)) return false;
		const reader = await this.subject.reader();
		const { name } = this.subject.source;
		if (reader === undefined || !(await mayRead(this.#around.access, reader, name.stream))) {
			this.heldUp = "unauthorized";
			this.#ends.unauthorized();
			this.#later(AGAIN_MS);
			return false;
		}
		if (!slots.take(this)) return false;
		let shown: readonly DeliveredEntry[] | undefined;
		try {
			shown = await this.#take(reader);
		} finally {
			if (!shown?.length) slots.give();
		}
		if (shown?.length) this.#start(shown);
		else if (shown === undefined) return this.#rest();
		return true;
	}

	/** @returns what its reader may see of what it took; undefined if there was nothing */
	async #take(reader: Principal): Promise<readonly DeliveredEntry[] | undefined> {
		const { access, numbers } = this.#around;
		const { rules, source } = this.subject;
		const taken = await this.subscription.take(CONSUMER, rules.batchMax, BATCH_BYTES_MAX);
		if (taken.length === 0) return undefined;
		const shown = await readable(access, reader, source.name.stream, taken);
		const withheld = taken.filter((one) => !shown.includes(one));
		if (withheld.length > 0) this.#consequences.settle(withheld);
		numbers.withheld += withheld.length;
		return shown.map(asAtFirst);
	}

	#maySend(nowMs: number): boolean {
		const { concurrency } = this.subject.rules;
		if (this.circuit.is === "open") {
			this.#later(this.circuit.untilMs - nowMs);
			return false;
		}
		if (this.#running.size >= attemptsAllowed(this.circuit, concurrency)) return false;
		const waitMs = this.#rate.waitMs(nowMs);
		if (waitMs > 0) this.#later(waitMs);
		return waitMs === 0;
	}

	#start(taken: readonly DeliveredEntry[]): void {
		this.#rate.took(performance.now());
		this.attempts.countTry(taken.map(({ message }) => message));
		const running = this.#attempt(taken)
			.catch((error: unknown) => {
				this.#around.report(error);
				// It was no try: what could not be made or sent comes again.
				this.attempts.takeBack(taken.map(({ message }) => message));
				this.#consequences.release(taken, AGAIN_MS);
			})
			.finally(() => {
				this.#running.delete(running);
				this.#around.slots.give();
				this.pump();
			});
		this.#running.add(running);
	}

	async #attempt(taken: readonly DeliveredEntry[]): Promise<void> {
		const { url, rules } = this.subject;
		const packed = this.subject.pack(taken.map(({ entry }) => entry));
		const atMs = Date.now();
		const headers = packed.fields(Math.floor(atMs / 1000));
		const posted = { url, headers, body: packed.body, timeoutMs: rules.timeoutMs };
		const began = performance.now();
		const outcome = await post(posted, this.#around.ways, this.#stop.signal);
		const durationMs = Math.round(performance.now() - began);
		const verdict = this.#consequences.follow(outcome, taken, { atMs, durationMs, id: packed.id });
		this.#judge(outcome);
		if (verdict.is !== "stop") return;
		this.#isGone = true;
		this.heldUp = "gone";
		this.#ends.stopped(verdict.reason);
	}

	#judge(outcome: Outcome): void {
		const isGood = !isOfTarget(outcome) || outcome.word === "delivered";
		if (outcome.word === "stopped") return;
		this.circuit = afterAttempt(this.circuit, isGood, {
			firstMs: this.subject.rules.backoffMs,
			askedMs: isGood ? 0 : outcome.retryAfterMs,
			nowMs: performance.now(),
		});
	}

	/**
	 * Nothing is to be taken now. What waits may be held back by its keys, and something else stand
	 * behind it: the subscription reads ahead of what waits only for those that ask for news.
	 * @returns whether something more was read
	 */
	async #rest(): Promise<boolean> {
		const { state, isReplaying, name, settings } = this.subscription;
		const { source } = state.tracks;
		const last = await lastOf(this.#around.log, name.stream);
		const isBehind = source.next <= last && state.waiting.size < settings.bufferSize;
		if (isBehind && state.waiting.size > 0) {
			const { next } = source;
			// The first finds that the stream has grown, and the second reads.
			for (let asked = 0; asked < 2; asked++) {
				await this.subscription.waitForNews(READING_MS, this.#stop.signal, AT_ONCE);
			}
			if (source.next > next) return true;
		}
		const readMs = isBehind || isReplaying ? performance.now() + READING_MS : Infinity;
		const dueMs = Math.min(readMs, state.delayed.nextMs);
		if (dueMs < Infinity) this.#later(dueMs - performance.now());
		// Whatever is under way asks again when it ends.
		else if (this.#running.size > 0) return false;
		// What is being parked holds its key until it stands there.
		else if (source.open.size > 0) this.#later(READING_MS);
		else this.#ends.idle();
		return false;
	}

	#later(ms: number): void {
		clearTimeout(this.#timer);
		const again = () => {
			if (this.#isOver) return;
			this.heldUp = "";
			this.pump();
		};
		this.#timer = setTimeout(again, Math.max(0, Math.ceil(ms)) + SLACK_MS);
		this.#timer.unref();
	}
}

/** Of the content of one request, before it is packed; one event of any size goes in any case. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;
