/** The contract of retention and links: which events a read shows (2.3, 5.5, 6.1). */
import type { Log, Slice } from "../../../src/log/log.ts";
import { append, event, events, name, read, refusal, versions } from "../asking.ts";
import type { Given } from "../contract.ts";

export function retaining(given: Given): void {
	let log: Log;
	beforeEach(() => {
		log = given.log;
	});

	const describeAs = (stream: string, data: unknown) => {
		const text = typeof data === "string" ? data : JSON.stringify(data);
		return append(log, `$$${stream}`, [event({ type: "$metadata", data: Buffer.from(text) })]);
	};
	const backward = (from: number | "head", limit: number) =>
		({ from, limit, direction: "backward" }) as const;
	const retention = (slice: Slice) => slice.retention;

	describe("$tb and $maxCount", () => {
		beforeEach(() => append(log, "a", events(10)));

		test("hide the low end from every way to read it", async () => {
			await describeAs("a", { $tb: 4 });
			expect(versions(await read(log, "a"))).toEqual([4, 5, 6, 7, 8, 9]);
			expect(versions(await read(log, "a", backward(5, 20)))).toEqual([5, 4]);
			expect(await read(log, "a", { from: 0, limit: 3 })).toMatchObject({
				last: 9,
				entries: [],
				retention: { first: 4 },
			});
			expect(versions(await read(log, "a", { from: 3, limit: 1 }))).toEqual([]);
		});

		test("the larger one counts, and the count moves with every append", async () => {
			await describeAs("a", { $tb: 4, $maxCount: 3 });
			expect(versions(await read(log, "a"))).toEqual([7, 8, 9]);
			await append(log, "a", events(2));
			expect(versions(await read(log, "a"))).toEqual([9, 10, 11]);
			await describeAs("a", { $tb: 11, $maxCount: 3 });
			expect(versions(await read(log, "a"))).toEqual([11]);
		});

		test("that hide everything leave a stream that exists", async () => {
			await describeAs("a", { $tb: 1000 });
			expect(await read(log, "a")).toEqual({
				last: 9,
				entries: [],
				retention: { first: 10, steadyUntil: 0 },
			});
			expect((await append(log, "a", events(1), 9)).first).toBe(10);
		});

		test("do nothing if they are zero, negative, or malformed", async () => {
			for (const data of [
				'{"$tb":0,"$maxCount":-1}',
				'{"$tb":4',
				'{"$tb":"4"}',
				'{"$tb":4.5}',
				'{"$tb":9223372036854776000}',
				'[{"$tb":4}]',
				"",
			]) {
				await describeAs("a", data);
				expect([data, versions(await read(log, "a")).length]).toEqual([data, 10]);
			}
		});

		test("apply beside what is malformed, however their numbers are written", async () => {
			for (const data of [
				'{"$tb":4.0}',
				'{"$tb":0.4e1}',
				'{"$tb":4,"$maxCount":null}',
				'{"$maxCount":6,"$maxAge":"a day"}',
				'{"$tb":4,"$acl":{"$r":[1]}}',
			]) {
				await describeAs("a", data);
				expect([data, versions(await read(log, "a"))]).toEqual([data, [4, 5, 6, 7, 8, 9]]);
			}
		});

		test("leave a metadata stream alone: its newest event is the one that shows", async () => {
			await describeAs("a", { $tb: 1 });
			await describeAs("a", { $tb: 2 });
			await describeAs("$$a", { $tb: 9 });
			expect(versions(await read(log, "$$a"))).toEqual([1]);
			expect(versions(await read(log, "$$a", { from: 0, limit: 1 }))).toEqual([]);
		});

		test("hide nothing from $all", async () => {
			await describeAs("a", { $maxCount: 1 });
			await describeAs("$all", { $maxCount: 1, $cacheControl: 7 });
			const { entries, retention } = await read(log, "$all");
			expect([entries.length, retention]).toEqual([
				12,
				{ first: 0, steadyUntil: Number.POSITIVE_INFINITY, cacheSeconds: 7 },
			]);
		});
	});

	describe("$maxAge", () => {
		beforeEach(async () => {
			await describeAs("a", { $maxAge: 10, $cacheControl: 3 });
			for (let i = 0; i < 4; i++) {
				given.now += 1000;
				await append(log, "a", events(1));
			}
		});

		test("hides what has become too old by the time of the read", async () => {
			const start = given.now - 3000;
			expect(versions(await read(log, "a"))).toEqual([0, 1, 2, 3]);
			expect(retention(await read(log, "a"))).toEqual({
				first: 0,
				steadyUntil: start + 10_000,
				cacheSeconds: 3,
			});
			given.now = start + 11_000;
			expect(versions(await read(log, "a"))).toEqual([2, 3]);
			expect(retention(await read(log, "a"))).toMatchObject({
				first: 2,
				steadyUntil: start + 12_000,
			});
			expect(retention(await read(log, "a", backward(3, 1)))).toMatchObject({
				first: 0,
				steadyUntil: start + 13_000,
			});
			given.now = start + 13_000;
			expect(await read(log, "a")).toMatchObject({ last: 3, entries: [] });
			expect(retention(await read(log, "a"))).toMatchObject({ first: 4, steadyUntil: 0 });
		});

		test("says where the shown begins, however far below it was read", async () => {
			for (let i = 0; i < 60; i++) {
				given.now += 1000;
				await append(log, "a", events(1));
			}
			const first = 54;
			expect(versions(await read(log, "a"))[0]).toBe(first);
			for (const range of [{ from: 0, limit: 1 }, { from: 3, limit: 20 }, backward(30, 5)]) {
				const slice = await read(log, "a", range);
				expect([slice.entries, retention(slice)?.first]).toEqual([[], first]);
			}
			given.now += 60_000;
			expect(retention(await read(log, "a", { limit: 5 }))?.first).toBe(64);
		});
	});

	describe("how long a read stays true", () => {
		beforeEach(() => append(log, "a", events(10)));
		const steady = async (range: object) => retention(await read(log, "a", range))?.steadyUntil;

		test("is for ever where nothing is hidden from the range", async () => {
			await describeAs("a", { $tb: 4 });
			expect(await steady({ from: 5, limit: 3 })).toBe(Number.POSITIVE_INFINITY);
			expect(await steady(backward(9, 5))).toBe(Number.POSITIVE_INFINITY);
			expect(await steady(backward(9, 6))).toBe(0);
			expect(await steady({ from: 0, limit: 5 })).toBe(0);
		});

		test("is not at all under $maxCount", async () => {
			await describeAs("a", { $maxCount: 100 });
			expect(await steady({ from: 5, limit: 3 })).toBe(0);
		});

		test("is not spoken of where the stream is nothing but its events", async () => {
			await describeAs("b", { $maxCount: 1 });
			expect(retention(await read(log, "a"))).toBeUndefined();
		});
	});

	describe("an index stream", () => {
		const shown = (slice: Slice) =>
			slice.entries.map(({ event, unresolved }) => [event.type, unresolved?.version ?? null]);

		beforeEach(async () => {
			await append(log, "order-1", events(2));
			await append(log, "order-2", events(1));
		});

		test("shows an event that its own stream hides as a link that leads nowhere", async () => {
			await describeAs("order-1", { $tb: 1 });
			const slice = await read(log, "$ce-order");
			expect(shown(slice)).toEqual([
				["$>", 0],
				["OrderPlaced", null],
				["OrderPlaced", null],
			]);
			const [link] = slice.entries;
			expect(link?.unresolved).toEqual({ stream: "order-1", version: 0 });
			expect(link?.event).toMatchObject({ stream: "$ce-order", version: 0, isJson: false });
			expect(Buffer.from(link?.event.data ?? []).toString()).toBe("0@order-1");
			expect(slice.retention?.steadyUntil).toBe(0);
		});

		test("goes on after a delete of either kind", async () => {
			await log.delete({ stream: name("order-1"), expected: "any", hard: true });
			await log.delete({ stream: name("order-2"), expected: "any", hard: false });
			const slice = await read(log, "$ce-order");
			expect(shown(slice).map(([type]) => type)).toEqual(["$>", "$>", "$>", "$>"]);
			expect(shown(await read(log, "$et-$streamDeleted"))).toEqual([["$>", 2]]);
			expect(slice.last).toBe(3);
		});

		test("read without resolving shows the links, under ids that stay", async () => {
			const unresolved = () => read(log, "$ce-order", { resolve: false });
			const first = await unresolved();
			expect(first.entries.map(({ event, version }) => [event.type, version])).toEqual([
				["$>", 0],
				["$>", 1],
				["$>", 2],
			]);
			const texts = first.entries.map(({ event }) => Buffer.from(event.data).toString());
			expect(texts).toEqual(["0@order-1", "1@order-1", "0@order-2"]);
			await describeAs("order-1", { $tb: 1 });
			expect((await unresolved()).entries).toEqual(first.entries);
		});

		test("has a retention of its own", async () => {
			await describeAs("$ce-order", { $maxCount: 1 });
			expect(versions(await read(log, "$ce-order"))).toEqual([2]);
		});

		test.each(["1000", "9223372036854775806", "9223372036854775807"])(
			"does not go dark by a $tb of %s: that hides what is there, and nothing later",
			async (before) => {
				for (const stream of ["$ce-order", "$et-OrderPlaced", "$bc-c", "$streams"]) {
					await describeAs(stream, `{"$tb":${before}}`);
					expect([stream, (await read(log, stream)).entries]).toEqual([stream, []]);
				}
				const metadata = Buffer.from('{"$correlationId":"c"}');
				await append(log, "order-3", events(2, { metadata }));
				expect(versions(await read(log, "$ce-order"))).toEqual([3, 4]);
				expect(versions(await read(log, "$et-OrderPlaced"))).toEqual([3, 4]);
				expect(versions(await read(log, "$bc-c"))).toEqual([0, 1]);
				expect(versions(await read(log, "$streams"))).toEqual([2]);
				await describeAs("$ce-order", { $maxCount: 100 });
				expect(versions(await read(log, "$ce-order"))).toEqual([0, 1, 2, 3, 4]);
			},
		);

		test("hides up to a $tb that is not beyond what is there, and counts on", async () => {
			await describeAs("$ce-order", { $tb: 2 });
			await append(log, "order-3", events(1));
			expect(versions(await read(log, "$ce-order"))).toEqual([2, 3]);
			expect(retention(await read(log, "$ce-order"))?.first).toBe(2);
		});
	});

	describe("$streams", () => {
		const listed = async () =>
			(await read(log, "$streams")).entries.map(({ event, isHidden, unresolved }) => [
				unresolved?.stream ?? event.stream,
				unresolved ? "gone" : isHidden ? "hidden" : "shown",
			]);

		beforeEach(async () => {
			for (const stream of ["a", "b", "c", "d"]) await append(log, stream, events(3));
		});

		test("lists a stream that hides its first event, without the content of that", async () => {
			await describeAs("a", { $tb: 1 });
			await describeAs("b", { $maxCount: 1 });
			await describeAs("c", { $maxAge: 10 });
			given.now += 60_000;
			expect(await listed()).toEqual([
				["a", "hidden"],
				["b", "hidden"],
				["c", "hidden"],
				["d", "shown"],
			]);
			const [first] = (await read(log, "$streams")).entries;
			expect(first?.event).toMatchObject({ stream: "a", version: 0, type: "OrderPlaced" });
			expect(first?.event).toMatchObject({ isRedacted: true });
			expect([first?.event.data.length, first?.event.metadata.length]).toEqual([0, 0]);
			expect(retention(await read(log, "$streams"))?.steadyUntil).toBe(0);
		});

		test("does not list a deleted stream, until that comes back", async () => {
			await log.delete({ stream: name("a"), expected: "any", hard: false });
			await log.delete({ stream: name("b"), expected: "any", hard: true });
			expect((await listed()).slice(0, 2)).toEqual([
				["a", "gone"],
				["b", "gone"],
			]);
			await log.scavenge(0);
			expect(retention(await read(log, "$streams", { limit: 1 }))?.steadyUntil).toBe(0);
			await append(log, "a", events(1));
			expect((await listed())[0]).toEqual(["a", "hidden"]);
			await log.delete({ stream: name("a"), expected: "any", hard: true });
			expect((await listed())[0]).toEqual(["a", "gone"]);
		});
	});

	describe("a link a client wrote", () => {
		const link = (data: string) => event({ type: "$>", isJson: false, data: Buffer.from(data) });
		const found = async (stream: string, resolve?: boolean) => {
			const slice = await read(log, stream, resolve === undefined ? {} : { resolve });
			return slice.entries.map((entry) => [
				`${entry.event.version}@${entry.event.stream}`,
				entry.link?.version ?? null,
				entry.unresolved ?? null,
			]);
		};

		beforeEach(() => append(log, "a@b", events(2)));

		test("shows the event it points to, and is kept beside it", async () => {
			await append(log, "links", [link("1@a@b")]);
			expect(await found("links")).toEqual([["1@a@b", 0, null]]);
			expect(await found("links", false)).toEqual([["0@links", null, null]]);
			expect(retention(await read(log, "links"))?.steadyUntil).toBe(Number.POSITIVE_INFINITY);
		});

		test("to what is missing, hidden or gone says where it would lead", async () => {
			await append(log, "c", events(2));
			await append(log, "d", events(1));
			await append(log, "links", [link("9@a@b"), link("0@nobody"), link("0@c"), link("0@d")]);
			await describeAs("c", { $tb: 1 });
			await log.delete({ stream: name("d"), expected: "any", hard: true });
			expect(await found("links")).toEqual([
				["0@links", null, { stream: "a@b", version: 9 }],
				["1@links", null, { stream: "nobody", version: 0 }],
				["2@links", null, { stream: "c", version: 0 }],
				["3@links", null, { stream: "d", version: 0 }],
			]);
			expect(retention(await read(log, "links"))?.steadyUntil).toBe(0);
		});

		test("that names no event is an event like any other", async () => {
			await append(log, "links", ["x@a", "7", "@a", "1@", "-1@a", "1.5@a", ""].map(link));
			expect((await found("links")).every(([, , unresolved]) => unresolved === null)).toBe(true);
		});

		test("to a link shows that link: one level deep", async () => {
			await append(log, "links", [link("0@a@b"), link("0@links")]);
			expect(await found("links")).toEqual([
				["0@a@b", 0, null],
				["0@links", 1, null],
			]);
		});

		test("to an entry of an index stream shows the link that stands there", async () => {
			await append(log, "order-1", events(1));
			await append(log, "links", [link("0@$ce-order"), link("0@$all")]);
			expect(await found("links")).toEqual([
				["0@$ce-order", 0, null],
				["1@links", null, { stream: "$all", version: 0 }],
			]);
		});

		test("stays as it is in $all, unless asked for", async () => {
			await append(log, "links", [link("0@a@b")]);
			expect((await found("$all")).at(-1)).toEqual(["0@links", null, null]);
			expect((await found("$all", true)).at(-1)).toEqual(["0@a@b", 0, null]);
		});

		test("costs the bytes of what it shows", async () => {
			await append(log, "big", events(1, { data: Buffer.alloc(60_000) }));
			await append(log, "links", [link("0@big"), link("0@big")]);
			expect((await refusal(read(log, "links")))[0]).toBe("page-too-large");
			expect(await found("links", false)).toHaveLength(2);
			const bare = await read(log, "links", { content: false });
			expect(bare.entries.map(({ event }) => [event.stream, event.data.length])).toEqual([
				["big", 0],
				["big", 0],
			]);
		});
	});
}
