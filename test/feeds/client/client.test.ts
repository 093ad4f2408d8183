import { randomUUID } from "node:crypto";
import {
	append,
	appendEvents,
	type Decider,
	decide,
	deleteStream,
	readMetadata,
	readStream,
	type StreamAddress,
	writeMetadata,
} from "../../../feeds/client/index.ts";
import { type Servers, startServers } from "../../http/harness.ts";
import { Hop, type Trouble } from "./hop.ts";

let servers: Servers;
let hop: Hop;
let url: string;
let made = 0;
beforeAll(async () => {
	servers = await startServers();
	hop = new Hop(servers.url);
	url = await hop.listen();
});
afterAll(async () => {
	await hop.close();
	await servers.close();
});
beforeEach(() => {
	hop.troubles.splice(0);
	hop.bodies.splice(0);
});

/** Waits are skipped. */
const sleep = () => new Promise<void>((resolve) => setImmediate(resolve));
const fresh = (): StreamAddress => ({ url, stream: `order-${made++} é/%`, sleep });

async function eventsOf(address: StreamAddress) {
	const events = [];
	for await (const { version, type, data } of readStream(address))
		events.push({ version, type, data: Buffer.from(data).toString("latin1") });
	return events;
}

const counter: Decider<number> = {
	initial: 0,
	evolve: (count) => count + 1,
	decide: (count) => [{ type: "Counted", data: { count } }],
};

const STRANGERS: readonly Trouble[] = [
	{ status: 404, headers: { "content-type": "text/html" }, body: "default backend - 404" },
	{ status: 201 },
	{ status: 201, headers: { location: "/streams/order/0" } },
	{ status: 200, headers: { "content-type": "text/html" }, body: "<p>Log in</p>" },
	{ status: 204 },
	{ status: 302, headers: { location: "http://127.0.0.1:1/login" } },
	{ status: 401 },
	{ status: 412 },
	{ status: 503, headers: { "retry-after": "0" } },
];

describe("append", () => {
	test("says where the event stands, and the event comes back", async () => {
		const order = fresh();
		const appended = await append(order, { type: "Plâced", data: { total: 1.5 } });
		expect(appended).toMatchObject({ version: 0, lastVersion: 0, repeated: false });
		expect(appended.position).toEqual(expect.any(Number));
		expect(await eventsOf(order)).toEqual([{ version: 0, type: "Plâced", data: '{"total":1.5}' }]);
	});

	test("stores bytes as they are, JSON or not", async () => {
		const order = fresh();
		await append(order, { type: "Exact", data: Buffer.from('{ "n": 1.10 }') });
		await append(order, { type: "Scan–1", data: Buffer.from([0, 255]), isJson: false });
		await append(order, { type: "Text", data: Buffer.from('"a string"') });
		expect(await eventsOf(order)).toEqual([
			{ version: 0, type: "Exact", data: '{ "n": 1.10 }' },
			{ version: 1, type: "Scan–1", data: "\x00ÿ" },
			{ version: 2, type: "Text", data: '"a string"' },
		]);
	});

	test("refuses a stale version with what it conflicts with, and writes nothing", async () => {
		const order = fresh();
		await appendEvents(order, [{ type: "A" }, { type: "B" }], { expected: "none" });
		const id = randomUUID();
		await expect(append(order, { type: "C", id }, { expected: 0 })).rejects.toMatchObject({
			name: "WriteError",
			failure: "wrong-expected-version",
			current: 1,
			ids: [id],
			problem: { word: "wrong-expected-version", status: 400, facts: { expected: 0, current: 1 } },
		});
		await append(order, { type: "C", id }, { expected: "exists" });
		expect(await eventsOf(order)).toHaveLength(3);
	});

	test("sends the same ids again after a lost answer, and writes once", async () => {
		const order = fresh();
		hop.troubles.push("lost", "lost");
		const appended = await appendEvents(order, [{ type: "A" }, { type: "B" }], { expected: -1 });
		expect(appended).toMatchObject({ version: 0, lastVersion: 1, repeated: true });
		expect(hop.bodies).toHaveLength(3);
		expect(new Set(hop.bodies).size).toBe(1);
		expect(await eventsOf(order)).toHaveLength(2);
	});

	test.each(STRANGERS)("does not take %j for an answer of the server", async (stranger) => {
		const order = fresh();
		hop.troubles.push(stranger);
		const reasons: string[] = [];
		const onRetry = ({ reason }: { reason: string }) => reasons.push(reason);
		expect(await append({ ...order, onRetry }, { type: "A" })).toMatchObject({ repeated: false });
		expect(reasons).toEqual([
			expect.stringContaining(String(stranger === "lost" || stranger.status)),
		]);
		expect(await eventsOf(order)).toHaveLength(1);
	});

	test("gives up in the end, and says with which ids to ask what became of it", async () => {
		const order = { ...fresh(), retriesMax: 2 };
		hop.troubles.push("lost", { status: 502 }, { status: 502 });
		const error = await append(order, { type: "A" }).catch((thrown) => thrown);
		expect(error).toMatchObject({ failure: "unanswered", ids: [expect.any(String)] });
		expect(error.message).toContain("failed 3 times; the last reason: 502 Bad Gateway");
		const [id] = error.ids;
		expect(await append(order, { type: "A", id })).toMatchObject({ repeated: true, version: 0 });
	});

	test("ends with the reason of the signal", async () => {
		const signal = AbortSignal.abort(new Error("no longer wanted"));
		await expect(append({ ...fresh(), signal }, { type: "A" })).rejects.toThrow("no longer wanted");
	});

	test("refuses at once what makes no sense", async () => {
		await expect(append(fresh(), { type: "A" }, { expected: -3 })).rejects.toThrow(RangeError);
		await expect(appendEvents(fresh(), [])).rejects.toThrow(RangeError);
		await expect(append({ url: "ftp://h", stream: "s" }, { type: "A" })).rejects.toThrow(TypeError);
	});
});

