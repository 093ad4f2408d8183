/** GET /stats and below: statistics as tools of EventStore know them, and the last hour. */
import { randomUUID } from "node:crypto";
import type { RecentRing } from "../../../src/observe/numbers/recent.ts";
import { batch, get } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

function stats(path: string, query = "") {
	return servers.ask(get(`/stats${path}${query}`, "application/json"));
}

/** Keys of contract 10.3; a disk's have its mount point in them. */
const KEYS = [
	..."startTime id mem cpu threadsCount contentionsRate thrownExceptionsRate"
		.split(" ")
		.map((name) => `proc-${name}`),
	...["readBytes", "writtenBytes", "readOps", "writeOps"].map((name) => `proc-diskIo-${name}`),
	..."connections receivingSpeed sendingSpeed inSend measureTime pendingReceived pendingSend"
		.split(" ")
		.map((name) => `proc-tcp-${name}`),
	..."receivedBytesSinceLastRun receivedBytesTotal sentBytesSinceLastRun sentBytesTotal"
		.split(" ")
		.map((name) => `proc-tcp-${name}`),
	..."allocationSpeed fragmentation gen0ItemsCount gen0Size gen1ItemsCount gen1Size"
		.split(" ")
		.map((name) => `proc-gc-${name}`),
	..."gen2ItemsCount gen2Size largeHeapSize timeInGc totalBytesInHeaps"
		.split(" ")
		.map((name) => `proc-gc-${name}`),
	..."cpu loadavg-1m loadavg-5m loadavg-15m freeMem totalMem"
		.split(" ")
		.map((name) => `sys-${name}`),
	"es-checksum",
	"es-checksumNonFlushed",
	..."queueName groupName avgItemsPerSecond avgProcessingTime currentIdleTime"
		.split(" ")
		.map((name) => `es-queue-StorageWriterQueue-${name}`),
	..."currentItemProcessingTime idleTimePercent length lengthCurrentTryPeak lengthLifetimePeak"
		.split(" ")
		.map((name) => `es-queue-StorageWriterQueue-${name}`),
	..."totalItemsProcessed inProgressMessage lastProcessedMessage"
		.split(" ")
		.map((name) => `es-queue-StorageWriterQueue-${name}`),
	..."lastFlushSize lastFlushDelayMs meanFlushSize meanFlushDelayMs maxFlushSize maxFlushDelayMs"
		.split(" ")
		.map((name) => `es-writer-${name}`),
	"es-writer-queuedFlushMessages",
	..."cachedRecord notCachedRecord cachedStreamInfo notCachedStreamInfo cachedTransInfo"
		.split(" ")
		.map((name) => `es-readIndex-${name}`),
	"es-readIndex-notCachedTransInfo",
];

describe("/stats", () => {
	test("has every key of the contract, flat or in groups", async () => {
		const flat = (await stats("", "?group=false")).json;
		expect(Object.keys(flat)).toEqual(expect.arrayContaining(KEYS));
		expect(Object.keys(flat)).toContainEqual(expect.stringMatching(/^sys-drive-\/.*-usedBytes$/));
		const grouped = await stats("");
		expect(grouped.json).toMatchObject({
			proc: { id: process.pid, tcp: { connections: expect.any(Number) } },
			es: { writer: { queuedFlushMessages: 0 } },
		});
		expect(grouped.headers["cache-control"]).toBe("max-age=1, public");
	});

	test("gives a part by its path, whatever the case of its names", async () => {
		const tcp = (await stats("/PROC/Tcp")).json;
		expect(Object.keys(tcp)).toContain("receivedBytesTotal");
		expect((await stats("/proc/id")).json).toEqual({ id: process.pid });
		expect((await stats("/proc/id", "?metadata=True")).json).toEqual({
			id: { value: process.pid, category: "proc", title: "Process id", drawChart: true },
		});
	});

	test.each(["/proc/nope", "/nope", "/proc/id/more", "/proc/", "/__proto__", "/constructor"])(
		"%s is not there",
		async (path) => {
			const reply = await stats(path);
			expect([reply.status, reply.json.type]).toEqual([404, "urn:varve:problem:route-not-found"]);
		},
	);

	test.each([
		["/proc", "?group=false", "Dynamic stats selection works only with grouping enabled"],
		["", "?group=yes", "it takes true or false."],
		["/proc", "?metadata=1", "it takes true or false."],
	])("%s%s is refused with a reason", async (path, query, reason) => {
		const { status, json } = await stats(path, query);
		expect([status, json.type]).toEqual([400, "urn:varve:problem:malformed-query"]);
		expect(json.reason).toBe(reason);
	});

	test("are made once a second at most", async () => {
		const context = servers.server.context;
		const [one, other] = [context.stats(), context.stats()];
		expect(one).toBe(other);
		await one;
	});

	test("list no replicas and no clients of TCP", async () => {
		expect((await stats("/replication")).text).toBe("[]");
		expect((await stats("/tcp")).text).toBe("[]");
	});

	test("count appends and their bytes", async () => {
		const before = await fresh();
		await servers.ask(batch("s", [{ eventId: randomUUID(), eventType: "t", data: 12345 }]));
		const after = await fresh();
		expect(after.writer.lastFlushSize).toBe(5);
		expect(after.writer.maxFlushDelayMs).toBeGreaterThan(0);
		const total = (of: typeof after) => of.queue.StorageWriterQueue.totalItemsProcessed;
		expect(total(after)).toBe(total(before) + 1);
	});

	type Es = {
		writer: { [name: string]: number };
		queue: { StorageWriterQueue: { totalItemsProcessed: number } };
	};

	/** Of a server that has not made any in the last second. */
	async function fresh(): Promise<Es> {
		const { ServerStats } = await import("../../../src/http/numbers/stats.ts");
		const { shownTree } = await import("../../../src/observe/numbers/stat-tree.ts");
		const tree = await new ServerStats(() => servers.server.context).tree();
		return (shownTree(tree, { isGrouped: true, hasMetadata: false }) as { es: Es }).es;
	}
});

describe("/stats/recent", () => {
	test("has a figure of what came since the one before", async () => {
		const recent = servers.server.context.recent as RecentRing;
		await recent.takeNow();
		await servers.ask(batch("r", [{ eventId: randomUUID(), eventType: "t", data: 12345 }]));
		for (let time = 0; time < 3; time++) await servers.ask(get("/streams/r"));
		await recent.takeNow();
		const { json, headers } = await stats("/recent");
		expect(headers["cache-control"]).toBe("no-store");
		expect(json).toMatchObject({ everySeconds: 10, figuresMax: 360 });
		const figures = json.figures as object[];
		expect(figures).toHaveLength(2);
		expect(figures[1]).toMatchObject({
			time: expect.stringMatching(/^\d{4}-.*Z$/),
			requests: 4,
			failures: 0,
			events: 1,
			eventBytes: 5,
			cacheHits: 1,
			cacheMisses: 2,
			commitMsP50: expect.any(Number),
			commitMsP99: expect.any(Number),
			longPolls: 0,
			appendsWaiting: 0,
			databaseBytes: expect.any(Number),
		});
	});
});
