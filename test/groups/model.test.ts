/**
 * A group under random members, against what it must never do. Its seed is printed; set
 * VARVE_TEST_SEED to run it again.
 *
 * The world knows the clock, the events and the log. Members are as clients are: they count their
 * lease from before they asked, answers are late or lost, and some stop without a word. The server
 * is killed at any moment, and knows then what the log has.
 */
import {
	type Assignment,
	type Holding,
	Membership,
	type Sent,
} from "../../feeds/groups/membership.ts";
import { partitionOf } from "../../feeds/groups/partition.ts";
import {
	endOf,
	type Known,
	type Layout,
	newState,
	type State,
} from "../../src/groups/steps/state.ts";
import { type Input, nextDueMs, type Output, step } from "../../src/groups/steps/step.ts";
import { type Random, randomFrom } from "../../test/feeds/random.ts";

const LEASE_MS = 1000;
const EVENTS = 400;
const KEYS = 23;
const STEPS = 3000;
const ROUNDS = 4;
const seed = Number(process.env.VARVE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** An answer on its way. */
type OnItsWay = { readonly answer: Assignment; readonly sent: Sent };

class Member {
	readonly id: string;
	/** Undefined until it has heard that it has joined. */
	has: Membership | undefined;
	/** By the number of a partition: the last number that it has handled, or passed. */
	readonly places = new Map<number, number>();
	onTheirWay: OnItsWay[] = [];

	constructor(id: string) {
		this.id = id;
	}

	holdings(): Holding[] {
		return [...(this.has?.holdings.values() ?? [])];
	}
}

class World {
	readonly random: Random;
	nowMs = 0;
	/** The keys of the events, by their numbers. */
	readonly events: string[] = [];
	readonly handled = new Set<number>();
	/** By the number of a partition: the newest generation that anybody was given it in. */
	readonly generations = new Map<number, number>();
	readonly sent: Input[] = [];
	readonly members = new Map<string, Member>();
	state: State;
	known: Known;
	joins = 0;
	/** What has happened, so that a quiet run is noticed. */
	readonly count = { moves: 0, late: 0, fenced: 0, given: 0 };

	constructor(random: Random) {
		this.random = random;
		this.known = {
			leaseMs: LEASE_MS,
			layout: { partitions: 5, from: 0 },
			next: undefined,
			generationsBefore: 1,
			checkpoints: [-1, -1, -1, -1, -1],
		};
		this.state = newState(this.known, 0);
	}

	/** As the loop around it does. `isKilled` says that the server ends before the log has it. */
	step(input: Input, isKilled = false): Output {
		const before = this.state.holds.map(({ owner, generation }) => ({ owner, generation }));
		const output = step(this.state, input, this.nowMs);
		this.checkGenerations(before);
		if (isKilled) return output;
		if (output.hasProgress) this.write();
		if (output.needsGenerations) {
			const reserved = this.state.generation + 1 + 3;
			this.write({ generationsBefore: reserved });
			this.step({ kind: "reserved", before: reserved });
		}
		if (output.isDrained && this.state.next) this.moveOn(this.state.next);
		return output;
	}

	moveOn(layout: Layout): void {
		this.count.moves++;
		for (let number = 0; number < layout.from; number++) {
			must(this.handled.has(number), `${number} was handled before the next layout began`);
		}
		const checkpoints = new Array<number>(layout.partitions).fill(layout.from - 1);
		this.write({ layout, next: undefined, checkpoints });
		if (this.random.upTo(4) === 0) this.kill();
		else this.step({ kind: "moved-on", layout });
	}

	write(changes: Partial<Known> = {}): void {
		const { layout, next, leaseMs, holds } = this.state;
		const { generationsBefore } = this.known;
		const checkpoints = holds.map(({ at }) => at);
		this.known = { leaseMs, layout, next, generationsBefore, checkpoints, ...changes };
		this.checkCheckpoints();
	}

	/** What the log says is handled, is handled. */
	checkCheckpoints(): void {
		const { layout, checkpoints } = this.known;
		this.events.forEach((key, number) => {
			const at = checkpoints[partitionOf(key, layout.partitions)] ?? -1;
			const isDone = number < layout.from || number <= at;
			must(!isDone || this.handled.has(number), `${number} was handled before its checkpoint`);
		});
	}

	checkGenerations(before: readonly { owner: string | undefined; generation: number }[]): void {
		this.state.holds.forEach(({ owner, generation }, partition) => {
			const was = before[partition];
			if (owner === undefined || (was?.owner === owner && was.generation === generation)) return;
			must(
				generation > (this.generations.get(partition) ?? 0),
				`${generation} is a new generation`,
			);
			must(generation < this.known.generationsBefore, `the log knows generation ${generation}`);
			this.count.given++;
			this.generations.set(partition, generation);
		});
	}

	append(): void {
		const count = 1 + this.random.upTo(8);
		for (let n = 0; n < count && this.events.length < EVENTS; n++) {
			this.events.push(`key-${this.random.upTo(KEYS)}`);
		}
	}

	join(): void {
		if (this.members.size >= 7) return;
		const member = new Member(`member-${this.joins++}`);
		this.members.set(member.id, member);
		const sentMs = this.nowMs;
		this.pass(20);
		this.step({ kind: "join", id: member.id, name: "", login: "" });
		this.answer(member, { sentMs, isRenewal: true });
	}

	/** What the server answers, if it has such a member; the answer may get lost. */
	answer(member: Member, sent: Sent): void {
		const { members, holds, layout } = this.state;
		const known = members.get(member.id);
		if (!known || this.random.upTo(10) === 0) return;
		const held = holds.flatMap(({ owner, isLeaving, untilMs, ...hold }, partition) => {
			const leaseLeftMilliseconds = untilMs - this.nowMs;
			const one = { ...hold, partition, leaseLeftMilliseconds, isLeaving };
			return owner === member.id ? [one] : [];
		});
		const end = endOf(this.state);
		const answer = {
			member: member.id,
			revision: known.revision,
			leaseMilliseconds: LEASE_MS,
			group: { name: "g", stream: "s", key: "stream", ...layout, end, head: -1, leftOut: [] },
			partitions: held.filter(({ isLeaving }) => !isLeaving),
			leaving: held.filter(({ isLeaving }) => isLeaving),
		};
		member.onTheirWay.push({ answer, sent });
	}

	/** A member takes in one of the answers that are on their way, in any order. */
	hear(): void {
		const member = this.any();
		if (!member || member.onTheirWay.length === 0) return;
		const [heard] = member.onTheirWay.splice(this.random.upTo(member.onTheirWay.length), 1);
		if (!heard) return;
		member.has ??= new Membership(heard.answer);
		const { gained } = member.has.take(heard.answer, heard.sent, this.nowMs);
		for (const { partition, at } of gained) member.places.set(partition, at);
	}

	look(): void {
		const member = this.any();
		if (member) this.answer(member, { sentMs: this.nowMs, isRenewal: false });
	}

	renew(isKilled = false): void {
		const member = this.any();
		if (!member) return;
		const checkpoints = member.holdings().flatMap(({ partition, generation }) => {
			const at = member.places.get(partition) ?? -1;
			return at < 0 ? [] : [{ partition, generation, at }];
		});
		const released = member.has?.releases() ?? [];
		const sentMs = this.nowMs;
		this.pass(50);
		const input = { kind: "renew", id: member.id, checkpoints, released } as const;
		this.sent.push(input);
		const { isMember, lost } = this.step(input, isKilled);
		if (isKilled) {
			this.kill();
			return;
		}
		if (!isMember) {
			// It learns that it is none, and what it had is not its any more.
			this.members.delete(member.id);
			this.count.fenced++;
			return;
		}
		member.has?.released(released);
		for (const partition of lost) {
			// Nothing is lost that is, by the clock of its member, still that one's.
			const untilMs = member.has?.holdings.get(partition)?.untilMs ?? 0;
			must(untilMs <= this.nowMs, `${partition} is no more ${member.id}'s by its own clock`);
			this.count.late++;
		}
		this.answer(member, { sentMs, isRenewal: true });
	}

	/** A request comes once more, long after, on another connection. */
	repeat(): void {
		const input = this.random.pick(this.sent);
		if (input) this.step(input);
	}

	/** A member handles some events of one of its partitions. */
	handle(): void {
		const member = this.any();
		member?.has?.expire(this.nowMs);
		const holding = member && this.random.pick(member.holdings());
		if (!member?.has || !holding) return;
		const { partition } = holding;
		const { partitions, end = Infinity } = member.has.group;
		const from = (member.places.get(partition) ?? -1) + 1;
		let left = 1 + this.random.upTo(6);
		for (let number = from; number < Math.min(this.events.length, end) && left > 0; number++) {
			const key = this.events[number] ?? "";
			member.places.set(partition, number);
			if (partitionOf(key, partitions) !== partition) continue;
			this.checkHandling(member, key, number);
			this.handled.add(number);
			left--;
		}
	}

	checkHandling(member: Member, key: string, number: number): void {
		for (const other of this.members.values()) {
			if (other === member || !other.has) continue;
			const partition = partitionOf(key, other.has.group.partitions);
			const untilMs = other.has.holdings.get(partition)?.untilMs ?? 0;
			must(untilMs <= this.nowMs, `${other.id} does not have ${key}, too`);
		}
		for (let earlier = 0; earlier < number; earlier++) {
			if (this.events[earlier] !== key) continue;
			must(this.handled.has(earlier), `${earlier} was handled before ${number}`);
		}
	}

	/** It gives back what it is asked for, once nothing of it is under way. */
	release(): void {
		const member = this.any();
		for (const { partition, isLeaving } of member?.holdings() ?? []) {
			if (isLeaving) member?.has?.drop(partition);
		}
	}

	any(): Member | undefined {
		return this.random.pick([...this.members.values()]);
	}

	leave(): void {
		const member = this.any();
		if (!member) return;
		this.members.delete(member.id);
		// Half of them say so; the others are dead, and the server finds out.
		if (this.random.upTo(2) === 0) this.step({ kind: "leave", id: member.id });
	}

	/** The server ends, and starts again. */
	kill(): void {
		this.state = newState(this.known, this.nowMs + LEASE_MS);
	}

	define(): void {
		const { layout, next, holds } = this.state;
		const partitions = layout.partitions + this.random.upTo(7) - 1;
		if (partitions < 1 || partitions > 40) return;
		const reached = Math.max(...holds.map(({ at }) => at));
		const from = next?.from ?? Math.max(this.events.length - 1, reached) + 1;
		const wanted = partitions === layout.partitions ? undefined : { partitions, from };
		this.write({ next: wanted });
		this.step({ kind: "defined", leaseMs: LEASE_MS, next: wanted });
	}

	pass(most: number): void {
		const until = this.nowMs + this.random.upTo(most);
		for (;;) {
			const due = nextDueMs(this.state, this.nowMs);
			if (due > until) break;
			this.nowMs = Math.max(this.nowMs, due);
			this.step({ kind: "tick" });
		}
		this.nowMs = until;
	}
}

function must(holds: boolean, what: string): void {
	if (!holds) throw new Error(`not so: ${what}`);
}

test("every event is handled, in the order of its key, by one member at a time", () => {
	console.info(`seed ${seed}`);
	const total = { moves: 0, late: 0, fenced: 0, given: 0 };
	for (let round = 0; round < ROUNDS; round++) {
		const world = new World(randomFrom(seed + round));
		for (let steps = 0; steps < STEPS; steps++) act(world, world.random.upTo(1000));
		finish(world);
		expect(world.handled.size).toBe(EVENTS);
		for (const [what, count] of Object.entries(world.count)) {
			total[what as keyof typeof total] += count;
		}
	}
	console.info(total);
	// The rounds were no quiet ones.
	const quiet = Object.entries(total).filter(([what, count]) => what !== "late" && count === 0);
	expect(quiet).toEqual([]);
});

/** In the end, the members are well, and there are some. */
function finish(world: World): void {
	world.members.clear();
	for (let count = 0; count < 3; count++) world.join();
	while (world.events.length < EVENTS) world.append();
	for (let rounds = 0; world.handled.size < EVENTS || world.state.next; rounds++) {
		must(rounds < 50_000, "it comes to an end");
		if (world.members.size < 2) world.join();
		world.hear();
		world.handle();
		world.release();
		if (rounds % 3 === 0) world.renew();
		if (rounds % 5 === 0) world.pass(30);
	}
}

function act(world: World, dice: number): void {
	if (dice < 25) world.append();
	else if (dice < 40) world.join();
	else if (dice < 240) world.renew();
	else if (dice < 244) world.renew(true);
	else if (dice < 290) world.look();
	else if (dice < 550) world.hear();
	else if (dice < 900) world.handle();
	else if (dice < 945) world.release();
	else if (dice < 983) world.pass(100);
	else if (dice < 985) world.pass(3 * LEASE_MS);
	else if (dice < 987) world.kill();
	else if (dice < 992) world.define();
	else if (dice < 996) world.leave();
	else world.repeat();
}
