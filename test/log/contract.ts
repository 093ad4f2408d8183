/** What every engine promises, as one suite. Each case ends with `verify`. */
import { randomUUID } from "node:crypto";
import { isRefusal, type Refusals, type Word } from "../../src/errors.ts";
import type { ExpectedVersion, NewEvent, StreamName } from "../../src/event.ts";
import type { Appended, Commit, Log, LogLimits, Range, Slice } from "../../src/log/log.ts";
import { DEFAULT_LOG_LIMITS } from "../../src/log/log.ts";

export type OpenLog = (limits: LogLimits, clock: () => number) => Promise<Log>;

export const name = (text: string) => text as StreamName;

export function event(fields: Partial<NewEvent> = {}): NewEvent {
	return {
		id: randomUUID(),
		type: "OrderPlaced",
		isJson: true,
		data: Buffer.from('{"total":1.10}'),
		metadata: new Uint8Array(0),
		...fields,
	};
}

export const events = (count: number, fields: Partial<NewEvent> = {}) =>
	Array.from({ length: count }, () => event(fields));

/** What `work` is refused with: the word and its facts. */
export async function refusal(work: Promise<unknown>): Promise<[Word, Refusals[Word]]> {
	try {
		await work;
	} catch (error) {
		if (isRefusal(error)) return [error.word, error.facts];
		throw error;
	}
	throw new Error("it was not refused");
}

export function append(
	log: Log,
	stream: string,
	batch: readonly NewEvent[],
	expected: ExpectedVersion = "any",
): Promise<Appended> {
	return log.append({ stream: name(stream), expected, events: batch });
}

export function read(log: Log, stream: string, range: Partial<Range> = {}): Promise<Slice> {
	const whole = { from: 0, limit: 4096, direction: "forward", content: true } as const;
	return log.read({ ...whole, ...range, stream: name(stream) });
}

const ids = (slice: Slice) => slice.entries.map((entry) => entry.event.id);
const versions = (slice: Slice) => slice.entries.map((entry) => entry.version);
const idsOf = (batch: readonly NewEvent[]) => batch.map(({ id }) => id);

