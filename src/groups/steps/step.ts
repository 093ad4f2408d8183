/**
 * One step of a group: an input changes the state, and the output says what has to be done. It does
 * nothing else: no clock, no log, no luck. `group.ts` is the loop around this.
 *
 * A partition on its way:
 *
 *               join, tick                    a member more, or drained
 *     free ────────────────▶ held ────────────────────────────────▶ leaving
 *      ▲   a new generation   │ ▲                                    │
 *      │                      │ └── renew: some time more            │ (no more time)
 *      │   leave, time over   │                                      │
 *      ├──────────────────────┘     given back, leave, time over     │
 *      └─────────────────────────────────────────────────────────────┘
 *
 * So it has one owner at a time, as long as a member counts its time from before it asked. A
 * checkpoint counts if its member holds the partition, in the generation that it names.
 *
 * When the number of partitions changes, the layout of before ends at the number that the stream
 * had reached. A partition that is handled up to there goes back and stays free. When all are, the
 * next layout begins: until then nobody handles an event of it, so each key stays in order.
 *
 * When a group is set to another place, its owners keep their partitions in a new generation: what
 * they say of the place before counts no more, and nobody else works beside them.
 */
import { share } from "./share.ts";
import {
	endOf,
	free,
	type Hold,
	isDrained,
	type Layout,
	type Member,
	type State,
} from "./state.ts";

export type Input =
	| {
			readonly kind: "join";
			readonly id: string;
			readonly name: string;
			readonly login: string;
	  }
	/** A member is alive, says how far it is, and gives partitions back. */
	| ({ readonly kind: "renew"; readonly id: string } & Said)
	| { readonly kind: "leave"; readonly id: string }
	/** The log knows that generations below this one may be given out. */
	| { readonly kind: "reserved"; readonly before: number }
	/** Someone wants another number of partitions, or another lease. */
	| { readonly kind: "defined"; readonly leaseMs: number; readonly next: Layout | undefined }
	/** The log knows that the next layout has begun. */
	| { readonly kind: "moved-on"; readonly layout: Layout }
	/** The log knows that all partitions begin anew at a number, and which generations are free. */
	| { readonly kind: "reset"; readonly from: number; readonly generationsBefore: number }
	/** Time has passed. */
	| { readonly kind: "tick" };

/** What a member says of partitions, each in the generation in which it has it. */
export type Said = {
	readonly checkpoints: readonly (Held & { readonly at: number })[];
	readonly released: readonly Held[];
};

export type Held = { readonly partition: number; readonly generation: number };

export type Output = {
	/** False if the member that spoke is none. */
	readonly isMember: boolean;
	/** Partitions that it spoke of, and does not have. */
	readonly lost: readonly number[];
	/** Whether a checkpoint has moved. */
	readonly hasProgress: boolean;
	/** The members whose partitions have changed, and those that are none any more. */
	readonly changed: ReadonlySet<string>;
	/** Whether partitions wait for more generations. */
	readonly needsGenerations: boolean;
	/** Whether the next layout can begin. */
	readonly isDrained: boolean;
};

type Answered = Pick<Output, "isMember" | "lost" | "hasProgress">;
const FINE: Answered = { isMember: true, lost: [], hasProgress: false };

/** @param nowMs by a clock that never goes back */
export function step(state: State, input: Input, nowMs: number): Output {
	const changed = new Set<string>();
	expire(state, nowMs, changed);
	const answered = take(state, input, nowMs, changed);
	const needsGenerations = share(state, nowMs, changed);
	for (const id of changed) {
		const member = state.members.get(id);
		if (member) member.revision++;
	}
	return { ...answered, changed, needsGenerations, isDrained: canMoveOn(state) };
}

/** When the next `tick` has something to do; Infinity if never, as it is now. */
export function nextDueMs({ members, holds, closedUntilMs }: State, nowMs: number): number {
	let due = members.size > 0 && closedUntilMs > nowMs ? closedUntilMs : Infinity;
	for (const { untilMs } of members.values()) due = Math.min(due, untilMs);
	for (const { owner, untilMs } of holds) if (owner !== undefined) due = Math.min(due, untilMs);
	return due;
}

