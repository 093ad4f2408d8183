/** Members of a group that read from a real server: what each handles, and in which order. */
import { randomUUID } from "node:crypto";
import type { GroupOptions } from "../../../feeds/groups/options.ts";
import { partitionOf } from "../../../feeds/groups/partition.ts";
import { type GroupEvent, readGroup } from "../../../feeds/groups/read-group.ts";
import { nodeFetch } from "../../../feeds/node/index.ts";
import { ALL } from "../../../src/event.ts";
import type { Json } from "../../http/ask.ts";
import { batch } from "../../http/ask.ts";
import { type Servers, startServers, until } from "../../http/harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

/** Appends events to streams in turn: `n` counts them, in each stream for itself. */
const counts = new Map<string, number>();
async function append(category: string, streams: number, count: number): Promise<void> {
	const appends = Array.from({ length: streams }, (_, number) => {
		const stream = `${category}-${number}`;
		const from = counts.get(stream) ?? 0;
		counts.set(stream, from + count);
		const events = Array.from({ length: count }, (_, n) => {
			const data = { n: from + n, who: `customer-${(from + n) % 3}` };
			return { eventId: randomUUID(), eventType: "Counted", data };
		});
		return servers.ask(batch(stream, events));
	});
	await Promise.all(appends);
}

type Handled = { readonly stream: string; readonly n: number; readonly member: string };

/** A member that runs until it is stopped, or its network is cut. */
class Worker {
	readonly events: GroupEvent[] = [];
	readonly stop = new AbortController();
	readonly has = new Set<number>();
	isCut = false;
	done: Promise<unknown>;

	constructor(handled: Handled[], options: Partial<GroupOptions> & { group: string }) {
		const fetch: typeof nodeFetch = (url, init) =>
			this.isCut ? Promise.reject(new TypeError("cut")) : nodeFetch(url, init);
		const name = options.name ?? "worker";
		const habits = { checkpointMs: 20, signal: this.stop.signal, fetch, retriesMax: 3 };
		const onPartitions: GroupOptions["onPartitions"] = ({ has }) => {
			this.has.clear();
			for (const partition of has) this.has.add(partition);
		};
		const all = { url: servers.url, ...habits, onPartitions, ...options };
		this.done = (async () => {
			for await (const event of readGroup(all)) {
				if (this.isCut) return;
				const { n } = event.json() as { n: number };
				this.events.push(event);
				handled.push({ stream: event.stream, n, member: name });
			}
		})().catch((error: unknown) => error);
	}
}

const isAll = (handled: readonly Handled[], streams: number, count: number) => {
	const seen = new Set(handled.map(({ stream, n }) => `${stream} ${n}`));
	return seen.size === streams * count;
};

/** Each event comes first after the one before it in its stream. */
function expectOrder(handled: readonly Handled[]): void {
	const reached = new Map<string, number>();
	const faults = handled.filter(({ stream, n }) => {
		const before = reached.get(stream) ?? -1;
		reached.set(stream, Math.max(before, n));
		return n > before + 1;
	});
	expect(faults).toEqual([]);
}

const standing = async (group: string) => (await servers.ask({ path: `/groups/${group}` })).json;

test("three members share 50 partitions; one dies, and the others finish, each key in order", async () => {
	await append("order", 40, 10);
	const handled: Handled[] = [];
	const making = { group: "orders", stream: "$ce-order", partitions: 50, leaseMilliseconds: 1000 };
	const workers = ["a", "b", "c"].map((name) => new Worker(handled, { ...making, name }));
	await until(() => workers.every(({ has }) => has.size >= 16));
	await append("order", 40, 10);
	await until(() => workers.every(({ events }) => events.length > 0));
	const [victim, ...others] = workers as [Worker, Worker, Worker];
	victim.isCut = true;
	await append("order", 40, 10);
	await until(() => isAll(handled, 40, 30));
	await until(() => others.every(({ has }) => has.size === 25));
	expectOrder(handled);
	await until(async () => (await standing("orders")).lagEvents === 0);
	for (const { stop, done } of others) {
		stop.abort();
		expect(await done).toBe(undefined);
	}
	await victim.done;
	expect(victim.has.size).toBe(0);
	// What was handled is on record: nothing comes again.
	expect(await standing("orders")).toMatchObject({ members: [], lagEvents: 0, partitions: 50 });
	const events = workers.flatMap((worker) => worker.events);
	for (const { stream, partition } of events) expect(partition).toBe(partitionOf(stream, 50));
});

test("a key in the data, and a group that goes on where the one before it left", async () => {
	await append("bill", 4, 6);
	const handled: Handled[] = [];
	const making = { group: "bills", stream: "$ce-bill", partitions: 8, key: "$.who" };
	const first = new Worker(handled, making);
	await until(() => isAll(handled, 4, 6));
	first.stop.abort();
	await first.done;
	const key = ({ data }: GroupEvent) => (JSON.parse(Buffer.from(data).toString()) as Json).who;
	for (const event of first.events) {
		expect(event.partition).toBe(partitionOf(String(key(event)), 8));
	}
	const again = new Worker(handled, { group: "bills" });
	await append("bill", 4, 1);
	await until(() => isAll(handled, 4, 7));
	expect(again.events).toHaveLength(4);
	again.stop.abort();
	await again.done;
});

