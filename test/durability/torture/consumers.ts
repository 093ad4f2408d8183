/**
 * Consumers of subscriptions that take, acknowledge, park, give back and forget, on a server that is
 * killed again and again; beside a small oracle of what they were told.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ask, ask, batch } from "../../http/ask.ts";
import { ADMIN, Consumer, type Line } from "../../http/subscriptions/consumer.ts";
import { type Random, seeded } from "./random.ts";
import { type Running, startServer } from "./server.ts";

export type ConsumersResult = {
	kills: number;
	delivered: number;
	acknowledged: number;
	parked: number;
	/** What is wrong; the directory it is wrong in is kept. */
	faults: string[];
	directory?: string;
};

type Options = {
	readonly seed: number;
	readonly goesOn: (kills: number) => boolean;
	readonly onCycle?: (kills: number) => void;
	/** Events of a life; its drain asks for each of them. */
	readonly events?: number;
};

const KILLS_PER_LIFE = 8;
const TIMEOUT_MS = 700;
const STREAM = "orders";
const KEYS = 7;
const CONSUMERS = ["c0", "c1", "c2"];
const COMMON = {
	checkPointAfterMilliseconds: 20,
	messageTimeoutMilliseconds: TIMEOUT_MS,
	maxRetryCount: 1000,
};
const GROUPS = {
	shared: COMMON,
	ordered: { ...COMMON, namedConsumerStrategy: "OrderedByKey", orderedBy: "$.k" },
};

export async function killConsumers(options: Options): Promise<ConsumersResult> {
	const { seed, goesOn, onCycle, events = 400 } = options;
	const random = seeded(seed);
	const result = { kills: 0, delivered: 0, acknowledged: 0, parked: 0, faults: [] as string[] };
	while (goesOn(result.kills) && result.faults.length === 0) {
		const data = realpathSync(mkdtempSync(join(tmpdir(), "varve-consumers-")));
		const life = new Life(data, events, random.branch());
		await life.begin();
		for (let kill = 0; kill < KILLS_PER_LIFE && goesOn(result.kills); kill++) {
			await life.workAndKill();
			result.kills++;
			onCycle?.(result.kills);
		}
		await life.end();
		for (const group of life.groups) {
			result.delivered += group.delivered.size;
			result.acknowledged += group.acknowledged.size;
			result.parked += group.toldParked.size;
			result.faults.push(...group.faults);
		}
		if (result.faults.length > 0) return { ...result, directory: data };
		rmSync(data, { recursive: true });
	}
	return result;
}

class Life {
	readonly groups: Group[];
	readonly #data: string;
	readonly #events: number;
	readonly #random: Random;
	#server: Running | undefined;

	constructor(data: string, events: number, random: Random) {
		this.#data = data;
		this.#events = events;
		this.#random = random;
		const asking = { ask: (request: Ask) => ask(this.#server?.port ?? 0, request) };
		this.groups = Object.keys(GROUPS).map((name) => new Group(name, asking, random.branch()));
	}

	async begin(): Promise<void> {
		await this.#start();
		const events = Array.from({ length: this.#events }, (_, n) => ({
			eventId: this.#random.uuid(),
			eventType: "Placed",
			data: { k: `k${n % KEYS}` },
		}));
		const { headers, ...append } = batch(STREAM, events);
		await ask(this.#server?.port ?? 0, {
			...append,
			headers: { ...headers, Authorization: ADMIN },
		});
		for (const group of this.groups) await group.create();
	}

	async workAndKill(): Promise<void> {
		const rounds = 1 + this.#random.below(6);
		for (let round = 0; round < rounds; round++) await this.#workOnce();
		for (const group of this.groups) await group.noteCheckpoint();
		const working = this.#workOnce().catch(() => undefined);
		await new Promise((resolve) => setTimeout(resolve, this.#random.below(30)));
		await this.#server?.kill();
		await working;
		for (const group of this.groups) group.wasKilled();
		await this.#start();
	}

	/** All consumers are well: every message is handled, and what is parked is what was told. */
	async end(): Promise<void> {
		for (const group of this.groups) await group.drain(this.#events);
		await this.#server?.stop();
	}

	async #workOnce(): Promise<void> {
		const all = this.groups.flatMap((group) => CONSUMERS.map((name) => group.work(name)));
		const done = await Promise.allSettled(all);
		const failed = done.find((one) => one.status === "rejected");
		if (failed) throw failed.reason;
	}

	async #start(): Promise<void> {
		const env = { VARVE_INSECURE_DEFAULTS: "true" };
		this.#server = await startServer({ data: this.#data, port: 0, env });
	}
}

type Held = { readonly consumer: string; readonly untilMs: number };

/** One group, and what its consumers know. */
class Group {
	readonly faults: string[] = [];
	readonly delivered = new Set<number>();
	/** Sent: the server may have heard of it, or not. */
	readonly acknowledged = new Set<number>();
	readonly sentParked = new Set<number>();
	/** The server has said so. */
	readonly toldParked = new Set<number>();
	readonly #held = new Map<number, Held>();
	readonly #consumers: ReadonlyMap<string, Consumer>;
	readonly #name: keyof typeof GROUPS;
	readonly #random: Random;
	/** The checkpoint that was seen last, and that of before the last kill. */
	#reached = -1;
	#durable = -1;

