/** Single steps of a group: who gets what, and what does not count. */
import { newState, type State } from "../../src/groups/steps/state.ts";
import { type Input, step } from "../../src/groups/steps/step.ts";

const LEASE_MS = 1000;

function stateOf(partitions: number): State {
	const checkpoints = new Array<number>(partitions).fill(-1);
	const layout = { partitions, from: 0 };
	const known = { leaseMs: LEASE_MS, layout, next: undefined, generationsBefore: 1, checkpoints };
	const state = newState(known, 0);
	step(state, { kind: "reserved", before: 1000 }, 0);
	return state;
}

const join = (state: State, id: string, nowMs = 0) =>
	step(state, { kind: "join", id, name: "", login: "" }, nowMs);
const renew = (state: State, id: string, said: object = {}, nowMs = 0) => {
	const input = { kind: "renew", id, checkpoints: [], released: [], ...said } as Input;
	return step(state, input, nowMs);
};
const sizes = (state: State) =>
	[...state.members.keys()].map(
		(id) => state.holds.filter(({ owner, isLeaving }) => owner === id && !isLeaving).length,
	);
const leaving = (state: State, id: string) =>
	state.holds.flatMap(({ owner, isLeaving, generation }, partition) =>
		owner === id && isLeaving ? [{ partition, generation }] : [],
	);
const ownersOf = (state: State) => state.holds.map(({ owner }) => owner);

test("shares differ by one at most, and no more partitions move than have to", () => {
	const state = stateOf(50);
	join(state, "a");
	expect(sizes(state)).toEqual([50]);
	join(state, "b");
	// What moves is nobody else's before it was given back.
	expect([sizes(state), leaving(state, "a")]).toEqual([[25, 0], expect.anything()]);
	expect(leaving(state, "a")).toHaveLength(25);
	renew(state, "a", { released: leaving(state, "a") });
	expect(sizes(state)).toEqual([25, 25]);
	const before = ownersOf(state);
	join(state, "c");
	for (const id of ["a", "b"]) renew(state, id, { released: leaving(state, id) });
	expect(sizes(state).sort()).toEqual([16, 17, 17]);
	const moved = ownersOf(state).filter((owner, at) => owner !== before[at]);
	expect(new Set(moved)).toEqual(new Set(["c"]));
	step(state, { kind: "leave", id: "c" }, 0);
	expect(sizes(state)).toEqual([25, 25]);
});

test("more members than partitions: some have none, and take over when others go", () => {
	const state = stateOf(2);
	for (const id of ["a", "b", "c"]) join(state, id);
	for (const id of ["a", "b"]) renew(state, id, { released: leaving(state, id) });
	expect(sizes(state).sort()).toEqual([0, 1, 1]);
	step(state, { kind: "leave", id: "a" }, 0);
	expect(sizes(state)).toEqual([1, 1]);
});

test("what a member says of a generation that is over changes nothing", () => {
	const state = stateOf(1);
	join(state, "a");
	const first = state.holds[0]?.generation ?? 0;
	const held = { partition: 0, generation: first };
	renew(state, "a", { released: [held] });
	const second = state.holds[0]?.generation ?? 0;
	expect(second).toBeGreaterThan(first);
	const late = renew(state, "a", { released: [held], checkpoints: [{ ...held, at: 7 }] });
	expect([late.lost, state.holds[0]]).toEqual([
		[0],
		expect.objectContaining({ owner: "a", generation: second, at: -1 }),
	]);
	expect(renew(state, "a", { checkpoints: [{ partition: 9, generation: 1, at: 1 }] }).lost).toEqual(
		[9],
	);
});

test("a checkpoint goes forward only", () => {
	const state = stateOf(1);
	join(state, "a");
	const held = { partition: 0, generation: state.holds[0]?.generation ?? 0 };
	for (const at of [5, 3, 8, 8]) renew(state, "a", { checkpoints: [{ ...held, at }] });
	expect(state.holds[0]?.at).toBe(8);
});

