import { randomUUID } from "node:crypto";
import { get, type Json } from "./ask.ts";
import { type Servers, startServers, until } from "./harness.ts";

let servers: Servers;
let times: number[];
beforeAll(async () => {
	servers = await startServers();
	// Commits of several events, each later than the one before.
	for (let n = 0; n < 15; n++) await append("clock-1", 1 + (n % 5));
	times = (await read("clock-1", 1000)).map(({ event }) => event.created);
});
afterAll(() => servers.close());

async function append(stream: string, count: number) {
	const before = Date.now();
	await until(() => Date.now() > before);
	const events = Array.from({ length: count }, () => ({
		id: randomUUID(),
		type: "Ticked",
		isJson: true,
		data: new TextEncoder().encode("{}"),
		metadata: new Uint8Array(0),
	}));
	await servers.log.append({ stream: stream as never, expected: "any", events });
}

async function read(stream: string, limit: number) {
	const range = { from: 0, limit, direction: "forward", content: false } as const;
	return (await servers.log.read({ stream: stream as never, ...range })).entries;
}

const rfc3339 = (time: number) => new Date(time).toISOString();
const at = (stream: string, time: string, query = "") =>
	servers.ask(get(`/streams/${stream}/at/${encodeURIComponent(time)}${query}`));

describe("a stream at a time", () => {
	test("is the page of the grid that holds the first event at or after it", async () => {
		for (const time of new Set(times)) {
			for (const moment of [time - 1, time, time + 1]) {
				const first = times.findIndex((one) => one >= moment);
				const reply = await at("clock-1", rfc3339(moment));
				const page =
					first < 0
						? `${times.length}/forward/${20 - (times.length % 20)}`
						: `${first - (first % 20)}/forward/20`;
				expect([reply.status, reply.headers.location]).toEqual([
					303,
					`${servers.url}/streams/clock-1/${page}`,
				]);
			}
		}
	});

	test("before all of them is the first page, and after them the one to poll", async () => {
		const before = await at("clock-1", "1970-01-01T00:00:00Z");
		expect(before.headers.location).toBe(`${servers.url}/streams/clock-1/0/forward/20`);
		const after = await at("clock-1", "9999-12-31T23:59:60+00:00", "?embed=body");
		const poll = after.headers.location ?? "";
		expect(poll).toBe(`${servers.url}/streams/clock-1/45/forward/15?embed=body`);
		expect((await servers.ask(get(poll.slice(servers.url.length)))).json.entries).toEqual([]);
		expect(after.headers["cache-control"]).toBe("no-cache");
	});

	test("works on $all and on index streams, and answers HEAD", async () => {
		const [oldest = 0] = times;
		// Events of one commit share their time.
		const first = times.indexOf(times[25] ?? 0);
		const index = await at("%24ce-clock", rfc3339(oldest));
		expect(index.headers.location).toBe(`${servers.url}/streams/%24ce-clock/0/forward/20`);
		const all = await servers.ask({
			method: "HEAD",
			path: `/streams/%24all/at/${rfc3339(times[25] ?? 0)}`,
		});
		const page = await servers.ask(get((all.headers.location ?? "").slice(servers.url.length)));
		expect((page.json.entries as Json[]).at(-1)).toMatchObject({
			title: `${first - (first % 20)}@clock-1`,
		});
	});

	test("reads offsets, and takes a finer time than it keeps for the next millisecond", async () => {
		const time = times.at(-1) ?? 0;
		const local = rfc3339(time + 5.5 * 3600_000).replace("Z", "+05:30");
		const there = "40/forward/20";
		expect((await at("clock-1", local)).headers.location).toContain(there);
		const exact = rfc3339(time).replace("Z", "000000z").replace("T", "t");
		expect((await at("clock-1", exact)).headers.location).toContain(there);
		const finer = rfc3339(time).replace("Z", "0001Z");
		expect((await at("clock-1", finer)).headers.location).toContain("45/forward/15");
	});

	test.each([
		"x",
		"2026-03-01",
		"2026-03-01T14:00:00",
		"2026-02-30T14:00:00Z",
		"2026-13-01T14:00:00Z",
		"2026-03-01T24:00:00Z",
		"2026-03-01T14:60:00Z",
		"2026-03-01T14:00:61Z",
		"2026-03-01T14:00:00+25:00",
		"2026-03-01 14:00:00Z",
		"1767225600",
	])("refuses %s", async (time) => {
		const reply = await at("clock-1", time);
		expect([reply.status, reply.json.type]).toEqual([400, "urn:varve:problem:malformed-url"]);
	});

	test("of a stream of links goes by when the links were written", async () => {
		// Each leads to the oldest event of all; the last one is the newest of them by far.
		for (let n = 0; n < 21; n++) {
			const before = Date.now();
			await until(() => Date.now() > before);
			const event = { id: randomUUID(), type: "$>", isJson: false };
			const link = { ...event, data: Buffer.from("0@clock-1"), metadata: new Uint8Array(0) };
			await servers.log.append({ stream: "links" as never, expected: "any", events: [link] });
		}
		const written = (await read("links", 100)).map(({ link }) => link?.created ?? 0);
		const last = await at("links", rfc3339(written[20] ?? 0));
		expect(last.headers.location).toBe(`${servers.url}/streams/links/20/forward/20`);
		const second = await at("links", rfc3339((written[0] ?? 0) + 1));
		expect(second.headers.location).toBe(`${servers.url}/streams/links/0/forward/20`);
	});

	test("is nowhere in a stream that has no events", async () => {
		expect((await at("none", "2026-03-01T14:00:00Z")).status).toBe(404);
	});
});
