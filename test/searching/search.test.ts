/** A search over each engine: what it reads, where it ends and goes on, and that others have turns. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StreamName } from "../../src/event.ts";
import type { Log } from "../../src/log/log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { parseSearchQuery } from "../../src/searching/query.ts";
import type { Hit, Progress } from "../../src/searching/search.ts";
import { Searches } from "../../src/searching/searches.ts";

const LIMITS = { searchesMax: 2, searchFoundMax: 1000, searchMs: 30_000 };

describe.each(["memory", "sqlite"] as const)("a search over %s", (engine) => {
	let directory: string;
	let log: Log;
	let searches: Searches;
	beforeEach(async () => {
		directory = mkdtempSync(join(tmpdir(), "varve-searching-"));
		log = engine === "memory" ? createMemoryLog() : await openSqliteLog(directory);
		searches = new Searches(log, LIMITS);
	});
	afterEach(async () => {
		await log.close();
		rmSync(directory, { recursive: true });
	});

	function append(stream: string, type: string, ...data: readonly string[]) {
		const metadata = new Uint8Array(0);
		const events = data.map((text) => {
			return { id: randomUUID(), type, isJson: true, data: Buffer.from(text), metadata };
		});
		return log.append({ stream: stream as StreamName, expected: "any", events });
	}

	async function find(query: string): Promise<{ hits: Hit[]; progress: Progress }> {
		const hits: Hit[] = [];
		for await (const step of searches.run(parseSearchQuery(new URLSearchParams(query)))) {
			hits.push(...step.hits);
			if (step.progress.end !== undefined) return { hits, progress: step.progress };
		}
		throw new Error("no end");
	}

	async function found(query: string): Promise<string[]> {
		const { hits } = await find(query);
		return hits.map(({ entry: { event } }) => `${event.stream}/${event.version}`);
	}

	test("reads the named stream, the index of the type, of the category, or everything", async () => {
		await append("order-1", "Placed", '{"total":5}');
		await append("order-2", "Placed", '{"total":70}');
		await append("cart-1", "Placed", '{"total":80}');
		await append("order-2", "Paid", '{"total":70}');
		for (const [query, stream, expected] of [
			["", "$all", ["order-2/1", "cart-1/0", "order-2/0", "order-1/0"]],
			["type=Placed", "$et-Placed", ["cart-1/0", "order-2/0", "order-1/0"]],
			["stream=order-*", "$ce-order", ["order-2/1", "order-2/0", "order-1/0"]],
			["stream=order-*&type=Placed", "$et-Placed", ["order-2/0", "order-1/0"]],
			["stream=*-1", "$all", ["cart-1/0", "order-1/0"]],
			["stream=order-2", "order-2", ["order-2/1", "order-2/0"]],
			["stream=order-2&type=Paid", "order-2", ["order-2/1"]],
			["stream=$ce-order&type=Placed", "$ce-order", ["order-2/0", "order-1/0"]],
			["path=$.total&is=ge&value=70&type=Placed", "$et-Placed", ["cart-1/0", "order-2/0"]],
			["path=$.total", "$all", ["order-2/1", "cart-1/0", "order-2/0", "order-1/0"]],
		] as const) {
			const { hits, progress } = await find(query);
			const names = hits.map(({ entry: { event } }) => `${event.stream}/${event.version}`);
			expect([query, progress.span.stream, names]).toEqual([query, stream, expected]);
			expect(progress.end).toBe("all-searched");
			// Each of them has its content, whether or not the search needed it.
			for (const { entry } of hits) expect(entry.event.data.length).toBeGreaterThan(0);
		}
	});

	test("finds each event once, however often it ends and goes on", async () => {
		for (let at = 0; at < 60; at++) await append(`s-${at % 7}`, "T", `{"at":${at}}`);
		const all = await found("path=$.at&is=ne&value=30");
		expect(all).toHaveLength(59);
		const parts: string[] = [];
		let before = "";
		for (;;) {
			const { hits, progress } = await find(`path=$.at&is=ne&value=30&limit=7${before}`);
			parts.push(...hits.map(({ entry: { event } }) => `${event.stream}/${event.version}`));
			if (progress.end === "all-searched") break;
			expect([progress.end, hits.length]).toEqual(["found-max", 7]);
			before = `&before=${progress.next + 1}`;
		}
		expect(parts).toEqual(all);
	});

	test("keeps to a time: from the first moment on, and before the second", async () => {
		await append("a-1", "T", "{}");
		await append("a-2", "T", "{}");
		const [{ entry }] = (await find("stream=a-2")).hits as [Hit];
		const time = new Date(entry.event.created).toISOString();
		const later = new Date(entry.event.created + 1).toISOString();
		expect(await found(`from=${time}&until=${later}`)).toContain("a-2/0");
		expect(await found(`from=${later}`)).toEqual([]);
		expect((await find(`from=${later}`)).progress.span.emptiedBy).toBe("time");
		expect((await find("until=2020-01-01T00:00:00Z")).progress.span.emptiedBy).toBe("time");
	});

	test("finds an event by its id, if it fits all else", async () => {
		await append("a-1", "T", "{}", "{}");
		const [{ entry }] = (await find("stream=a-1")).hits as [Hit];
		const { id } = entry.event;
		expect(await found(`id=${id}`)).toEqual(["a-1/1"]);
		expect(await found(`id={${id.toUpperCase()}}&stream=a-1`)).toEqual(["a-1/1"]);
		expect(await found(`id=${id}&type=U`)).toEqual([]);
		expect((await find(`id=${randomUUID()}`)).progress.span.emptiedBy).toBe("id");
	});

	test("says what each condition fits by itself, and what left nothing to search", async () => {
		await append("order-1", "Placed", '{"total":5}', '{"other":1}');
		const { progress } = await find("stream=order-*&type=Placed&path=$.total&is=gt&value=9");
		expect(progress.fitting).toEqual({ id: 2, stream: 2, type: 2, path: 1, value: 0 });
		expect((await find("type=placed")).progress.span.emptiedBy).toBe("type");
		expect((await find("stream=nobody")).progress.span.emptiedBy).toBe("stream");
		expect((await find("stream=nobody-*")).progress.span.emptiedBy).toBe("stream");
	});

	test("passes over what is hidden, erased, or no JSON", async () => {
		await append("kept-1", "T", '{"a":1}', '{"a":1}', '{"a":1}');
		await log.append({
			stream: "kept-1" as StreamName,
			expected: "any",
			events: [
				{
					id: randomUUID(),
					type: "T",
					isJson: false,
					data: Buffer.from('{"a":1}'),
					metadata: Buffer.alloc(0),
				},
			],
		});
		await log.redact({ stream: "kept-1" as StreamName, version: 2, metadata: false });
		await append("$$kept-1", "$metadata", '{"$tb":1}');
		expect(await found("type=T&path=$.a&value=1")).toEqual(["kept-1/1"]);
		expect(await found("stream=kept-1&path=$.a&value=1")).toEqual(["kept-1/1"]);
	});

	test("lets others have their turn, and ends when its time is over", async () => {
		const wide = `{"list":[${"1,".repeat(400_000)}1],"a":1}`;
		await append("wide-1", "T", wide, wide, wide, wide);
		let turns = 0;
		let isOver = false;
		const turn = () => {
			turns++;
			if (!isOver) setImmediate(turn);
		};
		setImmediate(turn);
		expect(await found("path=$.a&value=1")).toHaveLength(4);
		isOver = true;
		// Each event has 800 kB, and takes a dozen pauses.
		expect(turns).toBeGreaterThan(30);
		await append("small-1", "T", "{}", "{}");
		const steps = searches.run(parseSearchQuery(new URLSearchParams("path=$.b")), log, 0);
		const { value } = await steps.next();
		expect(value?.progress.end).toBe("time-max");
		await steps.return(undefined);
	});

	test("only so many run at a time, and whoever leaves makes room", async () => {
		for (let at = 0; at < 30; at++) await append("many-1", "T", "{}");
		const one = searches.run(parseSearchQuery(new URLSearchParams("")));
		const two = searches.run(parseSearchQuery(new URLSearchParams("")));
		await Promise.all([one.next(), two.next()]);
		await expect(find("")).rejects.toMatchObject({
			word: "overloaded",
			facts: { queue: "searches" },
		});
		await one.return(undefined);
		expect(searches.running).toBe(1);
		expect((await find("type=T")).hits).toHaveLength(30);
		await two.return(undefined);
		expect(searches.running).toBe(0);
	});
});
