/**
 * One subscription at work: the loop around `step`. It reads ahead when consumers ask, keeps the
 * clock, has parked messages and checkpoints written, and wakes consumers that wait. One that
 * nobody asks does nothing, and costs some memory.
 */
import { randomBytes } from "node:crypto";
import { isRefusal } from "../errors.ts";
import { logFault } from "../observe/operator-log.ts";
import { type Discarding, ParkedMessages, type WhatIsParked } from "./keeping/parked-messages.ts";
import { hideParked } from "./keeping/parked-stream.ts";
import { Parker } from "./keeping/parker.ts";
import { CheckpointSaver } from "./keeping/saver.ts";
import type { Configured } from "./keeping/store.ts";
import type { SubscriptionName } from "./names.ts";
import { Reading } from "./reading.ts";
import type { Settings } from "./settings.ts";
import { type DeliveredEntry, Source } from "./source.ts";
import { type Checkpoint, firstOpen, wantedBy } from "./steps/checkpoint.ts";
import type { Message } from "./steps/message.ts";
import { newState, type State, settledBefore } from "./steps/state.ts";
import {
	type ConsumerAnswer,
	type Input,
	type Name,
	nextDueMs,
	type Output,
	step,
} from "./steps/step.ts";
import type { Surroundings } from "./surroundings.ts";
import { untilGrown, Waiters, type WaitingRoom } from "./watch.ts";

export class Subscription {
	readonly name: SubscriptionName;
	readonly settings: Settings;
	/** Differs each time the subscription is loaded: deliveries of before are none of now. */
	readonly generation = randomBytes(6).toString("base64url");
	readonly state: State;
	readonly #around: Surroundings;
	readonly #source: Source;
	readonly #saver: CheckpointSaver;
	readonly #parker: Parker;
	readonly #parked: ParkedMessages;
	readonly #reading: Reading;
	/** Consumers that would take something. */
	readonly #hungry = new Waiters();
	/** Consumers that have as much as they may. */
	readonly #full = new Waiters();
	#closed = false;
	#timer: NodeJS.Timeout | undefined;
	/** When the timer ends; Infinity if there is none. */
	#plannedMs = Infinity;

