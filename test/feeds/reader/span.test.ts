/** A reader with `since` and `until`, on the real server. */
import type { ReadOptions } from "../../../feeds/reader/options.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { type Servers, startServers } from "../../http/harness.ts";

let servers: Servers;
let created: string[] = [];
beforeAll(async () => {
	servers = await startServers();
	for (let count = 0; count < 45; count++) await append("s-1", "application/octet-stream");
	for await (const event of read({})) created.push(event.created);
});
afterAll(async () => {
	created = [];
	await servers.close();
});

const append = (stream: string, type: string, body = "x", eventType = "T") =>
	servers.ask({
		path: `/streams/${stream}`,
		headers: { "Content-Type": type, "ES-EventType": eventType, "ES-EventId": crypto.randomUUID() },
		body,
	});
const read = (options: Partial<ReadOptions>) =>
	readStream({ url: servers.url, stream: "s-1", ...options });

async function numbers(options: Partial<ReadOptions>): Promise<number[]> {
	const found: number[] = [];
	for await (const { at } of read(options)) found.push(at);
	return found;
}

const inside = (since: string, until: string) =>
	created.flatMap((time, at) => (time >= since && time < until ? [at] : []));

test.each([
	[0, 44],
	[7, 25],
	[19, 20],
	[20, 40],
	[44, 44],
])("reads the events from number %i to before number %i, on any page size", async (from, to) => {
	const [since = "", until = ""] = [created[from], created[to]];
	for (const pageSize of [500, 20, 7]) {
		expect(await numbers({ since, until, pageSize })).toEqual(inside(since, until));
		const dates = { since: new Date(since), until: new Date(until) };
		expect(await numbers({ ...dates, pageSize })).toEqual(inside(since, until));
	}
	for (const stream of ["$all", "$ce-s"])
		expect(await numbers({ stream, since, until })).toEqual(inside(since, until));
});

test("a follower ends at the first event beyond", async () => {
	const [since = "", until = ""] = [created[30], created[40]];
	expect(await numbers({ since, until, follow: true })).toEqual(inside(since, until));
});

test("a follower of a span that is over, and that no event ends, does not wait", async () => {
	const until = "2001-01-01T00:00:00Z";
	expect(await numbers({ until, follow: true })).toEqual([]);
	expect(await numbers({ until, follow: true, stream: "never" })).toEqual([]);
});

test("a link counts by its own time, and not by that of the event it shows", async () => {
	const before = new Date(Date.parse(created[44] ?? "") + 1).toISOString();
	for (let late = ""; late < before; ) {
		await append("clock", "application/octet-stream");
		for await (const event of readStream({ url: servers.url, stream: "clock" }))
			late = event.created;
	}
	await append("links", "application/octet-stream", "3@s-1", "$>");
	expect(await numbers({ stream: "links", since: before })).toEqual([0]);
	expect(await numbers({ stream: "links", until: before })).toEqual([]);
});

test.each([
	[{ since: "yesterday" }, "since: yesterday is not a time"],
	[{ until: "2026-03-01" }, "until: 2026-03-01 is not a time"],
	[{ since: new Date("nothing") }, "since: this Date is not a time"],
	[{ until: new Date(8.64e15) }, "until: this Date is not a time"],
	[
		{ since: "2026-03-02T00:00:00+01:00", until: "2026-03-01T22:59:59Z" },
		"until: 2026-03-01T22:59:59Z is before since",
	],
])("%j is refused at once", (options, words) => {
	expect(() => read(options)).toThrow(words);
	expect(() => read(options)).toThrow(RangeError);
});