test("partitions of a member that is silent for its lease go to others; what leaves gets no more time", () => {
	const state = stateOf(4);
	join(state, "a");
	join(state, "b", 500);
	renew(state, "a", {}, 600);
	// Its time was fixed when it was asked to leave.
	expect(state.holds.filter(({ owner }) => owner === "b")).toHaveLength(0);
	step(state, { kind: "tick" }, 1000);
	expect(sizes(state)).toEqual([2, 2]);
	expect(renew(state, "a", {}, 1599).isMember).toBe(true);
	expect(step(state, { kind: "tick" }, 1600).isMember).toBe(true);
	// b said nothing since 500.
	expect([...state.members.keys()]).toEqual(["a"]);
	expect(sizes(state)).toEqual([4]);
	expect(renew(state, "b", {}, 1700).isMember).toBe(false);
});

test("after a restart nobody gets a partition before the leases of before are over", () => {
	const checkpoints = [4, 7];
	const layout = { partitions: 2, from: 0 };
	const known = { leaseMs: LEASE_MS, layout, next: undefined, generationsBefore: 101, checkpoints };
	const state = newState(known, LEASE_MS);
	step(state, { kind: "reserved", before: 201 }, 0);
	join(state, "a", 10);
	expect(sizes(state)).toEqual([0]);
	renew(state, "a", {}, 900);
	step(state, { kind: "tick" }, LEASE_MS);
	expect(sizes(state)).toEqual([2]);
	expect(state.holds.map(({ generation, at }) => [generation, at])).toEqual([
		[101, 4],
		[101, 7],
	]);
});

test("another number of partitions begins when all of before is handled and given back", () => {
	const state = stateOf(2);
	join(state, "a");
	const at = (partition: number) => ({
		partition,
		generation: state.holds[partition]?.generation ?? 0,
	});
	const next = { partitions: 4, from: 10 };
	step(state, { kind: "defined", leaseMs: LEASE_MS, next }, 0);
	expect(renew(state, "a", { checkpoints: [{ ...at(0), at: 12 }] }).isDrained).toBe(false);
	// It is not to go beyond the end, and gives back what is handled.
	expect([state.holds[0]?.at, leaving(state, "a")]).toEqual([9, [at(0)]]);
	renew(state, "a", { released: leaving(state, "a"), checkpoints: [{ ...at(1), at: 9 }] });
	expect(sizes(state)).toEqual([0]);
	expect(renew(state, "a", { released: leaving(state, "a") }).isDrained).toBe(true);
	step(state, { kind: "moved-on", layout: next }, 0);
	expect([sizes(state), state.holds.map(({ at }) => at)]).toEqual([[4], [9, 9, 9, 9]]);
});

describe("a group that is set to another place", () => {
	test("leaves its partitions where they are, and takes nothing of before", () => {
		const state = stateOf(4);
		join(state, "a");
		const held = { partition: 2, generation: state.holds[2]?.generation ?? 0 };
		renew(state, "a", { checkpoints: [{ ...held, at: 50 }] });
		const { changed } = step(state, { kind: "reset", from: 10, generationsBefore: 2000 }, 0);
		expect([...changed]).toEqual(["a"]);
		expect(ownersOf(state)).toEqual(["a", "a", "a", "a"]);
		expect(state.holds.map(({ at }) => at)).toEqual([9, 9, 9, 9]);
		// What was on its way says where the member was before.
		expect(renew(state, "a", { checkpoints: [{ ...held, at: 60 }] }).lost).toEqual([2]);
		const now = { partition: 2, generation: state.holds[2]?.generation ?? 0 };
		expect(now.generation).toBeGreaterThan(held.generation);
		renew(state, "a", { checkpoints: [{ ...now, at: 12 }] });
		expect(state.holds[2]?.at).toBe(12);
	});

	test("begins another number of partitions there, once those of before are given back", () => {
		const state = stateOf(2);
		join(state, "a");
		const next = { partitions: 3, from: 100 };
		step(state, { kind: "defined", leaseMs: LEASE_MS, next }, 0);
		step(state, { kind: "reset", from: 10, generationsBefore: 2000 }, 0);
		expect(state.next).toEqual({ partitions: 3, from: 10 });
		expect(leaving(state, "a")).toHaveLength(2);
		expect(renew(state, "a", { released: leaving(state, "a") }).isDrained).toBe(true);
	});
});