	/** @param saved its newest checkpoint; undefined if it has none */
	constructor(
		{ name, settings, start }: Configured,
		saved: Checkpoint | undefined,
		around: Surroundings,
	) {
		const { log, store } = around;
		this.name = name;
		this.settings = settings;
		this.#around = around;
		this.state = newState(settings, saved ? firstOpen(saved) : start, performance.now());
		this.#source = new Source(log, name, settings);
		this.#saver = new CheckpointSaver(this.state, saved, async (checkpoint) => {
			try {
				await store.saveCheckpoint(name, checkpoint);
			} catch (error) {
				this.#tell("the checkpoint of a subscription was not written", error);
				throw error;
			}
		});
		this.#parked = new ParkedMessages(log, name, this.state.tracks.parked);
		this.#reading = new Reading({
			state: this.state,
			source: this.#source,
			parked: this.#parked,
			wanted: saved ? wantedBy(saved) : () => true,
			found: (origin, found) => {
				this.#saver.passed(found.passed);
				this.#step({ kind: "found", origin, ...found });
			},
		});
		this.#parker = new Parker(this.#source, {
			write: (parked) => store.park(name, parked),
			truncate: (before) => hideParked(log, name, { truncateBefore: before, discarded: [] }),
			done: (messages) => void this.#step({ kind: "parked", messages }),
			told: (what, error) => this.#tell(what, error),
		});
	}

	get isClosed(): boolean {
		return this.#closed;
	}

	/** The newest checkpoint in the log; undefined if there is none. */
	get checkpoint(): Checkpoint | undefined {
		return this.#saver.saved;
	}

	get isReplaying(): boolean {
		return this.#parked.isReplaying;
	}

	/**
	 * Hands out messages, at once: as many as are found soon, at most `count`. One that is closed
	 * hands out none: they are for the next to be loaded, or for the next server.
	 * @param bytesMax how many bytes of data and metadata they may have, all together
	 * @param login who asks; "" if nobody is known
	 * @throws Refusal as a read
	 */
	async take(
		consumer: string,
		count: number,
		bytesMax: number,
		login = "",
	): Promise<readonly DeliveredEntry[]> {
		await this.#reading.fillFor(count);
		if (this.#closed) return [];
		const { delivered } = this.#step({ kind: "take", consumer, count, login });
		if (delivered.length === 0) return [];
		try {
			const { found, left } = await this.#source.entriesOf(
				delivered,
				bytesMax,
				this.#reading.fresh,
			);
			const kept = new Set<Message>([...left, ...found.map(({ message }) => message)]);
			const gone = delivered.filter((message) => !kept.has(message));
			if (gone.length > 0) this.#step({ kind: "gone", messages: gone });
			if (left.length > 0) this.#step({ kind: "returned", messages: left });
			return this.isClosed ? [] : found;
		} catch (error) {
			this.#step({ kind: "returned", messages: delivered });
			throw error;
		}
	}

	/** Carries out what a consumer says. @returns the names that mean no delivery of now */
	answer(answer: ConsumerAnswer, names: readonly Name[]): readonly Name[] {
		return this.#step({ kind: "answer", answer, names }).stale;
	}

	/** Resolves when the messages that were to be parked are, or the log has refused them for now. */
	parkedWritten(): Promise<void> {
		return this.#parker.written();
	}

	/** How many messages a consumer has. */
	heldBy(consumer: string): number {
		return this.state.inFlight.heldBy(consumer);
	}

	/** Waits until there may be something to take, for some time at most; not if `room` is full. */
	async waitForNews(waitMs: number, gone: AbortSignal, room: WaitingRoom): Promise<void> {
		if (this.#closed) return;
		// What the stream has is read as far as there is room: only behind that is a watch of use.
		const reading = this.#reading;
		const hasRoom = reading.hasRoomFor(1);
		if (hasRoom && !reading.isAtHead) {
			reading.fillFor(1).then(
				() => this.#hungry.wake(),
				() => undefined,
			);
		}
		const isWatched = hasRoom && reading.isAtHead && !reading.isRunning;
		if (!isWatched) return this.#hungry.wait(waitMs, gone);
		await this.#hungry.during(gone, (signal) => this.#untilGrown(waitMs, signal, room));
	}

	/** Waits until a consumer has fewer messages than now, for some time at most. */
	async waitForRoom(consumer: string, waitMs: number, gone: AbortSignal): Promise<void> {
		if (this.#closed) return;
		const held = this.heldBy(consumer);
		const hasRoom = () => this.#closed || this.heldBy(consumer) < held;
		await this.#full.wait(waitMs, gone, hasRoom);
	}

	/**
	 * Delivers parked messages again: those below a number. While it does, another call changes
	 * nothing.
	 */
	async replay(stopAt: number | undefined): Promise<void> {
		if (this.#closed) return;
		this.#parker.isHidden(await this.#parked.replay(stopAt));
		this.#hungry.wake();
	}

	/** What is parked, without what a replay has taken up. */
	whatIsParked(): Promise<WhatIsParked> {
		return this.#parked.look();
	}

	/**
	 * Takes parked messages away for good. @returns how many
	 * @throws Refusal as `ParkedMessages.discard`
	 */
	discard(discarding: Discarding): Promise<number> {
		return this.#parked.discard(discarding);
	}

	/** Writes where it is, and lets go of everything. Consumers that wait are answered. */
	async close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		clearTimeout(this.#timer);
		this.#hungry.wake();
		this.#full.wake();
		await this.#reading.close();
		// A replay hides long parts at a time; what it has handled beyond them does not come again.
		this.#parker.truncate(settledBefore(this.state.tracks.parked));
		await this.#parker.close();
		await this.#saver.close();
	}

	#step(input: Input): Output {
		const output = step(this.state, input, performance.now());
		if (output.toPark.length > 0) this.#parker.add(output.toPark);
		if (output.hasNews) this.#hungry.wake();
		this.#full.wake();
		this.#parker.truncate(this.#parked.handledBefore);
		this.#plan();
		return output;
	}

	async #untilGrown(waitMs: number, signal: AbortSignal, room: WaitingRoom): Promise<void> {
		const known = this.state.tracks.source.next - 1;
		const grows = { log: this.#around.log, stream: this.name.stream, known };
		await untilGrown(grows, room, waitMs, signal);
		// The next wait reads: what has come is no news again to a consumer that has enough.
		this.#reading.isAtHead = false;
	}

	/** Looks when the clock has something to do. A timer that is early looks again. */
	#plan(): void {
		if (this.#closed) return;
		const now = performance.now();
		const due = Math.min(nextDueMs(this.state) ?? Infinity, this.#saver.dueMs(now));
		if (due >= this.#plannedMs) return;
		clearTimeout(this.#timer);
		this.#plannedMs = due;
		this.#timer = setTimeout(() => this.#tick(), Math.max(0, Math.ceil(due - now)));
		this.#timer.unref();
	}

	#tick(): void {
		this.#plannedMs = Infinity;
		const now = performance.now();
		if (this.#saver.dueMs(now) <= now) void this.#saver.save().then(() => this.#plan());
		this.#step({ kind: "tick" });
	}

	#tell(what: string, error: unknown): void {
		const { operatorLog } = this.#around;
		const { stream, group } = this.name;
		if (isRefusal(error)) operatorLog.warn(what, { stream, group, reason: error.word });
		else logFault(operatorLog, error);
	}
}
