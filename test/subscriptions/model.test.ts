/**
 * A subscription under random consumers, against what it must never do. Its seed is printed; set
 * VARVE_TEST_SEED to run it again.
 */

import { parseSettings, type Strategy } from "../../src/subscriptions/settings.ts";
import { checkpointOf, wantedBy } from "../../src/subscriptions/steps/checkpoint.ts";
import type { Message } from "../../src/subscriptions/steps/message.ts";
import { newState, type State } from "../../src/subscriptions/steps/state.ts";
import {
	type ConsumerAnswer,
	type Name,
	type Output,
	step,
} from "../../src/subscriptions/steps/step.ts";
import { type Random, randomFrom } from "../../test/feeds/random.ts";

const EVENTS = 300;
const TIMEOUT_MS = 1000;
const RETRIES = 2;
const CONSUMERS = ["a", "b", "c"];
const seed = Number(process.env.VARVE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

type Delivery = { readonly consumer: string; readonly attempt: number; readonly untilMs: number };

/** Drives a state, and knows by itself what has happened to each message. */
class World {
	readonly state: State;
	readonly random: Random;
	nowMs = 0;
	read = 0;
	/** What a consumer has, as far as it knows. */
	readonly with = new Map<number, Delivery>();
	readonly settled = new Map<number, "acked" | "skipped" | "parked">();
	readonly parking: { readonly message: Message; readonly reason: string }[] = [];

	constructor(strategy: Strategy, random: Random) {
		const settings = {
			namedConsumerStrategy: strategy,
			messageTimeoutMilliseconds: TIMEOUT_MS,
			maxRetryCount: RETRIES,
			maxInFlight: 40,
		};
		this.state = newState(parseSettings(settings), 0);
		this.random = random;
	}

	keyOf(number: number): string {
		return this.state.settings.namedConsumerStrategy === "RoundRobin" ? "" : `k${number % 7}`;
	}

	find(): void {
		const from = this.read;
		const to = Math.min(EVENTS, from + 1 + this.random.upTo(20));
		const numbers = Array.from({ length: to - from }, (_, i) => from + i);
		// Some events are none of this subscription's.
		const mine = numbers.filter((number) => number % 11 !== 5);
		for (const number of numbers) if (!mine.includes(number)) this.settled.set(number, "skipped");
		const messages = mine.map((number) => ({ number, id: idOf(number), key: this.keyOf(number) }));
		this.read = to;
		this.take(
			step(this.state, { kind: "found", origin: "source", messages, next: to }, this.nowMs),
		);
	}

	ask(consumer = this.random.pick(CONSUMERS), count = 1 + this.random.upTo(8)): number {
		const input = { kind: "take", consumer, count } as const;
		const output = step(this.state, input, this.nowMs);
		this.take(output);
		expect(output.delivered.length).toBeLessThanOrEqual(count);
		const inThis = new Set(output.delivered.map(({ number }) => number));
		for (const message of output.delivered) this.#checkDelivery(message, consumer, inThis);
		for (const { number, attempt } of output.delivered) {
			this.with.set(number, { consumer, attempt, untilMs: this.nowMs + TIMEOUT_MS });
		}
		expect(this.state.inFlight.size).toBeLessThanOrEqual(40);
		return output.delivered.length;
	}

	#checkDelivery({ number, key, retryCount }: Message, consumer: string, inThis: Set<number>) {
		const before = this.with.get(number);
		expect(this.settled.has(number)).toBe(false);
		expect(retryCount).toBeLessThanOrEqual(RETRIES);
		// Never with two consumers at a time, as long as the first one's time is not over.
		if (before) expect([number, before.untilMs <= this.nowMs]).toEqual([number, true]);
		if (this.state.settings.namedConsumerStrategy !== "OrderedByKey") return;
		const others = [...this.state.inFlight].filter((other) => {
			return other.key === key && other.consumer !== consumer;
		});
		const earlier = [...this.state.tracks.source.open.values()].filter((other) => {
			return other.key === key && other.number < number && !inThis.has(other.number);
		});
		expect([number, others, earlier]).toEqual([number, [], []]);
	}

	answer(): void {
		const number = this.random.pick([...this.with.keys()]);
		const delivery = number === undefined ? undefined : this.with.get(number);
		if (number === undefined || !delivery) return;
		const is = this.random.pick([
			"ack",
			"ack",
			"ack",
			"skip",
			"park",
			"retry",
			"stop",
			"renew",
			"release",
		]);
		const answer = (
			is === "release" ? { is, afterMs: this.random.upTo(2000) } : { is }
		) as ConsumerAnswer;
		const attempt = this.random.upTo(10) < 7 ? delivery.attempt : undefined;
		this.say(answer, { id: idOf(number), attempt }, number, delivery);
	}

	say(answer: ConsumerAnswer, name: Name, number: number, delivery: Delivery): void {
		const message = this.state.tracks.source.open.get(number);
		const wasFlying = message?.state === "in flight" && message.attempt === delivery.attempt;
		const output = step(this.state, { kind: "answer", answer, names: [name] }, this.nowMs);
		this.take(output);
		if (wasFlying) expect(output.stale).toEqual([]);
		if (output.stale.length > 0) {
			expect(wasFlying).toBe(false);
			this.with.delete(number);
			return;
		}
		const isOpen = this.state.tracks.source.open.has(number);
		if (!isOpen && !this.settled.has(number)) {
			expect(["ack", "skip"]).toContain(answer.is);
			this.settled.set(number, answer.is === "ack" ? "acked" : "skipped");
		}
		if (answer.is === "renew" && wasFlying) {
			this.with.set(number, { ...delivery, untilMs: this.nowMs + TIMEOUT_MS });
		} else if (answer.is !== "stop") this.with.delete(number);
	}

	pass(): void {
		this.nowMs += this.random.upTo(600);
		this.take(step(this.state, { kind: "tick" }, this.nowMs));
	}

	writeParked(): void {
		const messages = this.parking.splice(0).map(({ message }) => message);
		for (const { number } of messages) this.settled.set(number, "parked");
		this.take(step(this.state, { kind: "parked", messages }, this.nowMs));
	}

	take({ toPark }: Output): void {
		for (const { message, reason } of toPark) {
			if (reason.startsWith("Reached")) expect(message.retryCount).toBe(RETRIES);
			this.with.delete(message.number);
		}
		this.parking.push(...toPark);
		// What was called back or timed out is not with its consumer any more.
		for (const [number, { attempt }] of this.with) {
			const message = this.state.tracks.source.open.get(number);
			if (message && message.state !== "in flight" && message.attempt !== attempt) {
				this.with.delete(number);
			}
		}
		if (this.random.upTo(20) === 0) this.checkCheckpoint();
	}

	/** A server that starts from the checkpoint delivers all that is not settled, and nothing else. */
	checkCheckpoint(): void {
		const wanted = wantedBy(checkpointOf(this.state.tracks.source));
		const lost = [...this.state.tracks.source.open.keys()].filter((number) => !wanted(number));
		expect(lost).toEqual([]);
	}
}