test("the partitions grow while members work: each key stays in order", async () => {
	await append("grow", 30, 10);
	const handled: Handled[] = [];
	const making = { group: "growing", stream: "$ce-grow", partitions: 3, leaseMilliseconds: 2000 };
	const workers = [new Worker(handled, making), new Worker(handled, making)];
	await until(() => handled.length > 50);
	const body = JSON.stringify({ stream: "$ce-grow", partitions: 11, leaseMilliseconds: 2000 });
	const headers = { "Content-Type": "application/json" };
	const grown = await servers.ask({ method: "PUT", path: "/groups/growing", headers, body });
	expect(grown.status).toBe(200);
	await append("grow", 30, 10);
	await until(() => isAll(handled, 30, 20));
	await until(async () => (await standing("growing")).partitions === 11);
	await append("grow", 30, 10);
	await until(() => isAll(handled, 30, 30));
	expectOrder(handled);
	// One of them may have lost its lease, and handled nothing of the end.
	await until(() => {
		const [one, other] = workers.map(({ has }) => has.size).sort();
		return one === 5 && other === 6;
	});
	for (const { stop } of workers) stop.abort();
	await Promise.all(workers.map(({ done }) => done));
});

test("a caller that keeps checkpoints itself says where it starts, and fences by generations", async () => {
	await append("own", 5, 8);
	// As a table would be: partition, generation, at.
	const table = new Map<number, { generation: number; at: number }>();
	const handled: Handled[] = [];
	const startsOf: GroupOptions["startsOf"] = async (partitions) =>
		new Map(partitions.map(({ partition }) => [partition, table.get(partition)?.at ?? -1]));
	const making = { group: "own", stream: "$ce-own", partitions: 4, startsOf };
	const first = new Worker(handled, making);
	await until(() => isAll(handled, 5, 8));
	// It forgets what it has done since event 20.
	for (const { partition, generation, at } of first.events) {
		if (at <= 20) table.set(partition, { generation, at });
	}
	first.stop.abort();
	await first.done;
	const second = new Worker(handled, making);
	await until(() => second.events.length === 19);
	expect(second.events.map(({ at }) => at)).toEqual(Array.from({ length: 19 }, (_, n) => 21 + n));
	for (const { partition, generation } of second.events) {
		expect(generation).toBeGreaterThan(table.get(partition)?.generation ?? 0);
	}
	second.stop.abort();
	await second.done;
});

test("a group on $all comes to rest, hands out no checkpoint, and has no lag", async () => {
	const handled: Handled[] = [];
	const filter = { context: "streamid", type: "prefix", data: "all-" } as const;
	const making = { group: "everything", stream: "$all", partitions: 2, filter };
	const worker = new Worker(handled, making);
	await append("all", 2, 3);
	await until(() => isAll(handled, 2, 3));
	await until(async () => (await standing("everything")).lagEvents === 0);
	const { longPolls, log } = servers;
	await until(() => longPolls.waiting() > 0);
	const rested = await log.last(ALL);
	// A member that renews its lease writes nothing.
	await until(async () => worker.has.size === 2);
	expect(await log.last(ALL)).toBe(rested);
	expect(worker.events.map(({ stream }) => stream).sort()).toEqual([
		...Array(3).fill("all-0"),
		...Array(3).fill("all-1"),
	]);
	worker.stop.abort();
	await worker.done;
});

test("events that nobody can see any more hold nothing up", async () => {
	await append("gone", 1, 30);
	const handled: Handled[] = [];
	const making = { group: "gone", stream: "gone-0", partitions: 2 };
	const headers = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
	const path = "/streams/gone-0/metadata";
	await servers.ask({ path, headers, body: JSON.stringify({ $tb: 30 }) });
	const worker = new Worker(handled, making);
	await until(() => worker.has.size === 2);
	const body = JSON.stringify({ stream: "gone-0", partitions: 3 });
	await servers.ask({ method: "PUT", path: "/groups/gone", headers, body });
	await until(async () => (await standing("gone")).partitions === 3);
	await append("gone", 1, 1);
	await until(() => handled.length === 1);
	worker.stop.abort();
	await worker.done;
});

test.each([
	["a group that is not there", { group: "nobody" }, { problem: { word: "group-not-found" } }],
	["a group of another stream", { group: "orders", stream: "$ce-bill", partitions: 1 }, {}],
	[
		"a definition that cannot be",
		{ group: "bad", stream: "s", partitions: 0 },
		{ problem: { word: "invalid-group" } },
	],
])("%s ends the reading with an error", async (_, options, facts) => {
	const iterate = async () => {
		for await (const _ of readGroup({ url: servers.url, ...options })) return;
	};
	await expect(iterate()).rejects.toMatchObject(facts);
});

test.each([
	["no name", { group: "" }],
	["half a definition", { group: "g", stream: "s" }],
	["a key that is none", { group: "g", key: "a.b" }],
	["an interval that is none", { group: "g", checkpointMs: -1 }],
])("%s is refused at once", (_, options) => {
	expect(() => readGroup({ url: servers.url, ...options })).toThrow(/./);
});