	constructor(name: string, asking: ConstructorParameters<typeof Consumer>[0], random: Random) {
		this.#name = name as keyof typeof GROUPS;
		this.#random = random;
		const each = CONSUMERS.map(
			(one) => [one, new Consumer(asking, STREAM, name, `${name}-${one}`)] as const,
		);
		this.#consumers = new Map(each);
	}

	async create(): Promise<void> {
		await this.#of("c0").create(GROUPS[this.#name]);
	}

	async noteCheckpoint(): Promise<void> {
		const { lastCheckpointedEventPosition: at } = await this.#of("c0").info();
		this.#reached = Number(at ?? -1);
	}

	wasKilled(): void {
		this.#durable = this.#reached;
		this.#held.clear();
	}

	async work(name: string): Promise<void> {
		const lines = await this.#take(name, 1 + this.#random.below(20));
		const dice = this.#random.below(20);
		if (lines.length === 0 || dice < 2) return;
		const part = lines.slice(0, 1 + this.#random.below(lines.length));
		if (dice < 4) await this.#giveBack(name, part.slice(-1));
		else if (dice < 5) await this.#park(name, part.slice(0, 1));
		else await this.#acknowledge(name, part);
	}

	async drain(events: number): Promise<void> {
		for (;;) {
			const lines = await this.#take("c0", 100);
			if (lines.length > 0) await this.#acknowledge("c0", lines);
			else if ((await this.#of("c0").info()).lagEvents === 0) break;
		}
		if (this.delivered.size !== events) this.#fault(`${this.delivered.size} of ${events} came`);
		const reply = await this.#of("c0").ask("/parked?count=1000", {
			headers: { Accept: "application/json" },
		});
		const list = reply.json as unknown as { eventNumber: number }[];
		const parked = new Set(list.map(({ eventNumber }) => eventNumber));
		for (const number of this.toldParked) {
			if (!parked.has(number)) this.#fault(`${number} was parked, and is not there`);
		}
		for (const number of parked) {
			if (!this.sentParked.has(number)) this.#fault(`${number} is parked, and nobody said so`);
		}
	}

	async #take(name: string, count: number): Promise<Line[]> {
		const askedMs = performance.now();
		const lines = await this.#of(name).take(count);
		const nowMs = performance.now();
		const inThis = new Set(lines.map(({ number }) => number));
		for (const { number } of lines) {
			if (number <= this.#durable) this.#fault(`${number} came again behind its checkpoint`);
			const held = this.#held.get(number);
			if (held && nowMs < held.untilMs) this.#fault(`${number} is with two consumers`);
			if (this.#name === "ordered") this.#checkOrder(number, inThis);
		}
		for (const { number } of lines) {
			this.delivered.add(number);
			this.#held.set(number, { consumer: name, untilMs: askedMs + TIMEOUT_MS });
		}
		return lines;
	}

	/** What is earlier of its key was handled, or comes with it. */
	#checkOrder(number: number, inThis: ReadonlySet<number>): void {
		for (let earlier = number - KEYS; earlier > this.#durable; earlier -= KEYS) {
			const isHandled = this.acknowledged.has(earlier) || this.sentParked.has(earlier);
			if (!isHandled && !inThis.has(earlier)) this.#fault(`${number} came before ${earlier}`);
		}
	}

	async #acknowledge(name: string, lines: readonly Line[]): Promise<void> {
		for (const { number } of lines) {
			this.acknowledged.add(number);
			this.#held.delete(number);
		}
		await this.#of(name).answer("ack", lines);
	}

	async #park(name: string, lines: readonly Line[]): Promise<void> {
		for (const { number } of lines) {
			this.sentParked.add(number);
			this.#held.delete(number);
		}
		const { status } = await this.#of(name).answer("nack?action=park", lines);
		if (status === 202) for (const { number } of lines) this.toldParked.add(number);
	}

	/** In an order by key, what is behind it with its key is called back. */
	async #giveBack(name: string, lines: readonly Line[]): Promise<void> {
		for (const { number } of lines) {
			for (const [other] of this.#held) {
				if (other >= number && other % KEYS === number % KEYS) this.#held.delete(other);
			}
		}
		await this.#of(name).answer("nack?action=retry", lines);
	}

	#of(name: string): Consumer {
		return this.#consumers.get(name) as Consumer;
	}

	#fault(what: string): void {
		this.faults.push(`group ${this.#name}: ${what}`);
	}
}
