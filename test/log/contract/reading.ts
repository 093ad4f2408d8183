/** The contract of a read: every edge of a range, its bounds, and its snapshot. */
import { randomUUID } from "node:crypto";
import type { Log, Range } from "../../../src/log/log.ts";
import { append, events, ids, idsOf, name, read, refusal, versions } from "../asking.ts";
import type { Given } from "../contract.ts";

export function reading(given: Given): void {
	describe("an event's id", () => {
		const locate = (stream: string, id = "") => given.log.locate(name(stream), id);

		test("leads to its place in every stream it is in, however it is shown there", async () => {
			const batches = [events(3), events(3), events(3)];
			for (const [i, batch] of batches.entries()) await append(given.log, `order-${i}`, batch);
			const id = batches[1]?.[2]?.id;
			expect(await locate("order-1", id)).toBe(2);
			for (const stream of ["$ce-order", "$et-OrderPlaced", "$all"]) {
				expect([stream, await locate(stream, id)]).toEqual([stream, 5]);
			}
			expect(await locate("$streams", batches[2]?.[0]?.id)).toBe(2);
			await given.log.delete({ stream: name("order-1"), expected: "any", hard: true });
			expect([await locate("order-1", id), await locate("$ce-order", id)]).toEqual([2, 5]);
		});

		test("leads nowhere in other streams, and where nobody has it", async () => {
			const [one] = events(1);
			await append(given.log, "order-1", one ? [one] : []);
			await append(given.log, "cart-1", events(1));
			for (const stream of ["cart-1", "$ce-cart", "none", "$ce-none"]) {
				expect(await locate(stream, one?.id)).toBeUndefined();
			}
			expect(await locate("$all", randomUUID())).toBeUndefined();
		});

		test("that several streams have leads to the oldest of them", async () => {
			const [shared] = events(1);
			for (const stream of ["order-1", "order-2", "order-3"]) {
				await append(given.log, stream, shared ? [shared] : []);
			}
			await append(given.log, "cart-1", events(1));
			for (const stream of ["order-1", "$ce-order", "$all"]) {
				expect([stream, await locate(stream, shared?.id)]).toEqual([stream, 0]);
			}
		});
	});

	let log: Log;
	beforeEach(() => {
		log = given.log;
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
}
