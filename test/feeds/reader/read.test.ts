import { setImmediate as turn } from "node:timers/promises";
import type { ReadEvent } from "../../../feeds/reader/event.ts";
import type { ReadOptions } from "../../../feeds/reader/options.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { type FeedServer, FORMS, problemOf, startServer } from "./server.ts";

let server: FeedServer;
afterEach(() => server.close());

const numbered = (from: number, to: number) =>
	Array.from({ length: to - from }, (_, i) => ({ n: from + i }));
const range = (from: number, to: number) => numbered(from, to).map(({ n }) => n);

async function all(stream: string, options: Partial<ReadOptions> = {}): Promise<ReadEvent[]> {
	const events: ReadEvent[] = [];
	for await (const event of readStream({ url: server.url, stream, pageSize: 500, ...options }))
		events.push(event);
	return events;
}

async function until(isTrue: () => boolean): Promise<void> {
	while (!isTrue()) await turn();
}

function paths(): string[] {
	return server.seen.map(({ url }) => url.replace("/streams/s/", "").replace("?embed=body", ""));
}

describe.each(FORMS)("a reader of %s", (offers) => {
	describe("reading up to the head", () => {
		test("hands out every event once, in order, as it was appended", async () => {
			server = await startServer({ offers });
			server.append("order-1", { amount: 1.1 }, { text: "é\u2028" });
			server.append("order-2", { big: 1 });
			const events = await all("$all");
			expect(events.map(({ stream, version, at }) => [stream, version, at])).toEqual([
				["order-1", 0, 0],
				["order-1", 1, 1],
				["order-2", 0, 2],
			]);
			expect(events[1]).toMatchObject({
				position: 1,
				id: "00000000-0000-4000-8000-000000000001",
				type: "Happened",
				isJson: true,
				created: "2026-01-01T00:00:00.500Z",
			});
			expect(Buffer.from(events[0]?.data ?? []).toString()).toBe('{"amount":1.1}');
			expect(events[1]?.json()).toEqual({ text: "é\u2028" });
			expect(Buffer.from(events[2]?.metadata ?? []).toString()).toBe('{"position":2}');
		});

		test("numbers the events of an index stream as that stream does", async () => {
			server = await startServer({ offers });
			server.append("other-1", ...numbered(0, 5));
			server.append("order-1", ...numbered(0, 2));
			server.append("order-2", ...numbered(0, 2));
			const events = await all("$ce-order", { from: 1 });
			expect(
				events.map(({ at, stream, version, position }) => [at, stream, version, position]),
			).toEqual([
				[1, "order-1", 1, 6],
				[2, "order-2", 0, 7],
				[3, "order-2", 1, 8],
			]);
		});

		test.each([0, 1, 19, 20, 48, 499, 500, 501, 1233, 1234, 5000])(
			"from %i gives exactly the rest, by pages of any size",
			async (from) => {
				server = await startServer({ offers });
				server.append("s", ...numbered(0, 1234));
				for (const stream of ["s", "$all"]) {
					for (const pageSize of [500, 1000, 4096, 97]) {
						const events = await all(stream, { from, pageSize });
						expect(events.map(({ at }) => at)).toEqual(range(from, 1234));
					}
				}
			},
		);

		test("joins the grid of its page size, so that readers ask for the same pages", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 1234));
			await all("s", { from: 48 });
			expect(paths()).toEqual(["48/forward/452", "500/forward/500", "1000/forward/500"]);
		});

		test("of a stream that does not exist ends without events", async () => {
			server = await startServer({ offers });
			expect(await all("s")).toEqual([]);
			expect(server.seen).toHaveLength(1);
		});

		test("passes over what retention took, be it whole pages", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 2100));
			for (const n of range(0, 1501)) server.gone.add(n);
			for (const n of [1510, 1511, 1999, 2000, 2099]) server.gone.add(n);
			const left = range(1501, 2100).filter((n) => !server.gone.has(n));
			expect((await all("s")).map(({ at }) => at)).toEqual(left);
		});

		test("follows links with a path prefix and a query", async () => {
			server = await startServer({ offers, prefix: "/eu/store", query: "?i=2" });
			server.append("a/b %", ...numbered(0, 1100));
			expect(await all("a/b %", { from: 499 })).toHaveLength(601);
			// Only of feeds, a reader asks for the events in them.
			const [own, added] = offers === "feeds" ? ["?embed=body", "&embed=body"] : ["", ""];
			expect(server.seen.map(({ url }) => url)).toEqual([
				`/eu/store/streams/a%2Fb%20%25/499/forward/1${own}`,
				`/eu/store/streams/a%2Fb%20%25/500/forward/500?i=2${added}`,
				`/eu/store/streams/a%2Fb%20%25/1000/forward/500?i=2${added}`,
			]);
		});

		test("asks for lines, else for JSON feeds, and sends its own headers along", async () => {
			server = await startServer({ offers });
			server.append("s", { n: 0 });
			await all("s", { headers: { authorization: "Basic eDp5", accept: "text/html" } });
			expect(server.seen[0]?.headers).toMatchObject({
				accept:
					offers === "lines"
						? "application/vnd.varve.events+ndjson"
						: "application/vnd.eventstore.atom+json",
				authorization: "Basic eDp5",
			});
			expect(server.seen[0]?.headers).not.toHaveProperty("es-longpoll");
		});

		test("keeps its own headers from servers that links lead to elsewhere", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 30));
			const url = server.url.replace("127.0.0.1", "localhost");
			const seen: [string, string | null][] = [];
			// Over a stand-in for fetch, as this machine may not resolve the second name.
			const fetcher: typeof fetch = async (input, init) => {
				const asked = new URL(String(input));
				const headers = new Headers(init?.headers);
				const isOffered = offers === "lines" || !/ndjson/.test(headers.get("accept") ?? "");
				if (isOffered) seen.push([asked.hostname, headers.get("authorization")]);
				asked.hostname = "127.0.0.1";
				return fetch(asked, init);
			};
			const options = {
				url,
				headers: { authorization: "Basic eDp5" },
				pageSize: 20,
				fetch: fetcher,
			};
			expect(await all("s", options)).toHaveLength(30);
			// Links of lines stay with the server that was asked.
			expect(seen).toEqual([
				["localhost", "Basic eDp5"],
				offers === "lines" ? ["localhost", "Basic eDp5"] : ["127.0.0.1", null],
			]);
		});
	});

	describe("events that are not JSON", () => {
		test("come as they were appended, in their places, from their own URLs if need be", async () => {
			server = await startServer({ offers });
			for (let n = 0; n < 60; n++) server.append("s", n % 3 === 0 ? { n } : `text ${n}`);
			const events = await all("$all");
			const shown = events.map(({ data }) => Buffer.from(data).toString());
			expect(shown).toEqual(range(0, 60).map((n) => (n % 3 === 0 ? `{"n":${n}}` : `text ${n}`)));
			expect(events.map(({ isJson }) => isJson)).toEqual(range(0, 60).map((n) => n % 3 === 0));
		});

		if (offers === "feeds") {
			test("are asked for no more than eight at a time, and no earlier than needed", async () => {
				server = await startServer({ offers });
				server.append("s", ...range(0, 100).map((n) => `text ${n}`));
				const events = readStream({ url: server.url, stream: "s" });
				await events.next();
				await events.next();
				await until(() => server.seen.length === 10);
				await events.return();
				expect(server.seen.filter(({ url }) => !url.includes("forward"))).toHaveLength(9);
			});
		}

		if (offers === "feeds") {
			test("that retention took between page and fetch are passed over", async () => {
				server = await startServer({ offers });
				server.append("s", "a", "b", "c");
				const gone = problemOf(404, "event-not-found", { stream: "s", eventNumber: 1 });
				server.meddle = ({ url }) => (url.endsWith("/s/1") ? gone : undefined);
				expect((await all("s")).map(({ at }) => at)).toEqual([0, 2]);
			});
		}

		test("may be empty, as JSON events may", async () => {
			server = await startServer({ offers });
			server.append("s", "", { n: 1 });
			server.log.push({ stream: "s", version: 2, position: 2, isJson: true, data: "" });
			expect((await all("s")).map(({ data }) => data.length)).toEqual([0, 7, 0]);
		});
	});

	test.each([
		[{ url: "ftp://h" }, "url"],
		[{ url: "nonsense" }, "not a URL such as http://127.0.0.1:2113"],
		[{ stream: "" }, "stream"],
		[{ stream: ".." }, "stream"],
		[{ from: -1 }, "from"],
		[{ from: 0.5 }, "from"],
		[{ pageSize: 0 }, "pageSize"],
		[{ pageSize: 4097 }, "pageSize"],
		[{ longPollSeconds: 0 }, "longPollSeconds"],
		[{ timeoutMs: Number.POSITIVE_INFINITY }, "timeoutMs"],
	])("%j is refused before anything is asked", async (options, reason) => {
		server = await startServer({ offers });
		const make = () => readStream({ url: server.url, stream: "s", ...options });
		expect(make).toThrow(reason);
	});
});