export function contract(open: OpenLog): void {
	let log: Log;
	let now: number;
	const limits: LogLimits = { ...DEFAULT_LOG_LIMITS, pageBytesMax: 100_000 };

	beforeEach(async () => {
		now = 1_700_000_000_000;
		log = await open(limits, () => now);
	});

	afterEach(async () => {
		expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
		await log.close();
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
			const given = event({
				id: "0f9619ff-8b86-d011-b42d-00c04fc964ff",
				type: "Größe.geändert",
				data: Buffer.from('{ "n": 12345678901234567890,\r\n "m": 1.10 }'),
				metadata: Buffer.from('{"a" :1}'),
			});
			await append(log, "a", [given]);
			const [entry] = (await read(log, "a")).entries;
			expect(entry?.version).toBe(0);
			expect(entry?.event).toMatchObject({
				id: given.id,
				type: given.type,
				isJson: true,
				position: 0,
				stream: "a",
				version: 0,
				created: now,
			});
			expect(Buffer.from(entry?.event.data ?? [])).toEqual(given.data);
			expect(Buffer.from(entry?.event.metadata ?? [])).toEqual(given.metadata);
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
					{ stream },
				]);
			}
		});

		test("is dated no earlier than the one before, however the clock jumps", async () => {
			await append(log, "a", events(1));
			now -= 3_600_000;
			await append(log, "a", events(1));
			now += 3_600_500;
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

	describe("an expected version", () => {
		const stale = (stream: string, expected: string, current: number) => [
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
			expect(await refusal(again)).toEqual(stale("a", "-1", 1));
		});

		test("of a number accepts exactly the last version", async () => {
			expect(await refusal(append(log, "a", events(1), 0))).toEqual(stale("a", "0", -1));
			await append(log, "a", events(3));
			expect(await refusal(append(log, "a", events(1), 1))).toEqual(stale("a", "1", 2));
			expect(await refusal(append(log, "a", events(1), 3))).toEqual(stale("a", "3", 2));
			expect(await refusal(append(log, "a", events(1), 2 ** 52))).toEqual(
				stale("a", String(2 ** 52), 2),
			);
			expect((await append(log, "a", events(1), 2)).first).toBe(3);
		});

		test("of stream-exists wants the stream, or its metadata stream", async () => {
			expect(await refusal(append(log, "a", events(1), "stream-exists"))).toEqual(
				stale("a", "-4", -1),
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

		test("under no-stream answers what it answered first", async () => {
			const first = events(2);
			await append(log, "c", first, "no-stream");
			await append(log, "c", events(1));
			const again = await append(log, "c", first, "no-stream");
			expect(again).toEqual({ first: 0, position: 9, repeated: true });
		});

		test("with new events among the known is refused, whichever come first", async () => {
			const refused = ["wrong-expected-version", { stream: "a", expected: "-2", current: 5 }];
			expect(await refusal(append(log, "a", [...batch, event()]))).toEqual(refused);
			expect(await refusal(append(log, "a", [event(), ...batch]))).toEqual(refused);
			expect((await refusal(append(log, "a", [...batch, event()], "stream-exists")))[0]).toBe(
				"wrong-expected-version",
			);
			expect(await log.last(name("a"))).toBe(5);
		});

		test("under a version where other events stand, or too few, is refused", async () => {
			const tail = (await read(log, "a", { from: 4 })).entries.map((entry) => entry.event);
			expect((await refusal(append(log, "a", batch, 1)))[0]).toBe("wrong-expected-version");
			expect((await refusal(append(log, "a", [...tail, event()], 3)))[0]).toBe(
				"wrong-expected-version",
			);
			expect((await refusal(append(log, "a", [...batch].reverse(), 0)))[0]).toBe(
				"wrong-expected-version",
			);
			expect((await append(log, "a", tail, 3)).repeated).toBe(true);
		});

		test("under the current version is written again, and found where it stood first", async () => {
			expect(await append(log, "a", batch, 5)).toEqual({ first: 6, position: 10, repeated: false });
			expect(await append(log, "a", batch, "any")).toEqual(repeated);
			expect(idsOf(batch)).toEqual(ids(await read(log, "a", { from: 6 })));
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

	describe("a read", () => {
		const given = events(10);

		beforeEach(async () => {
			await append(log, "a", given.slice(0, 7));
			await append(log, "b", events(1));
			await append(log, "a", given.slice(7));
		});

		const found = async (range: Partial<Range>) => versions(await read(log, "a", range));

		test("forward covers the versions from where it starts up", async () => {
			expect(await found({ from: 0, limit: 3 })).toEqual([0, 1, 2]);
			expect(await found({ from: 8, limit: 3 })).toEqual([8, 9]);
			expect(await found({ from: 9, limit: 1 })).toEqual([9]);
			expect(await found({ from: 10, limit: 5 })).toEqual([]);
			expect(await found({ from: Number.MAX_SAFE_INTEGER - 1, limit: 4096 })).toEqual([]);
			expect(await found({ limit: 4096 })).toHaveLength(10);
			expect(ids(await read(log, "a", { from: 5, limit: 4 }))).toEqual(idsOf(given.slice(5, 9)));
		});

		test("backward covers the versions from where it starts down", async () => {
			const direction = "backward";
			expect(await found({ from: 9, limit: 3, direction })).toEqual([9, 8, 7]);
			expect(await found({ from: 1, limit: 20, direction })).toEqual([1, 0]);
			expect(await found({ from: 0, limit: 1, direction })).toEqual([0]);
			expect(await found({ from: "head", limit: 2, direction })).toEqual([9, 8]);
			expect(await found({ from: "head", limit: 4096, direction })).toHaveLength(10);
			expect(await found({ from: 11, limit: 4, direction })).toEqual([9, 8]);
			expect(await found({ from: 4000, limit: 20, direction })).toEqual([]);
		});

		test("of a stream without events finds none, and says -1", async () => {
			for (const direction of ["forward", "backward"] as const) {
				expect(await read(log, "nothing", { direction })).toEqual({ last: -1, entries: [] });
			}
			const head = { from: "head", direction: "backward", limit: 20 } as const;
			expect(await read(log, "$ce-nothing", head)).toEqual({ last: -1, entries: [] });
			expect(await log.last(name("nothing"))).toBe(-1);
		});

		test("of $all has positions for versions", async () => {
			const { last, entries } = await read(log, "$all", { from: 6, limit: 3 });
			expect(last).toBe(10);
			expect(entries.map(({ version, event }) => [version, event.stream, event.version])).toEqual([
				[6, "a", 6],
				[7, "b", 0],
				[8, "a", 7],
			]);
			const head = { from: "head", direction: "backward", limit: 2 } as const;
			expect(versions(await read(log, "$all", head))).toEqual([10, 9]);
		});

		test("without content leaves data and metadata empty, and all else as it is", async () => {
			const whole = await read(log, "a", { limit: 4 });
			const bare = await read(log, "a", { limit: 4, content: false });
			const nothing = new Uint8Array(0);
			expect(bare.last).toBe(whole.last);
			for (const [index, { version, event }] of bare.entries.entries()) {
				const other = whole.entries[index];
				expect(version).toBe(other?.version);
				expect(event).toEqual({ ...other?.event, data: nothing, metadata: nothing });
			}
		});

		test("of more bytes than a page may have is refused, unless without content", async () => {
			await append(
				log,
				"large",
				events(5, { data: Buffer.alloc(30_000), metadata: Buffer.alloc(9) }),
			);
			const refused = ["page-too-large", { bytes: 150_045, pageBytesMax: 100_000 }];
			expect(await refusal(read(log, "large"))).toEqual(refused);
			expect(await refusal(read(log, "large", { from: 4, direction: "backward" }))).toEqual(
				refused,
			);
			expect((await refusal(read(log, "$all", { from: 11 })))[0]).toBe("page-too-large");
			expect((await read(log, "large", { limit: 3 })).entries).toHaveLength(3);
			expect((await read(log, "large", { content: false })).entries).toHaveLength(5);
		});

		test("is one snapshot, whatever is written meanwhile", async () => {
			const writes = Array.from({ length: 50 }, () => append(log, "a", events(2)));
			for (let round = 0; round < 50; round++) {
				const { last, entries } = await read(log, "a");
				expect(entries).toHaveLength(last + 1);
				// Batches of two: a whole number of them, or none of it.
				expect(last % 2).toBe(1);
				const all = await read(log, "$all");
				expect(all.entries.at(-1)?.event.position).toBe(all.last);
				await new Promise((resolve) => setImmediate(resolve));
			}
			await Promise.all(writes);
		});
	});

	describe("an index stream", () => {
		test("lists events of a category, a type and a correlation in commit order", async () => {
			const correlated = { metadata: Buffer.from('{"$correlationId":"c 1"}') };
			await append(log, "order-1", [event(), event({ type: "Paid", ...correlated })]);
			await append(log, "user", [event(correlated)]);
			await append(log, "order-2-x", [event({ type: "Paid" })]);
			const listed = async (stream: string) =>
				(await read(log, stream)).entries.map(({ version, event }) => [version, event.position]);
			expect(await listed("$ce-order")).toEqual([
				[0, 0],
				[1, 1],
				[2, 3],
			]);
			expect(await listed("$et-Paid")).toEqual([
				[0, 1],
				[1, 3],
			]);
			expect(await listed("$bc-c 1")).toEqual([
				[0, 1],
				[1, 2],
			]);
			expect(await listed("$streams")).toEqual([
				[0, 0],
				[1, 2],
				[2, 3],
			]);
			const [second] = (await read(log, "$ce-order", { from: 2 })).entries;
			expect(second?.event).toMatchObject({ stream: "order-2-x", version: 0 });
		});

		test("is read like any other: from any version, either way", async () => {
			for (let index = 0; index < 30; index++) await append(log, `order-${index}`, events(2));
			const page = await read(log, "$ce-order", { from: 40, limit: 5, direction: "backward" });
			expect(page.last).toBe(59);
			expect(versions(page)).toEqual([40, 39, 38, 37, 36]);
			expect(page.entries.map(({ event }) => event.stream)).toEqual(
				[20, 19, 19, 18, 18].map((index) => `order-${index}`),
			);
			expect(await log.last(name("$streams"))).toBe(29);
		});

		test("of one batch with many types and correlations has each event where it belongs", async () => {
			const batch = Array.from({ length: 300 }, (_, index) =>
				event({
					type: `T${index % 7}`,
					metadata: Buffer.from(JSON.stringify({ $correlationId: `c${index % 11}` })),
				}),
			);
			await append(log, "order-1", batch);
			const types = await read(log, "$et-T3");
			expect(types.entries.map(({ event }) => event.version % 7)).toEqual(Array(43).fill(3));
			expect((await read(log, "$bc-c10")).last).toBe(26);
		});
	});

	test("a closed log refuses appends and reads, and may be closed twice", async () => {
		const other = await open(limits, () => now);
		const written = append(other, "a", events(1));
		const closing = other.close();
		expect((await refusal(append(other, "a", events(1))))[0]).toBe("shutting-down");
		expect((await written).first).toBe(0);
		await closing;
		await other.close();
		expect((await refusal(read(other, "a")))[0]).toBe("shutting-down");
		expect((await refusal(other.last(name("a"))))[0]).toBe("shutting-down");
	});
}
