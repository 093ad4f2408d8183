/**
 * A subscription's steps under random consumers, kills, and a clock that jumps, beside a small oracle
 * that knows by itself what has happened to each message.
 */
import type { Strategy } from "../../src/subscriptions/settings.ts";
import { parseSettings } from "../../src/subscriptions/settings.ts";
import {
	type Checkpoint,
	checkpointOf,
	firstOpen,
	wantedBy,
} from "../../src/subscriptions/steps/checkpoint.ts";
import type { Message } from "../../src/subscriptions/steps/message.ts";
import { newState, type State } from "../../src/subscriptions/steps/state.ts";
import {
	type ConsumerAnswer,
	type Input,
	type Output,
	step,
} from "../../src/subscriptions/steps/step.ts";
import type { Random } from "../../test/feeds/random.ts";

export const EVENTS = 300;
const TIMEOUT_MS = 1000;
const RETRIES = 2;
const IN_FLIGHT_MAX = 40;
const KEYS = 7;
const NAMES = 12;

type Delivery = {
	readonly consumer: string;
	readonly attempt: number;
	readonly untilMs: number;
	readonly id: string;
};
type Fate = "acked" | "skipped" | "parked" | "gone" | "not mine";

export class World {
	state: State;
	readonly random: Random;
	readonly strategy: Strategy;
	nowMs = 0;
	/** What is in the log: events that are still there, the newest checkpoint, what is parked. */
	readonly erased = new Set<number>();
	saved: Checkpoint | undefined;
	readonly parked: number[] = [];
	/** What the newest checkpoint has as settled. */
	durable = new Set<number>();
	readonly fates = new Map<number, Fate>();
	/** What a consumer has, as far as it knows. */
	readonly with = new Map<number, Delivery>();
	/** Told to park by a consumer. */
	readonly toldToPark = new Set<number>();
	#parking: { readonly message: Message; readonly reason: string }[] = [];
	#wanted: (number: number) => boolean = () => true;
	kills = 0;

	constructor(strategy: Strategy, random: Random) {
		this.strategy = strategy;
		this.random = random;
		this.state = this.#newState(0);
	}

