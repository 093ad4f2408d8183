/** The contract of erasure: what a redaction and a scavenge take, and what stays as it was. */
import type { Commit, Log, Slice } from "../../../src/log/log.ts";
import {
	append,
	event,
	events,
	ids,
	idsOf,
	name,
	read,
	refusal,
	scavenge,
	versions,
} from "../asking.ts";
import type { Given } from "../contract.ts";

export function erasing(given: Given): void {
	let log: Log;
	let commits: Commit[];
	beforeEach(() => {
		log = given.log;
		commits = [];
		log.onCommit((commit) => commits.push(commit));
	});

	const describeAs = (stream: string, data: unknown) =>
		append(log, `$$${stream}`, [
			event({ type: "$metadata", data: Buffer.from(JSON.stringify(data)) }),
		]);
	const remove = (stream: string, hard = false) =>
		log.delete({ stream: name(stream), expected: "any", hard });
	const redact = (stream: string, version: number, metadata = false) =>
		log.redact({ stream: name(stream), version, metadata });
	const texts = (slice: Slice) =>
		slice.entries.map(({ event }) => Buffer.from(event.data).toString());
	const all = async () => versions(await read(log, "$all"));
	const erasures = () => commits.flatMap(({ erasures }) => erasures ?? []);

	describe("a redaction", () => {
		const given = events(3, { metadata: Buffer.from('{"$correlationId":"c"}') });
		beforeEach(() => append(log, "order-1", given));

		test("takes the data of one event, whichever way it is read, and leaves its skeleton", async () => {
			await redact("order-1", 1);
			for (const stream of ["order-1", "$all", "$ce-order", "$et-OrderPlaced", "$bc-c"]) {
				const slice = await read(log, stream);
				expect(ids(slice).slice(0, 3)).toEqual(idsOf(given));
				expect(texts(slice)).toEqual(['{"total":1.10}', "", '{"total":1.10}']);
				expect(slice.entries.map(({ event }) => event.isRedacted)).toEqual([
					undefined,
					true,
					undefined,
				]);
				expect(slice.entries[1]?.event).toMatchObject({ isJson: true, type: "OrderPlaced" });
				expect(slice.entries[1]?.event.metadata.length).toBeGreaterThan(0);
			}
		});

		test("takes the metadata as well where it is told to, also later; its entries stay", async () => {
			await redact("order-1", 1);
			await redact("order-1", 1, true);
			const slice = await read(log, "$bc-c");
			expect(versions(slice)).toEqual([0, 1, 2]);
			expect(slice.entries[1]?.event.metadata).toHaveLength(0);
			expect(await log.verify()).toMatchObject({ ok: true, erased: 1, unproven: 1 });
		});

		test("repeated changes nothing, and is no erasure", async () => {
			await redact("order-1", 2);
			await redact("order-1", 2);
			await redact("order-1", 0, true);
			await redact("order-1", 0);
			expect(erasures()).toEqual([1, 2]);
			expect(log.erasures).toBe(2);
			expect(commits[1]).toMatchObject({ last: 2, marked: ["order-1"], streams: new Map() });
		});

		test("leaves every number, and what a repeat is answered, as it was", async () => {
			await redact("order-1", 2, true);
			expect(await append(log, "order-1", given, "no-stream")).toMatchObject({ repeated: true });
			expect(await append(log, "order-1", given.slice(2))).toMatchObject({ first: 2, position: 2 });
			expect(await append(log, "order-1", events(1), 2)).toMatchObject({ first: 3 });
		});

		test("reaches what metadata hides, and what was deleted", async () => {
			await describeAs("order-1", { $tb: 1 });
			await redact("order-1", 0);
			await remove("order-1");
			await redact("order-1", 1);
			await remove("order-1", true);
			await redact("order-1", 2);
			expect(texts(await read(log, "$all")).slice(0, 3)).toEqual(["", "", ""]);
		});

		test("is refused where the server goes by the event, or it stands elsewhere", async () => {
			await describeAs("order-1", {});
			await append(log, "links", [event({ type: "$>", data: Buffer.from("0@order-1") })]);
			await append(log, "gone", events(1));
			await remove("gone", true);
			for (const [stream, version] of [
				["$all", 0],
				["$ce-order", 0],
				["$streams", 0],
				["$$order-1", 0],
				["links", 0],
				["gone", 1],
			] as const) {
				expect([stream, (await refusal(redact(stream, version)))[0]]).toEqual([
					stream,
					"event-not-redactable",
				]);
			}
			expect(await refusal(redact("order-1", 3))).toEqual([
				"event-not-found",
				{ stream: "order-1", eventNumber: 3 },
			]);
			expect((await refusal(redact("none", 0)))[0]).toBe("stream-not-found");
			expect(log.erasures).toBe(0);
		});
	});

	describe("a scavenge", () => {
		test("erases what $tb and $maxCount hide, for ever", async () => {
			const given = events(10);
			await append(log, "a", given);
			await append(log, "b", events(1));
			await describeAs("a", { $tb: 4 });
			expect(await scavenge(log)).toEqual({ events: 4, bytes: 4 * 14 });
			expect(await all()).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
			await describeAs("a", { $tb: 2 });
			expect(versions(await read(log, "a"))).toEqual([4, 5, 6, 7, 8, 9]);
			expect((await read(log, "a", { from: 0, limit: 2 })).retention?.first).toBe(4);
			await describeAs("a", { $maxCount: 2 });
			// The metadata it replaces goes as well.
			expect(await scavenge(log)).toMatchObject({ events: 4 + 2 });
			expect(versions(await read(log, "a"))).toEqual([8, 9]);
			expect(await append(log, "a", given, "no-stream")).toMatchObject({
				first: 0,
				position: 9,
				repeated: true,
			});
			expect(await append(log, "a", events(1), 9)).toMatchObject({ first: 10 });
		});

		test("erases what $maxAge hides at its time, if need be all of a stream", async () => {
			await append(log, "a", events(2));
			given.now += 5000;
			await append(log, "a", events(1));
			await describeAs("a", { $maxAge: 4 });
			expect(await scavenge(log)).toMatchObject({ events: 2 });
			given.now += 5000;
			expect(await scavenge(log)).toMatchObject({ events: 1 });
			await describeAs("a", {});
			expect(await read(log, "a")).toMatchObject({ last: 2, entries: [], retention: { first: 3 } });
			expect(await append(log, "a", events(1), 2)).toMatchObject({ first: 3 });
			expect(versions(await read(log, "a"))).toEqual([3]);
		});

		test("leaves the last event of a softly deleted stream, and the stream comes back", async () => {
			await append(log, "a", events(3));
			await remove("a");
			await scavenge(log);
			expect(await all()).toEqual([2, 3]);
			await append(log, "a", events(1), "no-stream");
			await scavenge(log);
			expect(versions(await read(log, "a"))).toEqual([3]);
			expect(await all()).toEqual([4, 5]);
		});

		test("leaves the tombstone of a stream deleted for ever, and none of its metadata", async () => {
			await describeAs("a", { $maxCount: 7 });
			await append(log, "a", events(3));
			await remove("a", true);
			await scavenge(log);
			expect(await all()).toEqual([4]);
			expect((await refusal(read(log, "a")))[0]).toBe("stream-deleted");
			expect((await refusal(append(log, "a", events(1))))[0]).toBe("stream-deleted");
		});

		test("leaves of metadata the newest", async () => {
			for (const $maxCount of [3, 2, 1]) await describeAs("a", { $maxCount });
			await append(log, "a", events(2));
			expect(await scavenge(log)).toMatchObject({ events: 3 });
			expect(await all()).toEqual([2, 4]);
		});

		test("goes by a stream's own metadata, not by that of an index it is in", async () => {
			await append(log, "order-1", events(5));
			await describeAs("$ce-order", { $tb: 3, $maxCount: 1 });
			await describeAs("$all", { $tb: 3 });
			expect(await scavenge(log)).toEqual({ events: 0, bytes: 0 });
			expect(log.erasures).toBe(0);
		});

		test("leaves index streams and links as they are where the target is hidden", async () => {
			const correlated = { metadata: Buffer.from('{"$correlationId":"c"}') };
			await append(log, "order-1", events(2, correlated));
			await append(log, "links", [event({ type: "$>", data: Buffer.from("0@order-1") })]);
			await describeAs("order-1", { $tb: 1 });
			const indexes = ["$ce-order", "$et-OrderPlaced", "$bc-c", "$streams", "links"];
			const shown = async (stream: string) => {
				const slice = await read(log, stream);
				return slice.entries.map(({ version, event, unresolved }) => [
					version,
					event.id,
					unresolved,
				]);
			};
			const before = await Promise.all(indexes.map(shown));
			await scavenge(log);
			expect(await Promise.all(indexes.map(shown))).toEqual(before);
			const unresolved = { stream: "order-1", version: 0 };
			expect((await read(log, "$ce-order")).entries[0]).toMatchObject({ version: 0, unresolved });
			const links = await read(log, "$all", { resolve: true });
			expect(links.entries[1]).toMatchObject({ event: { type: "$>" }, unresolved });
			expect(await log.verify()).toMatchObject({ ok: true, erased: 1, unproven: 1 });
		});

		test("tells how far it jumps where a range of the log was scavenged", async () => {
			await append(log, "a", events(30));
			await append(log, "b", events(1));
			await describeAs("a", { $tb: 25 });
			await scavenge(log);
			const gap = { first: 0, last: 24 };
			const at = (from: number, limit: number) => read(log, "$all", { from, limit });
			expect(await at(3, 10)).toEqual({ last: 31, entries: [], gap });
			expect((await at(3, 30)).gap).toBeUndefined();
			expect(await at(32, 10)).toEqual({ last: 31, entries: [] });
			await remove("a", true);
			await scavenge(log);
			expect((await at(26, 2)).gap).toEqual({ first: 0, last: 29 });
			const back = { from: 20, limit: 5, direction: "backward" } as const;
			expect((await read(log, "$all", back)).gap).toEqual({ first: 0, last: 29 });
		});

		test("runs while the log is appended to, in as many steps as it takes", async () => {
			await append(log, "a", events(1200));
			await describeAs("a", { $maxCount: 10 });
			const appends = Array.from({ length: 20 }, () => append(log, "a", events(1)));
			const [erased] = await Promise.all([scavenge(log), ...appends]);
			const rest = await scavenge(log);
			expect(erased.events + rest.events).toBe(1210);
			expect(versions(await read(log, "a"))).toEqual([...Array(10).keys()].map((n) => 1210 + n));
			expect(erasures()).toEqual([...Array(erasures().length).keys()].map((n) => n + 1));
			expect(erasures().at(-1)).toBe(log.erasures);
		});
	});
}