describe("decide", () => {
	test("of many at once leaves each decision made on the state it is appended to", async () => {
		const order = fresh();
		await Promise.all(Array.from({ length: 4 }, () => decide(order, counter, { attemptsMax: 50 })));
		expect((await eventsOf(order)).map(({ data }) => data)).toEqual(
			[0, 1, 2, 3].map((count) => `{"count":${count}}`),
		);
	});

	test("with the same id a second time does nothing", async () => {
		const order = fresh();
		const id = randomUUID();
		const first = await decide(order, counter, { id });
		expect(first).toMatchObject({ state: 0, repeated: false, appended: { version: 0, ids: [id] } });
		await decide(order, counter);
		expect(await decide(order, counter, { id })).toMatchObject({ repeated: true });
		expect(await eventsOf(order)).toHaveLength(2);
	});

	test("may append nothing, and ends with what the decision throws", async () => {
		const order = fresh();
		expect(await decide(order, { ...counter, decide: () => [] })).toEqual({
			state: 0,
			appended: undefined,
			repeated: false,
		});
		const refuse = () => {
			throw new Error("already paid");
		};
		await expect(decide(order, { ...counter, decide: refuse })).rejects.toThrow("already paid");
	});

	test("gives up with the conflict after attemptsMax decisions", async () => {
		const order = fresh();
		const overtaken = async () => {
			await append(order, { type: "Other" });
			return [{ type: "Mine" }];
		};
		const deciding = decide(order, { ...counter, decide: overtaken }, { attemptsMax: 2 });
		await expect(deciding).rejects.toMatchObject({ failure: "wrong-expected-version", current: 1 });
		expect((await eventsOf(order)).map(({ type }) => type)).toEqual(["Other", "Other"]);
	});
});

describe("metadata", () => {
	test("is written only if it is still as it was read", async () => {
		const order = fresh();
		await append(order, { type: "A" });
		expect(await readMetadata(order)).toEqual({ value: {}, version: -1 });
		expect(await writeMetadata(order, { $maxCount: 5 }, { expected: -1 })).toBe(0);
		const read = await readMetadata(order);
		expect(read).toEqual({ value: { $maxCount: 5 }, version: 0 });
		await writeMetadata(order, { ...read.value, $maxCount: 6 }, { expected: read.version });
		await expect(writeMetadata(order, {}, { expected: read.version })).rejects.toMatchObject({
			failure: "wrong-expected-version",
			current: 1,
		});
	});

	test.each([0, 1])("is not what a stub of an API answers (%d written)", async (written) => {
		const order = fresh();
		await append(order, { type: "A" });
		if (written > 0) await writeMetadata(order, { $maxCount: 5 });
		const reasons: string[] = [];
		const onRetry = ({ reason }: { reason: string }) => reasons.push(reason);
		const json = { "content-type": "application/json" };
		hop.troubles.push({ status: 200, headers: json, body: "{}" }, { status: 204 });
		const value = written > 0 ? { $maxCount: 5 } : {};
		expect(await readMetadata({ ...order, onRetry })).toEqual({ value, version: written - 1 });
		expect(reasons).toEqual([
			expect.stringContaining("not an answer of Varve: 200"),
			expect.stringContaining("not an answer of Varve: 204"),
		]);
	});

	test("of no stream is refused in the server's words", async () => {
		await expect(readMetadata(fresh())).rejects.toMatchObject({
			failure: "refused",
			problem: { word: "stream-not-found" },
		});
	});
});

describe("deleteStream", () => {
	test("hides the events until the next append", async () => {
		const order = fresh();
		await append(order, { type: "A" });
		await expect(deleteStream(order, { expected: 7 })).rejects.toMatchObject({ current: 0 });
		await deleteStream(order, { expected: 0 });
		expect(await eventsOf(order)).toEqual([]);
		expect(await decide(order, counter)).toMatchObject({ state: 0, appended: { version: 1 } });
	});

	test("for ever, also if the answer is lost, ends the stream", async () => {
		const order = fresh();
		await append(order, { type: "A" });
		hop.troubles.push("lost", { status: 204 });
		await deleteStream(order, { forEver: true });
		await expect(deleteStream(order)).rejects.toMatchObject({ failure: "stream-deleted" });
		await expect(append(order, { type: "A" })).rejects.toMatchObject({ failure: "stream-deleted" });
	});
});
