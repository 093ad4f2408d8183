/** Several pages on their way at once, against a real server. */
import { randomUUID } from "node:crypto";
import type { Fetcher } from "../../../feeds/exchange/transport.ts";
import { nodeFetch } from "../../../feeds/node/fetch.ts";
import type { Progress } from "../../../feeds/reader/pages/progress.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { batch } from "../../http/ask.ts";
import { type Servers, startServers } from "../../http/harness.ts";
import { FORMS } from "./server.ts";

const EVENTS = 990;
const PAGE = /\/(\d+)\/forward\/(\d+)/;

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	await append("s", EVENTS);
});
afterAll(() => servers.close());

async function append(stream: string, count: number): Promise<void> {
	const events = Array.from({ length: count }, (_, n) => {
		return { eventId: randomUUID(), eventType: "t", data: { n } };
	});
	expect((await servers.ask(batch(stream, events))).status).toBe(201);
}

/** Holds pages back until as many are on their way as there can be. */
function gate(form: (typeof FORMS)[number], most: number) {
	const asked: string[] = [];
	let waiting: (() => void)[] = [];
	let opened = false;
	const fetch: Fetcher = async (url, request) => {
		if (form === "feeds" && /ndjson/.test(request.headers.accept ?? "")) {
			return { status: 406, statusText: "", headers: new Headers(), body: null };
		}
		const [, from = "", count = ""] = PAGE.exec(url) ?? [];
		if (from === "") return nodeFetch(url, request);
		asked.push(`${from}/${count}`);
		// The first two come one by one: the reader learns meanwhile how long the stream is.
		if (Number(from) >= 60 && !opened) {
			await new Promise<void>((resolve) => {
				waiting.push(resolve);
				request.signal.addEventListener("abort", () => resolve());
				if (waiting.length < most) return;
				opened = true;
				for (const go of waiting) go();
				waiting = [];
			});
		}
		return nodeFetch(url, request);
	};
	return { asked, fetch };
}

test.each(FORMS)("far from the head, four pages of %s are on their way at once", async (form) => {
	const { asked, fetch } = gate(form, 4);
	const ats: number[] = [];
	for await (const { at } of readStream({ url: servers.url, stream: "s", pageSize: 20, fetch })) {
		ats.push(at);
	}
	expect(ats).toEqual(Array.from({ length: EVENTS }, (_, n) => n));
	// No page twice, and none beyond the head but the one that ends there.
	expect(asked).toEqual([...new Set(asked)]);
	expect(asked.at(-1)).toBe("980/20");
});

test("what was asked ahead is used only if the links lead there", async () => {
	await append("gone", 300);
	const headers = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
	const path = "/streams/gone/metadata";
	const asked: string[] = [];
	const fetch: Fetcher = async (url, request) => {
		asked.push(url);
		// Within the reading, all events below 200 are hidden, and links lead over them.
		if (/\/60\/forward/.test(url)) {
			await servers.ask({ path, headers, body: '{"$tb":200}' });
		}
		return nodeFetch(url, request);
	};
	const ats: number[] = [];
	const options = { url: servers.url, stream: "gone", pageSize: 20, fetch };
	for await (const { at } of readStream(options)) ats.push(at);
	expect(ats.slice(-101)).toEqual([
		ats.at(-101),
		...Array.from({ length: 100 }, (_, n) => 200 + n),
	]);
	expect(ats).toEqual([...new Set(ats)].sort((one, other) => one - other));
});

test("a page that is refused ahead fails in its turn, after all events before it", async () => {
	const fetch: Fetcher = async (url, request) => {
		if (!/\/120\/forward/.test(url)) return nodeFetch(url, request);
		return { status: 401, statusText: "", headers: PROBLEM, body: bodyOf(UNAUTHORIZED) };
	};
	const ats: number[] = [];
	const reading = async () => {
		const options = { url: servers.url, stream: "s", pageSize: 20, fetch };
		for await (const { at } of readStream(options)) ats.push(at);
	};
	await expect(reading()).rejects.toMatchObject({ failure: "refused", status: 401 });
	expect(ats).toHaveLength(120);
});

const PROBLEM = new Headers({ "content-type": "application/problem+json" });
const UNAUTHORIZED = JSON.stringify({
	type: "urn:varve:problem:not-allowed",
	title: "No",
	status: 401,
	detail: "Not you.",
});

function bodyOf(text: string) {
	const { body } = new Response(text);
	if (body === null) throw new Error("a text has a body");
	return body;
}

test("progress tells events, bytes, the place, the head, and that nothing is left", async () => {
	const reports: Progress[] = [];
	const onProgress = (progress: Progress) => reports.push(progress);
	const options = { url: servers.url, stream: "s", from: 10, pageSize: 20, onProgress };
	let events = 0;
	for await (const _ of readStream(options)) events++;
	expect(reports.length).toBeGreaterThan(10);
	expect(reports[0]).toMatchObject({ events: 10, at: 19 });
	const last = reports.at(-1);
	expect(last).toMatchObject({ events, at: EVENTS - 1, head: EVENTS - 1, secondsLeft: 0 });
	expect(last?.bytes).toBeGreaterThan(events * 100);
	expect(last?.eventsPerSecond).toBeGreaterThan(0);
	for (const { at = -1, head, secondsLeft } of reports) {
		if (head === undefined) expect(secondsLeft).toBeUndefined();
		else expect(head).toBeGreaterThanOrEqual(at);
	}
});
