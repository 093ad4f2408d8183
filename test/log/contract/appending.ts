/** The contract of an append: places, bytes, names, time, and the word of it. */
import type { Commit, Log } from "../../../src/log/log.ts";
import { append, event, events, name, read, refusal } from "../asking.ts";
import type { Given } from "../contract.ts";

const NOTHING = new Uint8Array(0);

export function appending(given: Given): void {
	let log: Log;
	beforeEach(() => {
		log = given.log;
	});

	describe("an append", () => {
		test("numbers events within their stream and within the log", async () => {
			expect(await append(log, "a", events(2))).toEqual({ first: 0, position: 1, repeated: false });
			expect(await append(log, "b", events(1))).toEqual({ first: 0, position: 2, repeated: false });
			expect(await append(log, "a", events(3))).toEqual({ first: 2, position: 5, repeated: false });
			const { last, entries } = await read(log, "a");
			expect(last).toBe(4);
			expect(entries.map(({ event }) => event.position)).toEqual([0, 1, 3, 4, 5]);
		});

		test("stores the exact bytes the client sent", async () => {
			const sent = event({
				id: "0f9619ff-8b86-d011-b42d-00c04fc964ff",
				type: "Größe.geändert",
				data: Buffer.from('{ "n": 12345678901234567890,\r\n "m": 1.10 }'),
				metadata: Buffer.from('{"a" :1}'),
			});
			await append(log, "a", [sent]);
			const [entry] = (await read(log, "a")).entries;
			expect(entry?.version).toBe(0);
			expect(entry?.event).toMatchObject({
				id: sent.id,
				type: sent.type,
				isJson: true,
				position: 0,
				stream: "a",
				version: 0,
				created: given.now,
			});
			expect(Buffer.from(entry?.event.data ?? [])).toEqual(sent.data);
			expect(Buffer.from(entry?.event.metadata ?? [])).toEqual(sent.metadata);
		});

		test("keeps empty and binary data apart from JSON", async () => {
			const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
			// A window in the middle of a larger buffer: only the window is the event's.
			const window = new Uint8Array(1000).fill(7).subarray(300, 310);
			await append(log, "a", [
				event({ isJson: false, data: bytes, metadata: bytes }),
				event({ isJson: false, data: new Uint8Array(0) }),
				event({ isJson: true, data: window }),
			]);
			const found = (await read(log, "a")).entries.map(({ event }) => event);
			expect(found.map(({ isJson }) => isJson)).toEqual([false, false, true]);
			expect(found.map(({ data }) => [...data])).toEqual([[...bytes], [], [...window]]);
			expect(found.map(({ metadata }) => [...metadata])).toEqual([[...bytes], [], []]);
		});

		test.each([
			["with escapes", String.raw`{"a":"\\\"\n"}`, "{}"],
			["with a few letters that are no ASCII", `{"a":"${"x".repeat(200)}ü"}`, String.raw`"\101"`],
			["of letters that are no ASCII", "{}", `"${"日本語ж".repeat(50)}"`],
			["with a NUL", "\0\\0\\\\", "\u0001"],
			["that is long", `"${"ä\\\\".repeat(20_000)}"`, "[]"],
		])("gives text back %s, byte for byte", async (_, text, other) => {
			const [data, metadata] = [Buffer.from(text), Buffer.from(other)];
			await append(log, "a", [event({ data, metadata }), event({ data: metadata })]);
			for (const stream of ["a", "$all"]) {
				const [first, second] = (await read(log, stream)).entries.map(({ event }) => event);
				expect(data.equals(first?.data ?? NOTHING)).toBe(true);
				expect(metadata.equals(first?.metadata ?? NOTHING)).toBe(true);
				expect(metadata.equals(second?.data ?? NOTHING)).toBe(true);
				expect(second?.metadata).toHaveLength(0);
			}
		});

		test("takes any name a stream can have", async () => {
			const names = [
				"src/log/log.ts",
				"a b%20c+d&e=f?g#h",
				"'quoted' \"twice\"",
				"κόσμε-🪨-\u200d",
				"-starts-with-a-dash",
				"__proto__",
				"constructor",
				"1; DROP TABLE events",
				"x".repeat(1024),
				"ü".repeat(512),
				"A",
				"$system",
				"$$a",
			];
			for (const stream of names) await append(log, stream, events(1), "no-stream");
			for (const [position, stream] of names.entries()) {
				const { last, entries } = await read(log, stream);
				expect(last).toBe(0);
				expect(entries[0]?.event).toMatchObject({ stream, position });
			}
			expect(await log.last(name("a"))).toBe(-1);
		});

		test("of many at once lets each be all or nothing", async () => {
			const taken = await append(log, "a", events(1));
			const results = await Promise.allSettled([
				append(log, "b", events(3)),
				append(log, "a", events(5), "no-stream"),
				append(log, "b", events(2), 2),
				append(log, "c", events(1), "stream-exists"),
				append(log, "c", events(1), "no-stream"),
			]);
			expect(results.map(({ status }) => status)).toEqual([
				"fulfilled",
				"rejected",
				"fulfilled",
				"rejected",
				"fulfilled",
			]);
			expect(taken.position).toBe(0);
			expect((await read(log, "a")).last).toBe(0);
			expect((await read(log, "b")).last).toBe(4);
			expect((await read(log, "$all")).last).toBe(6);
		});

		test("to a stream only the log writes is refused", async () => {
			for (const stream of ["$all", "$streams", "$ce-order", "$et-Placed", "$bc-1"]) {
				expect(await refusal(append(log, stream, events(1)))).toEqual([
					"stream-not-writable",
					{ stream, attempt: "append" },
				]);
			}
		});

		test("is dated no earlier than the one before, however the clock jumps", async () => {
			await append(log, "a", events(1));
			given.now -= 3_600_000;
			await append(log, "a", events(1));
			given.now += 3_600_500;
			await append(log, "b", events(1));
			const created = (await read(log, "$all")).entries.map(({ event }) => event.created);
			expect(created).toEqual([1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_500]);
		});

		test("is announced once, in order, with every stream that grew", async () => {
			const commits: Commit[] = [];
			const stop = log.onCommit((commit) => commits.push(commit));
			await append(log, "order-1", events(2));
			await refusal(append(log, "order-1", events(1), "no-stream"));
			const repeated = events(1);
			await append(log, "order-1", repeated);
			await append(log, "order-1", repeated);
			stop();
			await append(log, "order-1", events(1));
			expect(commits.map(({ last }) => last)).toEqual([1, 2]);
			expect([...(commits[0]?.streams ?? [])].sort()).toEqual([
				["$ce-order", 1],
				["$et-OrderPlaced", 1],
				["$streams", 0],
				["order-1", 1],
			]);
			expect(commits[1]?.streams.get(name("order-1"))).toBe(2);
			expect(commits[1]?.streams.has(name("$streams"))).toBe(false);
		});
	});
}
