/**
 * The shipped configurations of nginx and Varnish, with readers that come at once. What they cost
 * the server is counted by a hop in between, which can hold requests back: so what is seen depends
 * on no time. A proxy that is not installed is skipped by name.
 */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, type Server, startServer } from "./processes.ts";

const EXAMPLE = `${ROOT}examples/reverse-proxy`;
const FEED = "application/vnd.eventstore.atom+json";
const READERS = 10;
/** No answer gets so old while the tests run. */
const HEAD_SECONDS = "600";

type Hop = {
	readonly port: number;
	readonly held: number;
	take(): string[];
	takeStatuses(): number[];
	hold(): void;
	release(): void;
	close(): void;
};
type Start = (directory: string, upstreamPort: number) => Promise<Server>;
type Answer = { readonly status: number; readonly eTag: string; readonly text: string };
type Headers = Readonly<Record<string, string>>;

const { startNginx } = await import(`${EXAMPLE}/nginx.js`);
const { startVarnish } = await import(`${EXAMPLE}/varnish.js`);
const { startCountingHop } = await import(`${EXAMPLE}/counting-hop.js`);

const PROXIES: readonly (readonly [name: string, isThere: boolean, start: Start])[] = [
	["nginx", spawnSync("nginx", ["-v"]).status === 0, startNginx],
	["Varnish", spawnSync("varnishd", ["-V"]).status === 0, startVarnish],
];

let directory: string;
/** Its heads are to be revalidated. */
let plain: Server;
/** Its heads may be kept. */
let keeping: Server;
beforeAll(async () => {
	directory = mkdtempSync(join(tmpdir(), "varve-caches-"));
	const args = [["plain"], ["keeping", "--head-max-age", HEAD_SECONDS]] as const;
	const start = ([name, ...options]: readonly [string, ...string[]]) =>
		startServer(join(directory, name), "--allow-anonymous", ...options);
	[plain, keeping] = await Promise.all([start(args[0]), start(args[1])]);
});
afterAll(async () => {
	await Promise.all([plain?.stop(), keeping?.stop()]);
	rmSync(directory, { recursive: true, force: true });
});

for (const [name, isThere, start] of PROXIES) {
	const skipped = isThere ? "" : ` (SKIPPED: ${name} is not installed)`;
	(isThere ? describe : describe.skip)(`behind ${name}${skipped}`, () => behind(name, start));
}

