/**
 * Shares the partitions of a group among its members: as evenly as can be, and moving as few as can
 * be. A partition that moves leaves its owner first: nobody gets it before the owner has given it
 * back, or its time is over.
 */
import { type Hold, isDrained, type Member, type State } from "./state.ts";

/** @returns whether there are partitions to give out, and no generation to give them out in */
export function share(state: State, nowMs: number, changed: Set<string>): boolean {
	drain(state, changed);
	const open = state.holds.filter((hold) => !isDrained(state, hold));
	const quotas = quotasOf([...state.members.values()], open);
	for (const [id, { kept, quota }] of quotas) {
		// The last ones, so that the same ones move if somebody comes and goes.
		for (const hold of kept.slice(quota)) leave(hold, id, changed);
	}
	if (nowMs < state.closedUntilMs) return false;
	const unowned = open.filter(({ owner }) => owner === undefined);
	const takers = [...quotas].map(([id, { kept, quota }]) => {
		return { id, has: Math.min(kept.length, quota), quota };
	});
	if (unowned.length === 0 || takers.length === 0) return false;
	if (state.generation + 1 >= state.generationsBefore) return true;
	let given = false;
	for (const hold of unowned) {
		const taker = neediest(takers);
		if (!taker) break;
		if (!given) state.generation++;
		given = true;
		taker.has++;
		hold.owner = taker.id;
		hold.generation = state.generation;
		hold.isLeaving = false;
		hold.untilMs = state.members.get(taker.id)?.untilMs ?? nowMs;
		changed.add(taker.id);
	}
	return false;
}

/** A partition whose part of this layout is handled has no owner until the next layout. */
function drain(state: State, changed: Set<string>): void {
	for (const hold of state.holds) {
		if (hold.owner !== undefined && isDrained(state, hold)) leave(hold, hold.owner, changed);
	}
}

function leave(hold: Hold, owner: string, changed: Set<string>): void {
	if (hold.isLeaving) return;
	hold.isLeaving = true;
	changed.add(owner);
}

type Share = { readonly kept: readonly Hold[]; readonly quota: number };

/** By the ids of members. Those that have the most get the one more that not all can have. */
function quotasOf(members: readonly Member[], open: readonly Hold[]): ReadonlyMap<string, Share> {
	const kept = new Map<string, Hold[]>(members.map(({ id }) => [id, []]));
	for (const hold of open) {
		if (hold.owner !== undefined && !hold.isLeaving) kept.get(hold.owner)?.push(hold);
	}
	const least = Math.floor(open.length / Math.max(1, members.length));
	let more = open.length - least * members.length;
	const most = [...kept].sort(([, one], [, other]) => other.length - one.length);
	return new Map(
		most.map(([id, holds]) => [id, { kept: holds, quota: more-- > 0 ? least + 1 : least }]),
	);
}

type Taker = { readonly id: string; has: number; readonly quota: number };

function neediest(takers: readonly Taker[]): Taker | undefined {
	let found: Taker | undefined;
	for (const taker of takers) {
		if (taker.has < taker.quota && taker.has < (found?.has ?? Infinity)) found = taker;
	}
	return found;
}
