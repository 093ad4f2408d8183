/** What keeps states: how many there may be, and in which order they are shown. */
import { InMemory } from "../../src/projections/keeping/in-memory.ts";
import {
	checkPartitions,
	PARTITIONS_MAX,
	TooMuchState,
} from "../../src/projections/keeping/keeper.ts";
import { NameOrder, placeBehind } from "../../src/projections/keeping/order.ts";
import { verdictOn } from "../../src/projections/running/verdict.ts";

const CHECKPOINT = { next: 1, tag: "{}", cursors: {}, handled: 1, isCompleted: false };
const MIB = 1024 * 1024;

test("a projection has a most of partitions, and one more is its fault", () => {
	expect(() => checkPartitions(PARTITIONS_MAX)).not.toThrow();
	expect(() => checkPartitions(PARTITIONS_MAX + 1)).toThrow(TooMuchState);
	const verdict = verdictOn(new TooMuchState("A projection has at most …"), 1);
	expect(verdict).toMatchObject({ is: "fault", reason: "A projection has at most …" });
});

test("a question keeps 64 MiB of states at most, and counts what was replaced no more", async () => {
	const keeper = new InMemory();
	const save = (partition: string, mib: number) => {
		const state = "x".repeat(mib * MIB);
		const text = { state, result: undefined };
		return keeper.save(
			{ ...CHECKPOINT, shared: undefined, origin: undefined },
			new Map([[partition, text]]),
		);
	};
	for (let time = 0; time < 5; time++) await save("a", 40);
	await save("b", 24);
	await expect(save("c", 1)).rejects.toThrow(TooMuchState);
});

test("names keep their order while there come more, and each page goes on behind the last name", async () => {
	const known = new Set<string>();
	const order = new NameOrder();
	const add = (name: string) => {
		if (!known.has(name)) order.add(name);
		known.add(name);
	};
	for (let n = 0; n < 50_000; n++) add(`p${(n * 7919) % 50_021}`);
	const expected = () => [...known].sort();
	expect(await order.names(() => known)).toEqual(expected());
	for (const name of ["", "q", "p00", "p1", "ü", "\u{1f600}"]) add(name);
	// Asked twice at once, with more in between.
	const asked = [order.names(() => known)];
	add("p001");
	asked.push(order.names(() => known));
	const [, second] = await Promise.all(asked);
	expect(second).toEqual(expected());
	const names = expected();
	for (const at of [0, 1, 49_000, names.length - 1]) {
		expect(placeBehind(names, names[at] as string)).toBe(at + 1);
	}
	expect(placeBehind(names, "p0000")).toBe(names.findIndex((name) => name > "p0000"));
	known.clear();
	order.clear();
	add("again");
	expect(await order.names(() => known)).toEqual(["again"]);
});
