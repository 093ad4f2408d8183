import { Budget } from "../../../src/http/sockets/budget.ts";

const never = () => {
	throw new Error("nobody is to give way");
};

test("what fits is held, and has its room until it is released", () => {
	const budget = new Budget(10);
	const [a, b] = [{}, {}];
	expect(budget.hold(a, 6, never)).toBe(true);
	expect(budget.hold(b, 5, never)).toBe(false);
	expect(budget.hold(b, 4, never)).toBe(true);
	budget.release(a);
	expect(budget.hold(b, 6, never)).toBe(true);
	expect(budget.hold(b, 1, never)).toBe(true);
});

test("one alone may have more than the limit, and leaves no room for others", () => {
	const budget = new Budget(10);
	const [a, b] = [{}, {}];
	expect(budget.hold(a, 4, never)).toBe(true);
	expect(budget.hold(a, 20, never)).toBe(true);
	expect(budget.hold(b, 1, never)).toBe(false);
	budget.release(a);
	expect(budget.hold(b, 11, never)).toBe(true);
});

test("the oldest give way, as many as needed, and never the one that asks", () => {
	const budget = new Budget(10, () => 0);
	const gone: string[] = [];
	const holders = new Map(["a", "b", "c"].map((name) => [name, {}]));
	const hold = (name: string, bytes: number) => {
		const holder = holders.get(name) ?? {};
		return budget.hold(holder, bytes, () => gone.push(name));
	};
	expect([hold("a", 3), hold("b", 3), hold("c", 3)]).toEqual([true, true, true]);
	expect(hold("a", 3)).toBe(true);
	expect(gone).toEqual(["b"]);
	expect(hold("d", 8)).toBe(true);
	expect(gone).toEqual(["b", "a", "c"]);
	for (const holder of holders.values()) budget.release(holder);
	expect(hold("e", 2)).toBe(true);
});

test("nobody is sent away where that would not make enough room", () => {
	const patience = (bytes: number) => (bytes > 5 ? Infinity : 0);
	const budget = new Budget(10, patience);
	const [slow, quick] = [{}, {}];
	expect(budget.hold(slow, 3, never)).toBe(true);
	expect(budget.hold(quick, 6, never)).toBe(true);
	expect(budget.hold({}, 5, never)).toBe(false);
	expect(budget.hold({}, 1, never)).toBe(true);
});

test("who was renewed is the last to give way", () => {
	const budget = new Budget(10, () => 0);
	const gone: string[] = [];
	const [a, b] = [{}, {}];
	budget.hold(a, 5, () => gone.push("a"));
	budget.hold(b, 5, () => gone.push("b"));
	budget.renew(a);
	expect(budget.hold({}, 5, never)).toBe(true);
	expect(gone).toEqual(["b"]);
	expect(budget.hold({}, 5, never)).toBe(true);
	expect(gone).toEqual(["b", "a"]);
});