function idOf(number: number): string {
	return `id-${number}`;
}

test.each(["RoundRobin", "DispatchToSingle", "Pinned", "OrderedByKey"] as const)(
	"%s: every message is handled, in the order of its key, and by one consumer at a time",
	(strategy) => {
		console.info(`${strategy}: seed ${seed}`);
		const world = new World(strategy, randomFrom(seed));
		for (let steps = 0; steps < 3000; steps++) {
			const dice = world.random.upTo(100);
			if (dice < 5 && world.read < EVENTS) world.find();
			else if (dice < 35) world.ask();
			else if (dice < 80) world.answer();
			else if (dice < 95) world.pass();
			else world.writeParked();
		}
		// In the end, all consumers are well.
		for (let rounds = 0; world.settled.size < EVENTS; rounds++) {
			expect(rounds).toBeLessThan(10_000);
			if (world.read < EVENTS) world.find();
			world.pass();
			world.writeParked();
			for (const consumer of CONSUMERS) world.ask(consumer, 40);
			for (const [number, delivery] of [...world.with]) {
				const name = { id: idOf(number), attempt: delivery.attempt };
				world.say({ is: "ack" }, name, number, delivery);
			}
		}
		expect(world.state.tracks.source.open.size).toBe(0);
		expect(world.state.inFlight.size + world.state.delayed.size + world.state.waiting.size).toBe(0);
		expect(world.state.byId.size).toBe(0);
		expect(checkpointOf(world.state.tracks.source)).toEqual({ next: EVENTS, open: [] });
	},
);
