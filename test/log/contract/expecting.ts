/** The contract of expected versions, and of appends sent again (contract 1.4 and 1.5). */
import type { NewEvent } from "../../../src/event.ts";
import type { Log } from "../../../src/log/log.ts";
import { append, event, events, idsOf, name, read, refusal } from "../asking.ts";
import type { Given } from "../contract.ts";

export function expecting(given: Given): void {
	let log: Log;
	beforeEach(() => {
		log = given.log;
	});

	describe("an expected version", () => {
		const stale = (stream: string, expected: number, current: number) => [
			"wrong-expected-version",
			{ stream, expected, current },
		];

		test("of any accepts a stream that is new and one that exists", async () => {
			expect((await append(log, "a", events(1), "any")).first).toBe(0);
			expect((await append(log, "a", events(1), "any")).first).toBe(1);
		});

		test("of no-stream refuses a stream that exists and reports the current version", async () => {
			expect((await append(log, "a", events(2), "no-stream")).first).toBe(0);
			const again = append(log, "a", events(1), "no-stream");
			expect(await refusal(again)).toEqual(stale("a", -1, 1));
		});

		test("of a number accepts exactly the last version", async () => {
			expect(await refusal(append(log, "a", events(1), 0))).toEqual(stale("a", 0, -1));
			await append(log, "a", events(3));
			expect(await refusal(append(log, "a", events(1), 1))).toEqual(stale("a", 1, 2));
			expect(await refusal(append(log, "a", events(1), 3))).toEqual(stale("a", 3, 2));
			expect(await refusal(append(log, "a", events(1), 2 ** 52))).toEqual(stale("a", 2 ** 52, 2));
			expect((await append(log, "a", events(1), 2)).first).toBe(3);
		});

		test("of stream-exists wants the stream, or its metadata stream", async () => {
			expect(await refusal(append(log, "a", events(1), "stream-exists"))).toEqual(
				stale("a", -4, -1),
			);
			await append(log, "$$a", events(1, { type: "$metadata" }));
			expect((await append(log, "a", events(1), "stream-exists")).first).toBe(0);
			await append(log, "b", events(1));
			expect((await append(log, "b", events(1), "stream-exists")).first).toBe(1);
		});
	});

	describe("an append sent again", () => {
		const batch = events(3);
		const written = { first: 1, position: 3, repeated: false };
		const repeated = { first: 1, position: 3, repeated: true };

		beforeEach(async () => {
			await append(log, "a", events(1));
			expect(await append(log, "a", batch, 0)).toEqual(written);
			await append(log, "a", events(2));
			await append(log, "b", events(2));
		});

		test("under any or stream-exists answers what it answered first", async () => {
			expect(await append(log, "a", batch, "any")).toEqual(repeated);
			expect(await append(log, "a", batch, "stream-exists")).toEqual(repeated);
			const part = await append(log, "a", batch.slice(1), "any");
			expect(part).toEqual({ first: 2, position: 3, repeated: true });
			expect(await log.last(name("$all"))).toBe(7);
		});

		test("under its version answers what it answered first, also in part", async () => {
			expect(await append(log, "a", batch, 0)).toEqual(repeated);
			expect(await append(log, "a", batch.slice(0, 2), 0)).toEqual({ ...repeated, position: 2 });
			expect(await append(log, "a", batch.slice(1), 1)).toEqual({ ...repeated, first: 2 });
		});

		test.each([5, 6, 2 ** 52, 3])(
			"under another version (%d), as a client that reads first sends it, is not written again",
			async (expected) => {
				expect(await append(log, "a", batch, expected)).toEqual(repeated);
				expect(await append(log, "a", batch.slice(1), expected)).toEqual({ ...repeated, first: 2 });
				expect(await log.last(name("a"))).toBe(5);
			},
		);

		test("under no-stream answers what it answered first", async () => {
			const first = events(2);
			await append(log, "c", first, "no-stream");
			await append(log, "c", events(1));
			const again = await append(log, "c", first, "no-stream");
			expect(again).toEqual({ first: 0, position: 9, repeated: true });
		});

		test("with new events among the known is refused, whichever come first", async () => {
			const facts = { stream: "a", known: idsOf(batch), count: 4, current: 5 };
			for (const expected of ["any", "stream-exists", "no-stream", 0, 5, 9] as const) {
				for (const mixed of [
					[...batch, event()],
					[event(), ...batch],
				]) {
					const refused = await refusal(append(log, "a", mixed, expected));
					expect(refused).toEqual(["events-known", facts]);
				}
			}
			expect(await log.last(name("a"))).toBe(5);
		});

		test("in another order, or with a gap, is refused", async () => {
			const [first, second, third] = batch as [NewEvent, NewEvent, NewEvent];
			const tail = (await read(log, "a", { from: 4 })).entries.map((entry) => entry.event);
			for (const expected of ["any", 0, 5] as const) {
				for (const other of [
					[...batch].reverse(),
					[first, third],
					[third, second],
					[...tail].reverse(),
				]) {
					const facts = { stream: "a", known: idsOf(other), count: other.length, current: 5 };
					const refused = await refusal(append(log, "a", other, expected));
					expect(refused).toEqual(["events-known", facts]);
				}
			}
		});

		test("in a group with others, under the version they leave, is written once", async () => {
			const mixed = refusal(append(log, "a", [event(), ...batch], 6));
			const group = [append(log, "a", events(1), 5), append(log, "a", batch, 6)];
			expect(await Promise.all(group)).toMatchObject([{ first: 6, repeated: false }, repeated]);
			expect((await mixed)[0]).toBe("events-known");
		});

		test("to another stream is new there", async () => {
			expect((await append(log, "b", batch, "any")).repeated).toBe(false);
		});

		test("while the first is still on its way is written once", async () => {
			const [first, ...others] = await Promise.all([
				append(log, "d", batch),
				append(log, "d", batch),
				append(log, "d", batch, "no-stream"),
				append(log, "d", batch.slice(1, 2), 0),
			]);
			expect(first?.repeated).toBe(false);
			expect(others.map(({ repeated }) => repeated)).toEqual([true, true, true]);
			expect(others[0]).toEqual({ ...first, repeated: true });
		});

		test("with other contents is still the same event: its id decides", async () => {
			const altered = batch.map(({ id }) => event({ id, type: "Other" }));
			expect(await append(log, "a", altered)).toEqual(repeated);
		});
	});
}