function take(state: State, input: Input, nowMs: number, changed: Set<string>): Answered {
	switch (input.kind) {
		case "join":
			return join(state, input, nowMs);
		case "renew":
			return renew(state, input, nowMs);
		case "leave":
			if (!state.members.has(input.id)) return { ...FINE, isMember: false };
			remove(state, input.id, changed);
			return FINE;
		case "reserved":
			state.generationsBefore = Math.max(state.generationsBefore, input.before);
			return FINE;
		case "defined":
			state.leaseMs = input.leaseMs;
			state.next = input.next;
			// All are told where their layout ends.
			for (const id of state.members.keys()) changed.add(id);
			return FINE;
		case "moved-on":
			moveOn(state, input.layout);
			return FINE;
		case "reset":
			reset(state, input, changed);
			return FINE;
		case "tick":
			return FINE;
	}
}

/** Who joins again, because the answer was lost, has joined. */
function join(
	state: State,
	{ id, name, login }: Input & { kind: "join" },
	nowMs: number,
): Answered {
	const member = state.members.get(id);
	if (member) {
		prolong(state, member, nowMs);
		return FINE;
	}
	const untilMs = nowMs + state.leaseMs;
	state.members.set(id, { id, name, login, untilMs, revision: 0 });
	return FINE;
}

function renew(
	state: State,
	{ id, checkpoints, released }: Input & { kind: "renew" },
	nowMs: number,
): Answered {
	const member = state.members.get(id);
	if (!member) return { ...FINE, isMember: false };
	const lost: number[] = [];
	let hasProgress = false;
	for (const { at, ...held } of checkpoints) {
		const hold = heldBy(state, id, held);
		if (!hold) lost.push(held.partition);
		// What it has read beyond the end of the layout is handled again, in the next one.
		const reached = Math.min(at, endOf(state) - 1);
		if (!hold || reached <= hold.at) continue;
		hold.at = reached;
		hasProgress = true;
	}
	for (const held of released) {
		const hold = heldBy(state, id, held);
		if (hold) letGo(hold);
	}
	prolong(state, member, nowMs);
	if (released.length > 0) member.revision++;
	return { isMember: true, lost, hasProgress };
}

function heldBy({ holds }: State, id: string, { partition, generation }: Held): Hold | undefined {
	const hold = holds[partition];
	return hold?.owner === id && hold.generation === generation ? hold : undefined;
}

/** Not of partitions that are to be given back: their time ends when it would have. */
function prolong({ holds, leaseMs }: State, member: Member, nowMs: number): void {
	member.untilMs = Math.max(member.untilMs, nowMs + leaseMs);
	for (const hold of holds) {
		if (hold.owner === member.id && !hold.isLeaving) hold.untilMs = member.untilMs;
	}
}

function expire(state: State, nowMs: number, changed: Set<string>): void {
	for (const { id, untilMs } of state.members.values()) {
		if (untilMs <= nowMs) remove(state, id, changed);
	}
	for (const hold of state.holds) {
		if (hold.owner === undefined || hold.untilMs > nowMs) continue;
		changed.add(hold.owner);
		letGo(hold);
	}
}

function remove({ members, holds }: State, id: string, changed: Set<string>): void {
	members.delete(id);
	for (const hold of holds) if (hold.owner === id) letGo(hold);
	changed.add(id);
}

function letGo(hold: Hold): void {
	hold.owner = undefined;
	hold.isLeaving = false;
}

function canMoveOn(state: State): boolean {
	if (!state.next) return false;
	return state.holds.every((hold) => hold.owner === undefined && isDrained(state, hold));
}

function reset(
	state: State,
	{ from, generationsBefore }: Input & { kind: "reset" },
	changed: Set<string>,
): void {
	state.generationsBefore = Math.max(state.generationsBefore, generationsBefore);
	state.generation++;
	state.layout = { ...state.layout, from };
	// The layout of before has nothing left: the next one begins when its partitions are given back.
	if (state.next) state.next = { ...state.next, from };
	for (const hold of state.holds) {
		hold.at = from - 1;
		if (hold.owner === undefined) continue;
		hold.generation = state.generation;
		changed.add(hold.owner);
	}
}

function moveOn(state: State, layout: Layout): void {
	state.layout = layout;
	if (state.next === layout) state.next = undefined;
	state.holds = Array.from({ length: layout.partitions }, () => free(layout.from - 1));
}