	/** One of the things that happen to a subscription. */
	something(): void {
		const dice = this.random.upTo(202);
		if (dice < 12) this.find();
		else if (dice < 70) this.ask(this.#someone(), 1 + this.random.upTo(8));
		else if (dice < 150) this.answer();
		else if (dice < 178) this.pass(this.random.upTo(600));
		else if (dice < 180) this.pass(3_600_000);
		else if (dice < 190) this.writeParked();
		else if (dice < 193) this.save();
		else if (dice < 195) this.erase();
		else if (dice < 198) this.die(this.#someone());
		else if (dice < 200) this.kill();
		else this.replay();
	}

	find(): void {
		const from = this.state.tracks.source.next;
		const to = Math.min(EVENTS, from + 1 + this.random.upTo(20));
		const numbers = Array.from({ length: to - from }, (_, i) => from + i);
		for (const number of numbers) if (!isMine(number)) this.fates.set(number, "not mine");
		const mine = numbers.filter((one) => isMine(one) && !this.erased.has(one) && this.#wanted(one));
		for (const number of numbers) if (this.erased.has(number)) this.#settled(number, "gone");
		const messages = mine.map((number) => ({ number, id: idOf(number), key: this.#keyOf(number) }));
		this.#do({ kind: "found", origin: "source", messages, next: to });
	}

	/** @returns how many it got */
	ask(consumer: string, count: number): number {
		const taken = this.#do({ kind: "take", consumer, count, login: "" }).delivered;
		must(taken.length <= count, "more than was asked for", taken.length);
		this.#handleAgain(taken.filter(({ origin }) => origin === "parked"));
		const delivered = taken.filter(({ origin }) => origin === "source");
		must(this.state.inFlight.size <= IN_FLIGHT_MAX, "more in flight than may be", count);
		const inThis = new Set(delivered.map(({ number }) => number));
		for (const message of delivered) this.#checkDelivery(message, consumer, inThis);
		for (const { number, attempt, id } of delivered) {
			this.with.set(number, { consumer, attempt, id, untilMs: this.nowMs + TIMEOUT_MS });
		}
		// Some are gone when they are read, and a bound of bytes leaves some behind.
		const gone = delivered.filter(({ number }) => this.erased.has(number));
		for (const { number } of gone) this.#settled(number, "gone");
		if (gone.length > 0) this.#do({ kind: "gone", messages: gone });
		const rest = delivered.filter((message) => !gone.includes(message));
		const kept = this.random.upTo(10) === 0 ? Math.min(1, rest.length) : rest.length;
		const returned = rest.slice(kept);
		for (const { number } of returned) this.with.delete(number);
		if (returned.length > 0) this.#do({ kind: "returned", messages: returned });
		return kept;
	}

	/** What was parked comes again; consumers handle it at once. The source stands where it is. */
	#handleAgain(messages: readonly Message[]): void {
		const { source, parked } = this.state.tracks;
		const [before, openBefore] = [JSON.stringify(checkpointOf(source)), parked.open.size];
		const names = messages.map(({ id, attempt }) => ({ id, attempt }));
		const { stale } = this.#do({ kind: "answer", answer: { is: "ack" }, names });
		must(stale.length === 0, "refused as stale, though it came again", stale.length);
		must(parked.open.size === openBefore - messages.length, "not settled", messages.length);
		must(JSON.stringify(checkpointOf(source)) === before, "a replay moved the source", source.next);
	}

	/** What is parked is delivered again: all of it after a kill, what came since otherwise. */
	replay(): void {
		const { next } = this.state.tracks.parked;
		const messages = this.parked.slice(next).map((of, at) => {
			return { number: next + at, id: `parked-${next + at}`, key: this.#keyOf(of) };
		});
		this.#do({ kind: "found", origin: "parked", messages, next: this.parked.length });
	}

	#checkDelivery({ number, key, retryCount }: Message, consumer: string, inThis: Set<number>) {
		must(!this.durable.has(number), "delivered behind its checkpoint", number);
		must(!this.fates.has(number), "delivered though it was handled", number);
		must(retryCount <= RETRIES, "retried too often", number);
		const before = this.with.get(number);
		must(!before || before.untilMs <= this.nowMs, "with two consumers at a time", number);
		if (this.strategy !== "OrderedByKey") return;
		const others = [...this.state.inFlight].filter((other) => {
			return other.key === key && other.consumer !== consumer;
		});
		const earlier = [...this.state.tracks.source.open.values()].filter((other) => {
			return other.key === key && other.number < number && !inThis.has(other.number);
		});
		must(others.length + earlier.length === 0, "out of the order of its key", number);
	}

	answer(): void {
		const number = this.random.pick([...this.with.keys()]);
		const delivery = number === undefined ? undefined : this.with.get(number);
		if (number === undefined || !delivery) return;
		const is = this.random.pick(ANSWERS);
		const answer = (
			is === "release" ? { is, afterMs: this.random.upTo(2000) } : { is }
		) as ConsumerAnswer;
		this.say(answer, number, delivery, this.random.upTo(10) < 7);
	}

	/** @param withToken whether it names the delivery */
	say(answer: ConsumerAnswer, number: number, delivery: Delivery, withToken = true): void {
		const { id, attempt } = delivery;
		const message = this.state.tracks.source.open.get(number);
		const wasFlying = message?.state === "in flight" && message.attempt === attempt;
		if (answer.is === "park") this.toldToPark.add(number);
		const name = { id, attempt: withToken ? attempt : undefined };
		const { stale } = this.#do({ kind: "answer", answer, names: [name] });
		must(!wasFlying || stale.length === 0, "refused as stale, though it is in flight", number);
		if (stale.length > 0) {
			this.with.delete(number);
			return;
		}
		const isOpen = this.state.tracks.source.open.has(number);
		if (message && !isOpen) {
			must(answer.is === "ack" || answer.is === "skip", `settled by ${answer.is}`, number);
			must(!this.#comesAgainBefore(message), "handled before what comes again", number);
			this.#settled(number, answer.is === "ack" ? "acked" : "skipped");
		}
		if (answer.is === "renew" && wasFlying) {
			this.with.set(number, { ...delivery, untilMs: this.nowMs + TIMEOUT_MS });
		} else if (answer.is !== "stop") this.with.delete(number);
	}

	/** Whether an earlier message of its key waits: that one was given back, and holds back its key. */
	#comesAgainBefore({ key, number }: Message): boolean {
		if (this.strategy !== "OrderedByKey") return false;
		return [...this.state.tracks.source.open.values()].some((other) => {
			const isEarlier = other.key === key && other.number < number;
			return isEarlier && (other.state === "waiting" || other.state === "delayed");
		});
	}

	pass(ms: number): void {
		this.nowMs += ms;
		this.#do({ kind: "tick" });
	}

	/** The parked messages stand in the log, and then the steps hear of it, unless a kill comes. */
	writeParked(): void {
		const messages = this.#parking.splice(0).map(({ message }) => message);
		for (const { number } of messages) {
			this.parked.push(number);
			this.#settled(number, "parked");
		}
		this.#do({ kind: "parked", messages });
	}

	/** Never ahead of what was settled, and all that is open is wanted by who starts from it. */
	save(): void {
		const checkpoint = checkpointOf(this.state.tracks.source);
		const wanted = wantedBy(checkpoint);
		const { open } = this.state.tracks.source;
		this.saved = checkpoint;
		this.durable = new Set();
		for (let number = 0; number < checkpoint.next; number++) {
			if (wanted(number)) continue;
			must(this.fates.has(number) && !open.has(number), "a checkpoint is ahead of it", number);
			this.durable.add(number);
		}
	}

	/** An event is erased, or hidden, while its message is on its way. */
	erase(): void {
		const number = this.random.upTo(EVENTS);
		if (isMine(number)) this.erased.add(number);
	}

	/** A consumer forgets what it has; its messages come again in time. */
	die(consumer: string): void {
		for (const [number, one] of this.with) if (one.consumer === consumer) this.with.delete(number);
	}

	/** The memory is gone; what is in the log is there. */
	kill(): void {
		this.kills++;
		this.#parking = [];
		this.with.clear();
		for (const number of this.fates.keys()) {
			if (!this.durable.has(number)) this.fates.delete(number);
		}
		this.#wanted = this.saved ? wantedBy(this.saved) : () => true;
		this.state = this.#newState(this.saved ? firstOpen(this.saved) : 0);
	}

	#settled(number: number, fate: Fate): void {
		if (!this.fates.has(number)) this.fates.set(number, fate);
		this.with.delete(number);
	}

	#do(input: Input): Output {
		const output = step(this.state, input, this.nowMs);
		for (const { message, reason } of output.toPark) {
			const { number, retryCount } = message;
			// By rule only: somebody said so, or it came again too often.
			const isUsedUp = reason.startsWith("Reached") && retryCount === RETRIES;
			must(isUsedUp || this.toldToPark.has(number), "parked without a reason", number);
			this.with.delete(number);
		}
		this.#parking.push(...output.toPark);
		// What was called back, or given back in time, is not with its consumer any more.
		for (const [number, { attempt }] of this.with) {
			const message = this.state.tracks.source.open.get(number);
			if (message && message.state !== "in flight" && message.attempt !== attempt) {
				this.with.delete(number);
			}
		}
		return output;
	}

	#newState(next: number): State {
		const settings = {
			namedConsumerStrategy: this.strategy,
			messageTimeoutMilliseconds: TIMEOUT_MS,
			maxRetryCount: RETRIES,
			maxInFlight: IN_FLIGHT_MAX,
		};
		return newState(parseSettings(settings), next, 0);
	}

	#keyOf(number: number): string {
		return this.strategy === "RoundRobin" ? "" : `k${number % KEYS}`;
	}

	/** They come and go: of a dozen names, some are heard of at a time. */
	#someone(): string {
		const hour = Math.floor(this.nowMs / 20_000);
		return `c${(hour + this.random.upTo(3)) % NAMES}`;
	}
}

const ANSWERS = [
	"ack",
	"ack",
	"ack",
	"ack",
	"skip",
	"park",
	"retry",
	"stop",
	"renew",
	"release",
] as const;

/** Some events are none of this subscription's. */
function isMine(number: number): boolean {
	return number % 11 !== 5;
}

function must(holds: boolean, otherwise: string, about: number): void {
	if (!holds) throw new Error(`${otherwise}: ${about}`);
}

function idOf(number: number): string {
	return `id-${number}`;
}

export function remaining(world: World): number[] {
	return Array.from({ length: EVENTS }, (_, n) => n).filter((n) => !world.fates.has(n));
}
