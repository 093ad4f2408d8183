/** The contract of index streams. */
import type { Log } from "../../../src/log/log.ts";
import { append, event, events, name, read, versions } from "../asking.ts";
import type { Given } from "../contract.ts";

export function indexing(given: Given): void {
	let log: Log;
	beforeEach(() => {
		log = given.log;
	});

	describe("the names of streams", () => {
		const all = { from: "", before: undefined, limit: 100 };

		test("stand in the order of their bytes, whatever a language makes of them", async () => {
			// In UTF-16, the code units of the last begin below those of the one before it.
			const given = ["b", "a-2", "a-10", "B", "é", "\uff5e", "\u{1f600}"];
			for (const stream of given) await append(log, stream, [event()]);
			const names = (await log.names(all)).filter((one) => !one.startsWith("$"));
			expect(names).toEqual(["B", "a-10", "a-2", "b", "é", "\uff5e", "\u{1f600}"]);
		});

		test("are had from one on, before another, and no more than asked for", async () => {
			for (const stream of ["a", "b", "c", "d"]) await append(log, stream, [event()]);
			expect(await log.names({ from: "b", before: "d", limit: 10 })).toEqual(["b", "c"]);
			expect(await log.names({ from: "b\0", before: undefined, limit: 1 })).toEqual(["c"]);
			expect(await log.names({ from: "e", before: undefined, limit: 9 })).toEqual([]);
		});

		test("are those of index streams, of metadata and of deleted streams as well", async () => {
			await append(log, "a-1", [event({ type: "T" })]);
			await append(log, "$$a-1", [event({ type: "$metadata", data: Buffer.from("{}") })]);
			await log.delete({ stream: name("a-1"), expected: "any", hard: true });
			const names = await log.names(all);
			for (const one of ["a-1", "$$a-1", "$ce-a", "$et-T", "$streams"])
				expect(names).toContain(one);
		});
	});

	test("the bytes of events are those of their data and metadata, hidden or not", async () => {
		const data = Buffer.from("12345");
		const metadata = Buffer.from('{"a":1}');
		await append(log, "a-1", [event({ type: "T", data, metadata }), event({ type: "T", data })]);
		const none = event({ type: "T", data: Buffer.alloc(0), metadata: Buffer.alloc(0) });
		await append(log, "a-2", [none]);
		const bytes = (stream: string, first: number, last: number) =>
			log.bytesOf({ stream: name(stream), first, last });
		const second = (await bytes("a-1", 0, 1)) - 12;
		expect(await bytes("a-1", 0, 0)).toBe(12);
		expect(await bytes("a-1", 1, 1)).toBe(second);
		expect(await bytes("$ce-a", 0, 2)).toBe(12 + second);
		expect(await bytes("a-2", 0, 0)).toBe(0);
		expect(await bytes("nobody", 0, 9)).toBe(0);
		await log.delete({ stream: name("a-1"), expected: "any", hard: false });
		expect(await bytes("a-1", 0, 1)).toBe(12 + second);
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
}