function behind(name: string, start: Start): void {
	let hop: Hop;
	let keepingHop: Hop;
	let proxy: Server;
	let keepingProxy: Server;
	let stream: string;

	beforeAll(async () => {
		hop = await startCountingHop(plain.url);
		keepingHop = await startCountingHop(keeping.url);
		const at = (which: string) => join(directory, `${name}-${which}`);
		[proxy, keepingProxy] = await Promise.all([
			start(at("plain"), hop.port),
			start(at("keeping"), keepingHop.port),
		]);
	});
	afterAll(async () => {
		await Promise.all([proxy?.stop(), keepingProxy?.stop()]);
		hop?.close();
		keepingHop?.close();
	});
	beforeEach(() => {
		stream = `s-${randomUUID()}`;
		for (const one of [hop, keepingHop]) one.take();
		for (const one of [hop, keepingHop]) one.takeStatuses();
	});

	test("readers at once cost the server a full page once", async () => {
		await append(plain, stream, 20);
		// The server has the page at hand, and answers long before nginx gives up on it.
		await read(plain, `${stream}/0/forward/20`);
		hop.hold();
		const answers = atOnce(() => read(proxy, `${stream}/0/forward/20`));
		await until(() => hop.held > 0);
		hop.release();
		for (const { status, text } of await answers) {
			expect([status, entriesIn(text)]).toEqual([200, 20]);
		}
		expect(hop.take()).toHaveLength(1);
	});

	test.each([
		["a head page", (s: string) => s, 200],
		["a stream that is not there", (s: string) => `none-${s}`, 404],
		["an event that is not there", (s: string) => `${s}/7`, 404],
		["a short page that is not full", (s: string) => `${s}/3/forward/17`, 200],
	])("readers of %s do not wait for each other", async (_, path, status) => {
		await append(plain, stream, 5);
		await read(proxy, path(stream));
		hop.hold();
		const answers = atOnce(() => read(proxy, path(stream)));
		await until(() => hop.held === READERS);
		hop.release();
		for (const answer of await answers) expect(answer.status).toBe(status);
	});

	test.each([
		["/info", "application/json"],
		["/streams/$all", "application/x-ndjson"],
	])("readers of %s as %s do not wait for each other", async (path, accept) => {
		await ask(proxy, path, { Accept: accept });
		hop.hold();
		const answers = atOnce(() => ask(proxy, path, { Accept: accept }));
		await until(() => hop.held === READERS);
		hop.release();
		for (const answer of await answers) expect(answer.status).toBe(200);
	});

	test("a reader's tag spares it a head page that may not be kept", async () => {
		await append(plain, stream, 5);
		for (const path of [stream, `${stream}/0/forward/20`]) {
			const { eTag } = await read(proxy, path);
			hop.takeStatuses();
			const held = { "If-None-Match": eTag };
			for (const { status } of await atOnce(() => read(proxy, path, held))) {
				expect(status).toBe(304);
			}
			expect(hop.takeStatuses()).toEqual(Array(READERS).fill(304));
			await append(plain, stream, 1);
			expect((await read(proxy, path, held)).status).toBe(200);
		}
	});

	test("pollers with tags cost the server one question if the head may be kept", async () => {
		await append(keeping, stream, 5);
		const { eTag } = await read(keepingProxy, stream);
		keepingHop.take();
		for (let round = 0; round < 3; round++) {
			const polls = await atOnce(() => read(keepingProxy, stream, { "If-None-Match": eTag }));
			for (const { status } of polls) expect(status).toBe(304);
		}
		expect(keepingHop.take()).toEqual([]);
	});

	test("a head page is kept even if the first who asks for it has it", async () => {
		await append(keeping, stream, 5);
		const { eTag } = await read(keeping, stream);
		const held = { "If-None-Match": eTag };
		expect((await read(keepingProxy, stream, held)).status).toBe(304);
		expect((await read(keepingProxy, stream, held)).status).toBe(304);
		expect((await read(keepingProxy, stream)).status).toBe(200);
		expect(keepingHop.take()).toHaveLength(1);
	});

	test("a read of one's own write is never answered with what was kept before it", async () => {
		await append(keeping, stream, 1);
		for (const name of ["ES-MinPosition", "Kurrent-MinPosition"]) {
			await read(keepingProxy, stream);
			const position = await append(keeping, stream, 1);
			const mine = await read(keepingProxy, stream, { [name]: position });
			const all = await read(keeping, stream);
			expect(entriesIn(mine.text)).toBe(entriesIn(all.text));
		}
	});

	test("links shown as they are and links resolved are two answers", async () => {
		const target = `${stream}-target`;
		await append(plain, target, 1);
		await append(plain, stream, 20, "$>", `0@${target}`);
		const page = `${stream}/0/forward/20?embed=body`;
		const forms = ["True", "False", "True", "False"].flatMap((value) => [
			{ "ES-ResolveLinkTos": value },
			{ "Kurrent-ResolveLinkTos": value },
		]);
		for (const headers of forms) {
			const [through, direct] = [
				await read(proxy, page, headers),
				await read(plain, page, headers),
			];
			expect(linksIn(through.text)).toBe(linksIn(direct.text));
		}
		expect(linksIn((await read(proxy, page)).text)).toBe(0);
	});

	test.each(["ES-LongPoll", "Kurrent-LongPoll"])("%s is held alone", async (longPoll) => {
		await append(plain, stream, 1);
		const page = `${stream}/0/forward/20`;
		const { eTag } = await read(proxy, page);
		hop.take();
		const headers = { "If-None-Match": eTag, [longPoll]: "30" };
		const polls = atOnce(() => read(proxy, page, headers));
		await until(() => countOf(hop, page) === READERS);
		// Others do not wait behind them.
		expect(entriesIn((await read(proxy, page)).text)).toBe(1);
		await append(plain, stream, 1);
		for (const { text } of await polls) expect(entriesIn(text)).toBe(2);
	});

	test("consumers of an HTTP feed wait side by side", async () => {
		await append(plain, stream, 1);
		const batch = { Accept: "application/cloudevents-batch+json" };
		const id = JSON.parse((await read(proxy, stream, batch)).text)[0].id;
		const feed = `${stream}?lastEventId=${id}&timeout=20000`;
		hop.take();
		const consumers = atOnce(() => read(proxy, feed, batch));
		await until(() => countOf(hop, feed) === READERS);
		await append(plain, stream, 1);
		for (const { text } of await consumers) expect(JSON.parse(text)).toHaveLength(1);
	});

	test("all who wait at one place cost the server one question", async () => {
		await append(plain, stream, 3);
		const tail = `${stream}/3/forward/17?wait=20`;
		const followers = atOnce(() => read(proxy, tail));
		await until(() => hop.take().length > 0);
		await append(plain, stream, 1);
		for (const { text } of await followers) expect(entriesIn(text)).toBe(1);
		expect(entriesIn((await read(proxy, tail)).text)).toBe(1);
		expect(hop.take()).toEqual([]);
	});

	test("an empty tail page is kept for nobody", async () => {
		await append(plain, stream, 3);
		const tail = `${stream}/3/forward/17?wait=1`;
		expect(entriesIn((await read(proxy, tail)).text)).toBe(0);
		await append(plain, stream, 1);
		expect(entriesIn((await read(proxy, tail)).text)).toBe(1);
	});

	test("live events come one by one", async () => {
		await append(plain, stream, 1);
		const sse = { Accept: "text/event-stream" };
		const live = await fetch(`${proxy.url}/streams/${stream}`, { headers: sse });
		const parts = live.body?.pipeThrough(new TextDecoderStream()).getReader();
		let text = "";
		const seen = async (version: number) => {
			while (!text.includes(`id: ${version}\n`)) text += (await parts?.read())?.value ?? "";
		};
		await seen(0);
		await append(plain, stream, 1);
		await seen(1);
		await parts?.cancel();
	});

	test("a slash in a stream's name stays as it was written", async () => {
		await append(plain, `${stream}%2Fslash`, 20);
		for (const path of ["/0/forward/20", "/3", "", "/3/forward/17?wait=5"]) {
			const { status, text } = await read(proxy, `${stream}%2Fslash${path}`);
			expect([path, status, text.includes(`${stream}/slash`)]).toEqual([path, 200, true]);
		}
	});
}

