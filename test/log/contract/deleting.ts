/** The contract of deletes: what may be deleted, what is left, and how a stream comes back (1.4, 1.6, 5.6). */
import type { ExpectedVersion } from "../../../src/event.ts";
import type { Log } from "../../../src/log/log.ts";
import { append, event, events, idsOf, name, read, refusal, versions } from "../asking.ts";
import type { Given } from "../contract.ts";

const DELETED = '{"$tb":9223372036854775807}';

export function deleting(given: Given): void {
	let log: Log;
	beforeEach(() => {
		log = given.log;
	});

	const remove = (stream: string, expected: ExpectedVersion = "any", hard = false) =>
		log.delete({ stream: name(stream), expected, hard });
	const describeAs = (stream: string, data: string) =>
		append(log, `$$${stream}`, [event({ type: "$metadata", data: Buffer.from(data) })]);
	/** The metadata that holds, as text. */
	const metadataOf = async (stream: string) => {
		const newest = { from: "head", limit: 1, direction: "backward" } as const;
		const { entries } = await read(log, `$$${stream}`, newest);
		return Buffer.from(entries[0]?.event.data ?? []).toString();
	};
	const conflict = (stream: string, expected: number, current: number) => [
		"wrong-expected-version",
		{ stream, expected, current },
	];

	describe("a soft delete", () => {
		test("hides every event, and is an event of the metadata stream", async () => {
			await append(log, "a", events(3));
			expect(await remove("a")).toEqual({ first: 0, position: 3, repeated: false });
			expect(await read(log, "a")).toEqual({ last: -1, entries: [] });
			expect(await log.last(name("a"))).toBe(-1);
			expect(await metadataOf("a")).toBe(DELETED);
			const all = await read(log, "$all");
			expect(all.entries.map(({ event }) => event.type).slice(2)).toEqual([
				"OrderPlaced",
				"$metadata",
			]);
			expect(all.entries[3]?.event).toMatchObject({ stream: "$$a", version: 0, isJson: true });
		});

		test("is nothing that metadata can do to the whole log", async () => {
			await append(log, "a", events(1));
			await describeAs("$all", DELETED);
			await describeAs("$all", '{"$cacheControl":5}');
			expect((await read(log, "$all")).last).toBe(2);
			expect(await metadataOf("$all")).toBe('{"$cacheControl":5}');
		});

		test("keeps ACL, retention and custom keys, byte for byte (departure 22)", async () => {
			await append(log, "a", events(1));
			await describeAs(
				"a",
				'{ "$acl":{"$r":"ops"},"$maxCount":5, "n":12345678901234567890,"ü":1.10}',
			);
			await remove("a");
			expect(await metadataOf("a")).toBe(
				`{"$tb":9223372036854775807, "$acl":{"$r":"ops"},"$maxCount":5, "n":12345678901234567890,"ü":1.10}`,
			);
		});

		test("and a hard one, leave the events to be read by those who have to find them", async () => {
			await append(log, "a", events(3));
			await append(log, "b", events(3));
			await remove("a");
			await remove("b", "any", true);
			const found = (stream: string) => read(given.log.hidden, stream, { resolve: false });
			expect(versions(await found("a"))).toEqual([0, 1, 2]);
			expect(versions(await found("b"))).toEqual([0, 1, 2, 3]);
			expect((await found("$et-OrderPlaced")).entries[4]).toMatchObject({
				version: 4,
				event: { type: "$>", position: 4 },
			});
		});

		test("may be repeated, of a metadata stream that has no events too", async () => {
			await describeAs("a", "{}");
			await remove("a");
			await remove("a", "no-stream");
			expect(await metadataOf("a")).toBe(DELETED);
			expect(await log.last(name("$$a"))).toBe(2);
		});

		test("lets the stream come back, with its numbers going on and the old events hidden", async () => {
			await append(log, "a", events(3));
			await describeAs("a", '{"$maxAge":60}');
			await remove("a");
			const batch = events(2);
			expect(await append(log, "a", batch)).toEqual({ first: 3, position: 7, repeated: false });
			expect(await metadataOf("a")).toBe('{"$tb":3,"$maxAge":60}');
			const { last, entries, retention } = await read(log, "a");
			expect([last, idsOf(entries.map(({ event }) => event))]).toEqual([4, idsOf(batch)]);
			expect(retention).toMatchObject({ first: 3 });
			expect((await append(log, "a", events(1), 4)).first).toBe(5);
			expect(await metadataOf("a")).toBe('{"$tb":3,"$maxAge":60}');
		});

		test("is undone by metadata written after it, up to the last event", async () => {
			await append(log, "a", events(3));
			await remove("a");
			await describeAs("a", '{"$maxCount":2}');
			expect(await metadataOf("a")).toBe('{"$tb":3,"$maxCount":2}');
			expect(await read(log, "a")).toMatchObject({ last: 2, entries: [] });
			expect((await append(log, "a", events(1), 2)).first).toBe(3);
			expect(versions(await read(log, "a"))).toEqual([3]);
		});

		test("stays one where metadata deletes again", async () => {
			await append(log, "a", events(1));
			await remove("a");
			await describeAs("a", DELETED);
			expect(await log.last(name("$$a"))).toBe(1);
			expect((await read(log, "a")).last).toBe(-1);
		});

		test("and all that follows may share a commit", async () => {
			const [, , again] = await Promise.all([
				append(log, "a", events(2)),
				remove("a"),
				append(log, "a", events(1), "no-stream"),
				remove("a"),
				append(log, "a", events(1)),
			]);
			expect(again?.first).toBe(2);
			expect(versions(await read(log, "a"))).toEqual([3]);
			expect(await metadataOf("a")).toBe('{"$tb":3}');
		});
	});

	describe("a hard delete", () => {
		test("ends the stream with a tombstone, and the name is dead for ever", async () => {
			await append(log, "a", events(3));
			expect(await remove("a", 2, true)).toEqual({ first: 3, position: 3, repeated: false });
			const unread = ["stream-deleted", { stream: "a", attempt: "read", forEver: true }];
			expect(await refusal(read(log, "a"))).toEqual(unread);
			expect(await refusal(log.last(name("a")))).toEqual(unread);
			const gone = ["stream-deleted", { stream: "a", attempt: "write", forEver: true }];
			for (const expected of ["any", "no-stream", "stream-exists", 2, 3, 99] as const) {
				expect(await refusal(append(log, "a", events(1), expected))).toEqual(gone);
				expect(await refusal(remove("a", expected))).toEqual(gone);
				expect(await refusal(remove("a", expected, true))).toEqual(gone);
			}
		});

		test.each(["there was some", "there was none"])(
			"takes the metadata stream along, to read and to write, where %s",
			async (had) => {
				await append(log, "a", events(1));
				if (had === "there was some") await describeAs("a", "{}");
				await remove("a", "any", true);
				const facts = { stream: "$$a", attempt: "read", forEver: true };
				expect(await refusal(read(log, "$$a"))).toEqual(["stream-deleted", facts]);
				expect(await refusal(log.last(name("$$a")))).toEqual(["stream-deleted", facts]);
				const write = { ...facts, attempt: "write" };
				expect(await refusal(describeAs("a", "{}"))).toEqual(["stream-deleted", write]);
			},
		);

		test("refuses a repeat, too", async () => {
			const batch = events(1);
			await append(log, "a", batch);
			await remove("a", "any", true);
			expect((await refusal(append(log, "a", batch)))[0]).toBe("stream-deleted");
		});

		test("is seen in $all and under its type, with the events before it", async () => {
			await append(log, "order-1", events(2));
			await remove("order-1", "any", true);
			const { entries } = await read(log, "$all");
			expect(entries.map(({ event }) => [event.type, event.version])).toEqual([
				["OrderPlaced", 0],
				["OrderPlaced", 1],
				["$streamDeleted", 2],
			]);
			expect((await read(log, "$et-$streamDeleted")).last).toBe(0);
		});

		test("of a stream that was deleted softly, or has metadata only, is possible", async () => {
			await append(log, "a", events(1));
			await remove("a");
			await remove("a", 0, true);
			await describeAs("b", "{}");
			expect((await remove("b", "no-stream", true)).first).toBe(0);
			for (const stream of ["a", "b"]) {
				expect((await refusal(read(log, stream)))[0]).toBe("stream-deleted");
			}
		});
	});

	describe("a delete that expects", () => {
		test.each([false, true])("a version gets it, or a conflict (hard: %s)", async (hard) => {
			expect(await refusal(remove("a", "stream-exists", hard))).toEqual(conflict("a", -4, -1));
			expect(await refusal(remove("a", 0, hard))).toEqual(conflict("a", 0, -1));
			await append(log, "a", events(3));
			expect(await refusal(remove("a", "no-stream", hard))).toEqual(conflict("a", -1, 2));
			expect(await refusal(remove("a", 1, hard))).toEqual(conflict("a", 1, 2));
			expect(await refusal(remove("a", 3, hard))).toEqual(conflict("a", 3, 2));
			await remove("a", hard ? "stream-exists" : 2, hard);
		});

		test("existence is told of a soft delete by stream-deleted, and that it is not for ever", async () => {
			await append(log, "a", events(1));
			await remove("a", "stream-exists");
			const gone = ["stream-deleted", { stream: "a", attempt: "write", forEver: false }];
			expect(await refusal(remove("a", "stream-exists"))).toEqual(gone);
			expect(await refusal(append(log, "a", events(1), "stream-exists"))).toEqual(gone);
			await remove("a", 0);
			await remove("a", "no-stream", true);
		});

		test("anything of an index stream, $all or metadata is refused", async () => {
			await append(log, "order-1", events(1));
			await describeAs("order-1", "{}");
			for (const stream of ["$all", "$ce-order", "$streams", "$$order-1"]) {
				expect((await refusal(remove(stream)))[0]).toBe("stream-not-writable");
			}
		});
	});

	describe("a delete of a stream that was never written (departure 25)", () => {
		test.each(["any", "no-stream"] as const)("expecting %s hides it", async (expected) => {
			expect(await remove("a", expected)).toEqual({ first: 0, position: 0, repeated: false });
			expect(await metadataOf("a")).toBe(DELETED);
			expect(await log.last(name("a"))).toBe(-1);
			await remove("a", expected);
			expect((await append(log, "a", events(1), "no-stream")).first).toBe(0);
			expect((await read(log, "a")).last).toBe(0);
		});

		test.each(["any", "no-stream"] as const)(
			"expecting %s, for ever, ends it",
			async (expected) => {
				expect(await remove("a", expected, true)).toMatchObject({ first: 0, position: 0 });
				expect((await refusal(append(log, "a", events(1))))[0]).toBe("stream-deleted");
				expect((await refusal(remove("a", expected, true)))[0]).toBe("stream-deleted");
				const { entries } = await read(log, "$all");
				expect(entries.map(({ event }) => event.type)).toEqual(["$streamDeleted"]);
			},
		);
	});

	describe("an append to a stream that was deleted softly", () => {
		const batch = events(2);
		beforeEach(async () => {
			await append(log, "a", batch, "no-stream");
			await append(log, "a", events(1));
			await remove("a");
		});

		test.each([["any"], ["no-stream"], [2]] as const)(
			"expecting %s is written",
			async (expected) => {
				expect((await append(log, "a", events(1), expected)).first).toBe(3);
			},
		);

		test.each([1, 7])("expecting %d is refused", async (expected) => {
			const refused = conflict("a", expected, 2);
			expect(await refusal(append(log, "a", events(1), expected))).toEqual(refused);
		});

		test.each([["any"], ["no-stream"], ["stream-exists"]] as const)(
			"that repeats an earlier one under %s answers what that did",
			async (expected) => {
				const repeated = { first: 0, position: 1, repeated: true };
				expect(await append(log, "a", batch, expected)).toEqual(repeated);
				expect((await read(log, "a")).last).toBe(-1);
			},
		);

		test("under no-stream is repeated from where the stream came back", async () => {
			const second = events(2);
			const written = await append(log, "a", second, "no-stream");
			expect(written).toEqual({ first: 3, position: 6, repeated: false });
			await append(log, "a", events(1));
			const repeated = { ...written, repeated: true };
			expect(await append(log, "a", second, "no-stream")).toEqual(repeated);
			expect(await append(log, "a", batch, "no-stream")).toMatchObject({ first: 0 });
			expect((await refusal(append(log, "a", events(1), "no-stream")))[0]).toBe(
				"wrong-expected-version",
			);
		});

		test("of events that it hides is a repeat, whatever it expects, and brings nothing back", async () => {
			for (const expected of [0, 2, 9] as const) {
				const repeated = { first: 0, position: 1, repeated: true };
				expect(await append(log, "a", batch, expected)).toEqual(repeated);
			}
			const mixed = await refusal(append(log, "a", [...batch, event()], 2));
			expect(mixed[0]).toBe("events-known");
			expect((await read(log, "a")).last).toBe(-1);
		});
	});
}
