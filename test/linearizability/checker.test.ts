/** The checker against histories whose verdict is known. */
import { check, type Recorded } from "./checker.ts";
import type { Expected, Operation } from "./model.ts";

/** One line a client: `called-answered`, and what. An open end is an answer that never came. */
const at = (called: number, answered: number, operation: Operation): Recorded => ({
	client: 0,
	called,
	answered,
	operation,
});

const wrote = (first: number, ids: string, expected: Expected = "any"): Operation => ({
	kind: "append",
	expected,
	ids: ids.split(""),
	answer: { first },
});
const refused = (current: number, ids: string, expected: Expected): Operation => ({
	kind: "append",
	expected,
	ids: ids.split(""),
	answer: { current },
});
const unknown = (ids: string, expected: Expected = "any"): Operation => ({
	kind: "append",
	expected,
	ids: ids.split(""),
});
/** @param ids oldest first */
const saw = (ids: string, last = ids.length - 1): Operation => ({
	kind: "read",
	count: 20,
	newest: ids.split("").reverse(),
	last,
});

const NEVER = Infinity;

const GOOD: Record<string, Recorded[]> = {
	"nothing at all": [],
	"one after the other": [
		at(1, 2, wrote(0, "a", "no-stream")),
		at(3, 4, wrote(1, "b", 0)),
		at(5, 6, saw("ab")),
	],
	"a read during an append, before it": [at(1, 4, wrote(0, "a")), at(2, 3, saw(""))],
	"a read during an append, after it": [at(1, 4, wrote(0, "a")), at(2, 3, saw("a"))],
	"two at a time, in the other order": [
		at(1, 4, wrote(1, "a")),
		at(2, 5, wrote(0, "b")),
		at(6, 7, saw("ba")),
	],
	"of two with one expectation, one wins": [
		at(1, 4, wrote(0, "a", "no-stream")),
		at(2, 5, refused(0, "b", "no-stream")),
		at(6, 7, saw("a")),
	],
	"a batch is whole": [at(1, 4, wrote(0, "abc")), at(2, 3, saw("")), at(2, 3, saw("abc"))],
	"a repeat is answered as the first": [
		at(1, 2, wrote(0, "ab")),
		at(3, 4, wrote(2, "c")),
		at(5, 6, wrote(0, "ab")),
		at(7, 8, wrote(0, "ab", "no-stream")),
		at(9, 10, wrote(0, "ab", 2)),
		at(11, 12, wrote(0, "ab", 7)),
		at(13, 14, refused(2, "ba", 2)),
		at(15, 16, refused(2, "cd", 2)),
		at(17, 18, saw("abc")),
	],
	"without an answer, and it happened": [at(1, NEVER, unknown("a")), at(2, 3, saw("a"))],
	"without an answer, and it did not": [
		at(1, NEVER, unknown("a")),
		at(2, 3, wrote(0, "b")),
		at(4, 5, saw("b")),
	],
	"without an answer, and it happened late": [
		at(1, NEVER, unknown("a")),
		at(2, 3, saw("")),
		at(4, 5, saw("a")),
	],
	"without an answer, and repeated": [
		at(1, NEVER, unknown("a", "no-stream")),
		at(2, 3, wrote(0, "a", "no-stream")),
		at(4, 5, saw("a")),
	],
	"only the newest of many were asked for": [
		at(1, 2, wrote(0, "abcdefghijklmnopqrstuvwxyz")),
		at(3, 4, { ...saw("ghijklmnopqrstuvwxyz"), last: 25 } as Operation),
	],
};

const BAD: Record<string, Recorded[]> = {
	"a lost update: two wrote on the same expectation": [
		at(1, 4, wrote(0, "a", "no-stream")),
		at(2, 5, wrote(0, "b", "no-stream")),
	],
	"a lost update: a later one takes the place": [
		at(1, 2, wrote(0, "a")),
		at(3, 4, wrote(0, "b", "no-stream")),
		at(5, 6, saw("b")),
	],
	"a stale read": [at(1, 2, wrote(0, "a")), at(3, 4, wrote(1, "b")), at(5, 6, saw("a"))],
	"a read that goes back behind another": [
		at(1, 9, wrote(0, "a")),
		at(2, 3, saw("a")),
		at(4, 5, saw("")),
	],
	"a reordering of what was one after the other": [
		at(1, 2, wrote(0, "a")),
		at(3, 4, wrote(1, "b")),
		at(5, 6, saw("ba")),
	],
	"two readers that see two orders": [
		at(1, 9, wrote(0, "a")),
		at(1, 9, wrote(1, "b")),
		at(2, 3, saw("a")),
		at(4, 5, saw("ba")),
	],
	"a phantom answer: acknowledged, and not there": [at(1, 2, wrote(0, "a")), at(3, 4, saw(""))],
	"a phantom event: nobody wrote it": [at(1, 2, wrote(0, "a")), at(3, 4, saw("ax"))],
	"an append that is there twice": [
		at(1, NEVER, unknown("a")),
		at(2, 3, wrote(1, "a")),
		at(4, 5, saw("aa")),
	],
	"a repeat at the version of a new read that wrote again": [
		at(1, 2, wrote(0, "a")),
		at(3, 4, wrote(1, "a", 0)),
	],
	"a repeat that wrote again": [at(1, 2, wrote(0, "a")), at(3, 4, wrote(1, "a"))],
	"a torn batch: a part is seen": [at(1, 4, wrote(0, "abc")), at(2, 3, saw("ab"))],
	"a torn batch: another stands within": [
		at(1, 4, wrote(0, "abc")),
		at(2, 5, wrote(1, "x")),
		at(6, 7, saw("axbc")),
	],
	"a torn batch of which no answer came": [at(1, NEVER, unknown("abc")), at(2, 3, saw("ab"))],
	"a gap in the versions": [at(1, 2, wrote(0, "a")), at(3, 4, wrote(2, "b"))],
	"a refusal by a version that never was": [at(1, 2, wrote(0, "a")), at(3, 4, refused(5, "b", 3))],
	"a refusal of what was right": [at(1, 2, wrote(0, "a")), at(3, 4, refused(0, "b", 0))],
	"a refusal that wrote": [
		at(1, 2, wrote(0, "a")),
		at(3, 4, refused(0, "b", "no-stream")),
		at(5, 6, saw("ab")),
	],
	"a success that had to be refused": [at(1, 2, wrote(0, "a", "stream-exists"))],
	"without an answer, seen, and gone again": [
		at(1, NEVER, unknown("a")),
		at(2, 3, saw("a")),
		at(4, 5, saw("")),
	],
	"a wrong last version": [at(1, 2, wrote(0, "ab")), at(3, 4, saw("ab", 5))],
};

test.each(Object.entries(GOOD))("takes a good history: %s", (_, history) => {
	expect(check(history).ok).toBe(true);
});

test.each(Object.entries(BAD))("finds a bad history: %s", (_, history) => {
	const { ok, stuck } = check(history);
	expect(ok).toBe(false);
	expect(stuck.length).toBeGreaterThan(0);
});

test("finds one wrong answer in a long history, and soon", () => {
	const history = Array.from({ length: 400 }, (_, i) =>
		at(10 * i, 10 * i + 95, { ...wrote(i, ""), ids: [`id-${i}`] } as Operation),
	);
	expect(check(history).ok).toBe(true);
	history[300] = at(3000, 3095, { ...wrote(301, ""), ids: ["id-300"] } as Operation);
	expect(check(history).ok).toBe(false);
});
