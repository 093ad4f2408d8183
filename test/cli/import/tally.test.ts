import { Tally } from "../../../src/cli/import/tally.ts";

/** A file of these bytes, of which so many were read. */
const input = (bytes: number | undefined, read: number) => ({ bytes, bytesRead: () => read });

describe("the part of a file that has arrived", () => {
	const lines = ["a".repeat(49), "b".repeat(49), "", "c".repeat(49), "d".repeat(49)];
	const bytes = 201;

	test("counts what the server has, not what was read", () => {
		const tally = new Tally();
		tally.read(lines);
		expect(tally.fraction(input(bytes, bytes))).toBe(0);
		for (const line of lines) tally.taken(line, line !== "");
		// All of it was read and sent off, and nothing has arrived.
		expect(tally.fraction(input(bytes, bytes))).toBe(0);
		tally.delivered("a", 2, 0);
		expect(tally.fraction(input(bytes, bytes))).toBe(0.5);
		tally.delivered("b", 2, 2);
		expect(tally.fraction(input(bytes, bytes))).toBe(1);
	});

	test("counts the lines of a chunk that still wait to be taken", () => {
		const tally = new Tally();
		tally.read(lines);
		tally.taken(lines[0] ?? "", true);
		tally.delivered("a", 1, 0);
		expect(tally.fraction(input(1000, 201))).toBeCloseTo(0.05);
	});

	test("is unknown for a pipe and an empty file", () => {
		expect(new Tally().fraction(input(undefined, 7))).toBeUndefined();
		expect(new Tally().fraction(input(0, 0))).toBeUndefined();
	});
});

test("the summary counts the streams of the events that arrived", () => {
	const tally = new Tally();
	tally.delivered("a", 1, 0);
	expect(tally.summary(1000)).toBe("imported 1 event into 1 stream in 1.0 s, 1 events/s");
	tally.delivered("a", 1200, 3);
	tally.delivered("b", 1, 0);
	expect(tally.summary(2000)).toBe(
		"imported 1,202 events (3 already there) into 2 streams in 2.0 s, 601 events/s",
	);
});
