/** What a member of a group has. */
import { endOf, type Hold, type Layout, type Member, type State } from "./steps/state.ts";

/** What a member has. */
export type Assignment = {
	readonly member: Member;
	readonly layout: Layout;
	/** The first number that is not of this layout; Infinity for no end. */
	readonly end: number;
	readonly held: readonly HeldPartition[];
};

export type HeldPartition = Pick<Hold, "at" | "generation" | "isLeaving"> & {
	readonly partition: number;
	/** How long it is the member's, if the member says nothing more. */
	readonly leftMs: number;
};

export function assignmentIn(state: State, member: Member, nowMs: number): Assignment {
	const { holds, layout } = state;
	const held = holds.flatMap(({ owner, at, generation, isLeaving, untilMs }, partition) => {
		const leftMs = Math.max(0, Math.floor(untilMs - nowMs));
		return owner === member.id ? [{ partition, generation, at, isLeaving, leftMs }] : [];
	});
	return { member, layout, end: endOf(state), held };
}