function atOnce<T>(one: () => Promise<T>): Promise<T[]> {
	return Promise.all(Array.from({ length: READERS }, one));
}

function read(from: Server, path: string, headers: Headers = {}): Promise<Answer> {
	return ask(from, `/streams/${path}`, headers);
}

async function ask(from: Server, path: string, headers: Headers): Promise<Answer> {
	const response = await fetch(from.url + path, { headers: { Accept: FEED, ...headers } });
	const eTag = response.headers.get("etag") ?? "";
	return { status: response.status, eTag, text: await response.text() };
}

/** @returns the position of the last of them */
async function append(
	to: Server,
	stream: string,
	count: number,
	eventType = "Placed",
	data: unknown = {},
): Promise<string> {
	const events = Array.from({ length: count }, () => ({ eventId: randomUUID(), eventType, data }));
	const response = await fetch(`${to.url}/streams/${stream}`, {
		method: "POST",
		headers: { "Content-Type": "application/vnd.eventstore.events+json" },
		body: JSON.stringify(events),
	});
	expect(response.status).toBe(201);
	return response.headers.get("es-position") ?? "";
}

function entriesIn(feed: string): number {
	return (JSON.parse(feed) as { readonly entries: readonly unknown[] }).entries.length;
}

function linksIn(feed: string): number {
	const { entries } = JSON.parse(feed) as { readonly entries: readonly { eventType: string }[] };
	return entries.filter(({ eventType }) => eventType === "$>").length;
}

const counted = new WeakMap<Hop, string[]>();

/** How often the server was asked for a path, since the last test looked. */
function countOf(hop: Hop, path: string): number {
	const asked = [...(counted.get(hop) ?? []), ...hop.take()];
	counted.set(hop, asked);
	return asked.filter((one) => one === `GET /streams/${path}`).length;
}

async function until(holds: () => boolean): Promise<void> {
	while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
