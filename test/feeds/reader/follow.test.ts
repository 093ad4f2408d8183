import { spawn } from "node:child_process";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import type { ReadEvent } from "../../../feeds/reader/event.ts";
import type { ReadOptions } from "../../../feeds/reader/options.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { type FeedServer, FORMS, startServer } from "./server.ts";

const LIBRARY = new URL("../../../dist/feeds/index.js", import.meta.url).href;

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
	return server.seen.map(({ url }) => url.replace("/streams/s/", "").replace(/\?.*/, ""));
}

describe.each(FORMS)("a reader of %s", (offers) => {
	describe("following", () => {
		test("waits at the head with a long poll and hands out what comes, at once", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 3));
			const options = { url: server.url, stream: "s", pageSize: 500, follow: true };
			const events = readStream({ ...options, longPollSeconds: 9 });
			for (let n = 0; n < 100; n++) {
				const event = events.next();
				if (n >= 3) {
					await until(() => server.waiting() === 1);
					server.append("s", { n });
				}
				expect((await event).value).toMatchObject({ at: n });
			}
			await events.return();
			const { url = "", headers = {} } = server.seen.at(-1) ?? {};
			const isTail = offers === "lines";
			expect(new URL(url, server.url).searchParams.get("wait")).toBe(isTail ? "9" : null);
			expect(headers["es-longpoll"]).toBe(isTail ? undefined : "9");
			expect(paths().slice(0, 3)).toEqual(["0/forward/500", "3/forward/17", "4/forward/16"]);
		});

		test("is on the grid of 20 at the head, and back to bulk pages once far behind", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 485));
			const options = { url: server.url, stream: "s", pageSize: 500, follow: true };
			const events = readStream(options);
			for (let n = 0; n < 485; n++) await events.next();
			server.append("s", ...numbered(485, 1600));
			for (let n = 485; n < 1600; n++) {
				expect((await events.next()).value).toMatchObject({ at: n });
			}
			await events.return();
			expect(paths().slice(0, 5)).toEqual([
				"0/forward/500",
				"485/forward/15",
				"500/forward/500",
				"1000/forward/500",
				"1500/forward/500",
			]);
		});

		test("waits for a stream that does not exist yet", async () => {
			server = await startServer({ offers });
			const events = readStream({ url: server.url, stream: "s", follow: true, pollIntervalMs: 0 });
			const first = events.next();
			await until(() => server.waiting() === 1);
			server.append("other", { n: 1 });
			server.append("s", { n: 2 });
			expect((await first).value).toMatchObject({ stream: "s", at: 0, position: 1 });
			await events.return();
			// A tail page is held until the stream is there.
			expect(server.seen[0]).toMatchObject({ status: offers === "lines" ? 200 : 404 });
		});

		test("from beyond the head waits for that very event", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 3));
			const options = { url: server.url, stream: "s", from: 5, follow: true, pollIntervalMs: 0 };
			const events = readStream(options);
			const first = events.next();
			await until(() => server.waiting() === 1);
			server.append("s", ...numbered(3, 7));
			expect((await first).value).toMatchObject({ at: 5 });
			expect((await events.next()).value).toMatchObject({ at: 6 });
			await events.return();
		});

		test("asks conditionally where there are no tail pages, and takes 304 for nothing new", async () => {
			server = await startServer({ offers: offers === "lines" ? "lines-alone" : offers });
			server.append("s", { n: 0 });
			// It takes a question to learn that there are none.
			const known = offers === "lines" ? 1 : 0;
			server.meddle = (_, index) => (index < known + 5 ? "early" : undefined);
			const events = readStream({ url: server.url, stream: "s", follow: true, pollIntervalMs: 0 });
			await events.next();
			const second = events.next();
			await until(() => server.waiting() === 1);
			server.append("s", { n: 1 });
			expect((await second).value).toMatchObject({ at: 1 });
			await events.return();
			expect(server.seen.slice(known, known + 5).map(({ status }) => status)).toEqual([
				200, 200, 304, 304, 304,
			]);
			const [, plain, conditional] = server.seen.slice(known).map(({ headers }) => headers);
			expect(plain).not.toHaveProperty("if-none-match");
			expect(conditional?.["if-none-match"]).toBe('"0;7"');
		});

		test("does not hammer a server that answers long polls at once", async () => {
			server = await startServer({ offers });
			server.append("s", { n: 0 });
			server.meddle = () => "early";
			const slept: number[] = [];
			const sleep = async (delayMs: number) => {
				slept.push(delayMs);
				if (slept.length === 5) server.append("s", { n: 1 });
			};
			const options = { pollIntervalMs: 3_600_000, random: () => 0.5, sleep };
			const events = readStream({ url: server.url, stream: "s", follow: true, ...options });
			await events.next();
			expect((await events.next()).value).toMatchObject({ at: 1 });
			await events.return();
			expect(slept).toHaveLength(5);
			for (const delayMs of slept) expect(delayMs).toBeGreaterThan(3_000_000);
			// A server that knows how to wait, and does not, is full.
			if (offers === "lines") expect(slept.at(-1)).toBeGreaterThan(20_000_000);
		});

		test("asks its first question at the head at once, also at each boundary of the grid", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 18));
			const sleep = () => Promise.reject(new Error("it slept"));
			const events = readStream({ url: server.url, stream: "s", follow: true, sleep });
			for (let n = 0; n < 64; n++) {
				const event = events.next();
				if (n >= 18) {
					await until(() => server.waiting() === 1);
					server.append("s", { n });
				}
				expect((await event).value).toMatchObject({ at: n });
			}
			await events.return();
		});

		test("leaves an overloaded server in peace, even if it is to ask without an interval", async () => {
			server = await startServer({ offers: "lines" });
			server.append("s", { n: 0 });
			server.meddle = () => "early";
			const slept: number[] = [];
			const sleep = async (delayMs: number) => {
				slept.push(delayMs);
				if (slept.length === 4) server.append("s", { n: 1 });
			};
			const options = { pollIntervalMs: 0, random: () => 0.5, sleep, follow: true };
			const events = readStream({ url: server.url, stream: "s", ...options });
			await events.next();
			expect((await events.next()).value).toMatchObject({ at: 1 });
			await events.return();
			expect(slept.every((delayMs) => delayMs > 0)).toBe(true);
		});

		test("drops what an overlapping page repeats", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 100));
			server.meddle = () => "overlap";
			expect((await all("s", { pageSize: 20 })).map(({ at }) => at)).toEqual(range(0, 100));
		});
	});

	describe("leaving", () => {
		test("by the signal ends the iteration quietly, even within a long poll", async () => {
			server = await startServer({ offers });
			server.append("s", { n: 0 });
			const stop = new AbortController();
			const reading = all("s", { follow: true, signal: stop.signal });
			await until(() => server.waiting() === 1);
			stop.abort();
			expect(await reading).toHaveLength(1);
			await until(() => server.waiting() === 0);
		});

		test("by the signal ends it within a page, too, and within a wait", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 10));
			const stop = new AbortController();
			const events = readStream({ url: server.url, stream: "s", signal: stop.signal });
			await events.next();
			stop.abort();
			expect((await events.next()).done).toBe(true);

			server.meddle = () => ({ status: 503, headers: { "retry-after": "100" } });
			const again = new AbortController();
			const onRetry = () => again.abort();
			expect(await all("s", { signal: again.signal, onRetry })).toEqual([]);
		});

		test("by a signal that has gone off before asks nothing", async () => {
			server = await startServer({ offers });
			expect(await all("s", { signal: AbortSignal.abort() })).toEqual([]);
			expect(server.seen).toHaveLength(0);
		});

		test("by return() takes back a long poll that someone still waits for", async () => {
			server = await startServer({ offers });
			server.append("s", { n: 0 });
			const events = readStream({ url: server.url, stream: "s", follow: true });
			await events.next();
			const pending = events.next();
			await until(() => server.waiting() === 1);
			await events.return();
			expect((await pending).done).toBe(true);
			await until(() => server.waiting() === 0);
		});

		test("the loop takes back the page asked for ahead", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 100));
			server.meddle = (_, index) => (index > 0 ? "silent" : undefined);
			for await (const event of readStream({ url: server.url, stream: "s", pageSize: 20 })) {
				if (event.at < 5) continue;
				await until(() => server.seen.length === 2);
				break;
			}
			await until(() => server.seen[1]?.closed === true);
		});

		test("leaves nothing behind that would keep a process alive", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 3));
			const program = `
			import { readStream } from ${JSON.stringify(LIBRARY)};
			const stop = new AbortController();
			const options = { url: ${JSON.stringify(server.url)}, stream: "s", follow: true };
			for await (const event of readStream({ ...options, signal: stop.signal })) {
				if (event.at === 2) setImmediate(() => stop.abort());
			}
			for await (const event of readStream(options)) break;
			process.stdout.write("left");`;
			const child = spawn(process.execPath, ["--input-type=module", "--eval", program]);
			let said = "";
			for (const stream of [child.stdout, child.stderr]) {
				stream.on("data", (chunk) => {
					said += chunk;
				});
			}
			const [code] = await once(child, "close");
			expect([code, said]).toEqual([0, "left"]);
		});
	});

	describe("asking ahead", () => {
		test("fetches one page while the consumer works, and no more", async () => {
			server = await startServer({ offers });
			server.append("s", ...numbered(0, 200));
			const events = readStream({ url: server.url, stream: "s", pageSize: 20 });
			await events.next();
			await until(() => server.seen.filter(({ status }) => status === 200).length === 2);
			for (let n = 1; n < 20; n++) await events.next();
			expect(server.seen).toHaveLength(2);
			await events.next();
			await until(() => server.seen.length === 3);
			await events.return();
		});
	});
});
