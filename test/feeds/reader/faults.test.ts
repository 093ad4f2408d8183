import type { ReadError } from "../../../feeds/reader/error.ts";
import type { ReadOptions, Retry } from "../../../feeds/reader/options.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { type FeedServer, FORMS, type Meddling, problemOf, startServer } from "./server.ts";

let server: FeedServer;
afterEach(() => server.close());

/** Waits are skipped, but not the turn of the event loop others need. */
const sleep = () => new Promise<void>((resolve) => setImmediate(resolve));
const numbered = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

type Read = { readonly ats: number[]; readonly retries: Retry[] };

async function read(options: Partial<ReadOptions> = {}): Promise<Read> {
	const ats: number[] = [];
	const retries: Retry[] = [];
	const onRetry = (retry: Retry) => retries.push(retry);
	const given = { url: server.url, stream: "s", pageSize: 500, sleep, onRetry, ...options };
	for await (const { at } of readStream(given)) ats.push(at);
	return { ats, retries };
}

describe.each(FORMS)("a reader of %s", (offers) => {
	describe("what may pass is asked again", () => {
		test.each<[string, Meddling, string]>([
			["500", { status: 500 }, "500 Internal Server Error"],
			[
				"502",
				{ status: 502, body: "<h1>Bad\n gateway</h1>" },
				"502 Bad Gateway: <h1>Bad gateway</h1>",
			],
			["503 of a full queue", problemOf(503, "overloaded", {}, "full"), "503 full"],
			[
				"503 of a balancer",
				{ status: 503, body: "no upstream" },
				"503 Service Unavailable: no upstream",
			],
			["408", { status: 408 }, "408 Request Timeout"],
			["429", { status: 429 }, "429 Too Many Requests"],
			["a page of no feed", "garbage", "the answer is not a feed"],
			["a connection cut within the body", "cut", "terminated"],
			["a connection cut before the answer", "no-answer", "fetch failed: other side closed"],
			["no answer in time", "silent", "no answer in time"],
		])("%s", async (_, meddling, reason) => {
			server = await startServer({ offers });
			server.append("s", ...numbered(1200));
			server.meddle = (_, index) => (index % 3 < 2 ? meddling : undefined);
			const { ats, retries } = await read({ timeoutMs: meddling === "silent" ? 500 : 30_000 });
			expect(ats).toEqual(upTo(1200));
			expect(retries.map(({ faults }) => faults)).toEqual([1, 2, 1, 2, 1, 2]);
			expect(retries[0]?.reason).toContain(reason);
		});

		test("with the delays of the back-off, and no sooner than Retry-After says", async () => {
			server = await startServer({ offers });
			server.append("s", { n: 0 });
			server.meddle = (_, index) => {
				if (index === 3) return { status: 503, headers: { "retry-after": "7" } };
				return index < 6 ? { status: 503 } : undefined;
			};
			const slept: number[] = [];
			const waits = (delayMs: number) => {
				slept.push(delayMs);
				return sleep();
			};
			const { retries } = await read({ sleep: waits, random: () => 0.5 });
			expect(slept).toEqual([50, 100, 200, 7400, 800, 1600]);
			expect(retries.map(({ delayMs }) => delayMs)).toEqual(slept);
		});

		if (offers === "feeds") {
			test("also for the data of single events", async () => {
				server = await startServer({ offers });
				server.append("s", ...upTo(30).map((n) => `text ${n}`));
				server.meddle = (_, index) => (index % 2 === 1 ? "no-answer" : undefined);
				const { ats, retries } = await read();
				expect(ats).toEqual(upTo(30));
				expect(retries.length).toBeGreaterThan(10);
			});
		}

		test("while the server restarts, on the same port", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(100));
			const ats: number[] = [];
			const events = readStream({ url: server.url, stream: "s", pageSize: 20, sleep });
			for await (const { at } of events) {
				ats.push(at);
				if (at % 30 === 7) await server.close();
				// The page asked for ahead has failed or is failing by now; the next attempts find it back.
				if (at % 30 === 7) await server.reopen();
			}
			expect(ats).toEqual(upTo(100));
		});

		test("up to retriesMax faults in a row, where that is set", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(60));
			server.meddle = (_, index) => (index % 4 < 3 ? { status: 503 } : undefined);
			expect((await read({ retriesMax: 3, pageSize: 20 })).ats).toEqual(upTo(60));
			server.meddle = () => ({ status: 503 });
			await expect(read({ retriesMax: 3 })).rejects.toMatchObject({ failure: "unanswered" });
			await expect(read({ retriesMax: 0 })).rejects.toThrow("503");
		});
	});

	describe("what will not pass is an error that says why", () => {
		test.each([400, 401, 403, 405, 406, 414])(
			"%i, with the detail of the answer",
			async (status) => {
				server = await startServer({ offers });
				server.meddle = () => problemOf(status, "malformed-header", {}, "not for you");
				const error = await read().catch((thrown: ReadError) => thrown);
				expect(error).toMatchObject({ name: "ReadError", failure: "refused", status });
				expect(String(error)).toContain(`${status} not for you`);
				// Who refuses lines may have feeds.
				expect(server.seen).toHaveLength(status === 406 && offers === "lines" ? 2 : 1);
			},
		);

		test("a damaged event, after all before it, and without a retry", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(1200));
			const damage = problemOf(500, "log-damaged", { part: "events" }, "broken");
			server.meddle = ({ url }) => {
				const [from = 0, count = 0] = (/(\d+)\/forward\/(\d+)/.exec(url) ?? [])
					.slice(1)
					.map(Number);
				return from <= 733 && from + count > 733 ? damage : undefined;
			};
			const ats: number[] = [];
			const reading = async (from: number, follow: boolean) => {
				const onRetry = () => {
					throw new Error("retried");
				};
				const options = { url: server.url, stream: "s", pageSize: 500, from, follow, onRetry };
				const events = readStream(options);
				for await (const { at } of events) ats.push(at);
			};
			const damaged = { failure: "damaged", at: 733, status: 500 };
			await expect(reading(0, false)).rejects.toMatchObject(damaged);
			expect(ats).toEqual(upTo(733));
			// 500 at once, 500 and 20 in vain, 11 times 20, 13 times 1, and the one that cannot be read.
			expect(server.seen.length).toBeLessThan(40);
			await expect(reading(733, true)).rejects.toMatchObject(damaged);
			expect(ats).toHaveLength(733);
			await reading(734, false);
			expect(ats.slice(733)).toEqual(upTo(1200).slice(734));
		});

		if (offers === "feeds") {
			test("damaged data of a single event", async () => {
				server = await startServer({ offers });
				server.append("s", ...upTo(30).map((n) => `text ${n}`));
				const damage = problemOf(500, "log-damaged", { part: "events" });
				server.meddle = ({ url }) => (/\/s\/17$/.test(url) ? damage : undefined);
				const ats: number[] = [];
				const reading = async () => {
					for await (const { at } of readStream({ url: server.url, stream: "s" })) ats.push(at);
				};
				await expect(reading()).rejects.toMatchObject({ failure: "damaged", at: 17 });
				expect(ats).toEqual(upTo(17));
			});
		}

		test("a stream that was deleted for ever", async () => {
			server = await startServer({ offers });
			server.meddle = () => problemOf(410, "stream-deleted", { stream: "s", attempt: "read" });
			await expect(read({ follow: true })).rejects.toMatchObject({ failure: "stream-deleted" });
		});

		test("a history that was replaced, which is not a deleted stream", async () => {
			server = await startServer({ offers });
			server.meddle = () => problemOf(410, "history-replaced", { incarnation: 2 });
			await expect(read({ follow: true })).rejects.toMatchObject({ failure: "history-replaced" });
		});

		test("a path the server does not have, other than a stream that may still come", async () => {
			server = await startServer({ offers });
			server.meddle = () => problemOf(404, "route-not-found", { path: "/x" });
			await expect(read({ follow: true })).rejects.toMatchObject({
				failure: "refused",
				status: 404,
			});
		});

		test("a server that does not tell positions, or tells them out of order", async () => {
			server = await startServer({ offers });
			const unplaced = [0].map((n) => shown(n, undefined));
			if (offers === "feeds") {
				server.meddle = () => documentOf(unplaced);
				await expect(read()).rejects.toMatchObject({ failure: "not-varve" });
			}
			// Feeds are newest first.
			const falling = offers === "feeds" ? [0, 1] : [1, 0];
			server.meddle = () => documentOf(falling.map((n) => shown(n, n)));
			await expect(read()).rejects.toThrow("out of order");
		});

		function shown(n: number, position: number | undefined): object {
			if (offers === "lines") {
				const own = { at: n, stream: "s", version: n, position, id: "x", type: "T" };
				return { ...own, created: "2026-01-01T00:00:00Z", isJson: true, data: {} };
			}
			return {
				title: `${n}@s`,
				id: `http://h/${n}`,
				updated: "2026-01-01T00:00:00Z",
				author: { name: "a" },
				links: [],
				eventId: "x",
				eventType: "T",
				eventNumber: n,
				data: "{}",
				streamId: "s",
				isJson: true,
				positionEventNumber: n,
				positionStreamId: "s",
				position,
			};
		}

		function documentOf(entries: readonly object[]) {
			if (offers === "lines") {
				const type = "application/vnd.varve.events+ndjson";
				const headers = { "content-type": type, "varve-lines": String(entries.length) };
				const body = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
				return { status: 200, headers, body };
			}
			const headers = { "content-type": "application/vnd.eventstore.atom+json" };
			const feed = { title: "s", id: "http://h/s", updated: "2026-01-01T00:00:00Z" };
			return { status: 200, headers, body: JSON.stringify({ ...feed, links: [], entries }) };
		}
	});

	const HTML = { "content-type": "text/html" };
	const PROBLEM = { "content-type": "application/problem+json" };
	const LOGIN = "<html>Please log in</html>";

	/** What stands between a client and its server, and what it has been seen to say. */
	const STRANGERS: readonly (readonly [string, Meddling])[] = [
		["404 of an ingress", { status: 404, headers: HTML, body: "default backend - 404" }],
		["404 without a body", { status: 404 }],
		["410 of a web server", { status: 410, headers: HTML, body: "Gone" }],
		[
			"404 of another API",
			{ status: 404, headers: PROBLEM, body: '{"type":"about:blank","status":404}' },
		],
		[
			"404 that says it is a 410",
			{ ...problemOf(410, "stream-deleted", { stream: "s" }), status: 404 },
		],
		[
			"404 in our words as HTML",
			{ ...problemOf(404, "stream-not-found", { stream: "s" }), headers: HTML },
		],
		["404 about another stream", problemOf(404, "stream-not-found", { stream: "t" })],
		[
			"404 of an event elsewhere",
			problemOf(404, "event-not-found", { stream: "t", eventNumber: 0 }),
		],
		["410 about another stream", problemOf(410, "stream-deleted", { stream: "t" })],
		["410 without the new history", problemOf(410, "history-replaced")],
		["200 with a login page", { status: 200, headers: HTML, body: LOGIN }],
		["200 without a type", { status: 200, body: "{}" }],
		["an empty 200", { status: 200 }],
		["204", { status: 204 }],
		["206", { status: 206, body: "{" }],
		["304 that nobody asked for", { status: 304 }],
		["301 without a place", { status: 301 }],
		["302 to no web page", { status: 302, headers: { location: "mailto:me@example.org" } }],
		["400 of a proxy", { status: 400, headers: HTML, body: "Bad request" }],
		["401 of a proxy", { status: 401, headers: { "www-authenticate": "Basic" } }],
		["403 of a firewall", { status: 403, headers: HTML, body: "Blocked" }],
		["407", { status: 407 }],
		["412 of a hop", { status: 412 }],
		["413 of a hop", { status: 413 }],
	];

	describe("what something on the way says is not believed", () => {
		test.each(STRANGERS)("%s, in the place of a page", async (_, stranger) => {
			server = await startServer({ offers });
			server.append("s", ...numbered(1500));
			server.meddle = ({ url }) => (/\/500\/forward/.test(url) ? once(stranger) : undefined);
			const { ats, retries } = await read();
			expect(ats).toEqual(upTo(1500));
			expect(retries).toHaveLength(1);
		});

		if (offers === "feeds") {
			test.each(STRANGERS)("%s, in the place of an event's data", async (_, stranger) => {
				server = await startServer({ offers });
				server.append("s", "one", "two", "three");
				server.meddle = ({ url }) => (/\/s\/1$/.test(url) ? once(stranger) : undefined);
				const { ats, retries } = await read();
				expect(ats).toEqual([0, 1, 2]);
				expect(retries).toHaveLength(1);
			});
		}

		if (offers === "feeds") {
			test("bytes of the right type without the tag of an event, in the place of its data", async () => {
				server = await startServer({ offers });
				server.append("s", "one");
				const headers = { "content-type": "application/octet-stream", etag: '"62f1"' };
				server.meddle = ({ url }) =>
					/\/s\/0$/.test(url) ? once({ status: 200, headers }) : undefined;
				expect((await read()).retries).toHaveLength(1);
			});
		}

		test.each(STRANGERS)("%s for ever: an error that says what was seen", async (_, stranger) => {
			server = await startServer({ offers });
			server.meddle = () => stranger;
			const error = await read({ follow: true }).catch((thrown: ReadError) => thrown);
			expect(error).toMatchObject({ name: "ReadError", failure: "unanswered" });
			expect(String(error)).toMatch(/not an answer of Varve: \d{3} /);
			expect((await read({ retriesMax: 2 }).catch(String)) as string).toContain("failed 3 times");
		});

		test("304 with another tag than the one that was sent", async () => {
			// With tail pages, the reader sends no condition.
			server = await startServer({ offers: offers === "lines" ? "lines-alone" : offers });
			server.append("s", { n: 0 });
			let conditional = 0;
			server.meddle = ({ headers }) => {
				if (headers["if-none-match"] === undefined) return undefined;
				if (++conditional === 2) server.append("s", { n: 1 });
				return conditional === 1 ? { status: 304, headers: { etag: '"99;7"' } } : undefined;
			};
			const retries: Retry[] = [];
			const onRetry = (retry: Retry) => retries.push(retry);
			const options = {
				url: server.url,
				stream: "s",
				follow: true,
				longPollSeconds: 1,
				sleep,
				onRetry,
			};
			for await (const { at } of readStream(options)) if (at === 1) break;
			expect(retries.map(({ reason }) => reason)).toEqual([expect.stringContaining("304")]);
		});

		/** The stranger the first time, the server itself from then on. */
		function once(stranger: Meddling): Meddling {
			server.meddle = () => undefined;
			return stranger;
		}
	});

	describe("redirects", () => {
		test("to another origin are followed, without the headers for the first one", async () => {
			server = await startServer({ offers });
			const other = await startServer({ offers });
			try {
				other.append("s", ...numbered(30));
				server.meddle = ({ url }) => ({ status: 307, headers: { location: other.url + url } });
				const headers = { "x-api-key": "secret", authorization: "Basic c2VjcmV0" };
				expect((await read({ headers })).ats).toEqual(upTo(30));
				expect(server.seen[0]?.headers).toMatchObject(headers);
				for (const seen of other.seen) {
					expect(seen.headers).not.toHaveProperty("x-api-key");
					expect(seen.headers).not.toHaveProperty("authorization");
				}
			} finally {
				await other.close();
			}
		});

		test("within the origin keep them", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(3));
			server.meddle = ({ url }) =>
				url.includes("moved")
					? undefined
					: { status: 301, headers: { location: `${url}${url.includes("?") ? "&" : "?"}moved` } };
			expect((await read({ headers: { "x-api-key": "secret" } })).ats).toEqual(upTo(3));
			expect(server.seen[1]?.headers).toMatchObject({ "x-api-key": "secret" });
		});
	});

	describe("pages too large", () => {
		test("for the server are asked for again by the grid", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(1100));
			server.meddle = ({ url }) =>
				/\/500\/forward\/500/.test(url)
					? problemOf(400, "page-too-large", { bytes: 2, pageBytesMax: 1 })
					: undefined;
			expect((await read()).ats).toEqual(upTo(1100));
			const asked = server.seen.map(({ url }) => url.replace(/\?.*|\/streams\/s\//g, ""));
			expect(asked.slice(1, 4)).toEqual(["500/forward/500", "500/forward/20", "520/forward/20"]);
			expect(asked.at(-1)).toBe("1000/forward/500");
		});

		test("for the reader, too", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(1100));
			expect((await read({ bodyBytesMax: 20_000 })).ats).toEqual(upTo(1100));
		});

		test("even on the grid are an error", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(100));
			await expect(read({ bodyBytesMax: 1000 })).rejects.toMatchObject({ failure: "too-large" });
		});

		test("and single events, too", async () => {
			server = await startServer({ offers });
			server.append("s", "x".repeat(100_000));
			await expect(read({ bodyBytesMax: 50_000 })).rejects.toMatchObject({ failure: "too-large" });
		});
	});

	describe("in chaos", () => {
		test.each([1, 2, 3, 4, 5, 6])(
			"a follower sees exactly the log, once, in order (%i)",
			async () => {
				server = await startServer({ offers });
				const seed = Math.floor(Math.random() * 2 ** 31);
				process.stdout.write(`chaos: seed ${seed}\n`);
				const roll = dice(seed);
				const total = 2000;
				const stream = roll(2) === 0 ? "$all" : "$ce-order";
				const from = roll(3) === 0 ? roll(total) : 0;
				grow(roll(1000));
				server.meddle = ({ headers }) => {
					// The log grows between any two requests, and within them: by the time they are answered.
					if (roll(4) === 0) setImmediate(grow, roll(60));
					const trouble = TROUBLES[roll(2 * TROUBLES.length)];
					// A long poll that is never answered is a second lost each time.
					return trouble === "silent" && headers["es-longpoll"] ? "no-answer" : trouble;
				};
				const stop = new AbortController();
				// Whoever waits for an event gets some.
				const growing = setInterval(() => grow(server.waiting() > 0 ? 1 + roll(40) : 0), 1);
				stop.signal.addEventListener("abort", () => clearInterval(growing));
				let checkpoint = from - 1;
				const seen: string[] = [];
				while (checkpoint < total - 1) {
					// Now and then the consumer dies and starts anew from its checkpoint.
					const diesAt = checkpoint + 1 + roll(900);
					const options = { stream, from: checkpoint + 1, follow: true, signal: stop.signal };
					const tuning = { pageSize: [20, 97, 500][roll(3)] ?? 500, longPollSeconds: 1 };
					const pace = { timeoutMs: 50, pollIntervalMs: 0, sleep, random: () => roll(1000) / 1000 };
					const events = readStream({ url: server.url, ...options, ...tuning, ...pace });
					for await (const event of events) {
						seen.push(`${event.at} ${Buffer.from(event.data)}`);
						checkpoint = event.at;
						if (event.at >= diesAt || event.at === total - 1) break;
					}
				}
				stop.abort();
				expect(seen).toEqual(server.log.slice(from).map((event, i) => `${from + i} ${event.data}`));

				function grow(count: number): void {
					for (let i = 0; i < count && server.log.length < total; i++) {
						const n = server.log.length;
						server.append(`order-${roll(5)}`, roll(50) === 0 ? `text ${n}` : { n });
					}
				}
			},
		);
	});

	const TROUBLES: readonly Meddling[] = [
		{ status: 404, headers: { "content-type": "text/html" }, body: "default backend - 404" },
		{ status: 410 },
		{ status: 204 },
		problemOf(503, "overloaded"),
		{ status: 500, headers: { "retry-after": "1" } },
		{ status: 429 },
		"cut",
		"no-answer",
		"garbage",
		"overlap",
		"overlap",
		"early",
		"early",
		"silent",
	];

	/** Numbers from 0 up to `below`, the same for the same seed. */
	function dice(seed: number): (below: number) => number {
		let state = seed;
		return (below) => {
			state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
			return Math.floor((state / 2 ** 32) * below);
		};
	}
});
