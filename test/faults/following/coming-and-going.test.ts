/**
 * Followers behind real caches, in front of a server that is slow and whose answers break off,
 * while readers come and go: each sees each event once, in order.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { append, deleteStream } from "../../../feeds/client/index.ts";
import { nodeFetch } from "../../../feeds/node/fetch.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { removeDirectories, type Server, startServer } from "../../cli/varve.ts";
import { until } from "../../http/harness.ts";
import { type ShakyHop, startShakyHop } from "./shaky-hop.ts";

type Cache = { readonly url: string; stop(): Promise<void> };

const EXAMPLE = new URL("../../../examples/reverse-proxy/", import.meta.url).href;
const LINES = "application/vnd.varve.events+ndjson";
const EVENTS = 20;
const BREAKS_EACH = 5;

const directory = mkdtempSync(join(tmpdir(), "varve-coming-"));
let server: Server;
let hop: ShakyHop;

beforeAll(async () => {
	server = await startServer(undefined, undefined, ["--allow-anonymous"]);
	hop = await startShakyHop(portOf(server.url), BREAKS_EACH);
});
afterAll(async () => {
	hop?.close();
	await server?.stop();
	removeDirectories();
	rmSync(directory, { recursive: true, force: true });
});

const CACHES = [
	{
		name: "Varnish",
		version: ["varnishd", "-V"],
		start: async (): Promise<Cache> => {
			const { startVarnish } = await import(`${EXAMPLE}varnish.js`);
			return startVarnish(join(directory, "varnish"), hop.port);
		},
	},
	{
		name: "nginx",
		version: ["nginx", "-v"],
		start: async (): Promise<Cache> => {
			const { startNginx } = await import(`${EXAMPLE}nginx.js`);
			return startNginx(join(directory, "nginx"), hop.port);
		},
	},
] as const;

describe.each(CACHES)("behind $name", ({ name, version: [program, flag], start }) => {
	const isThere = spawnSync(program, [flag]).status === 0;
	// Jest counts and names what is skipped; the reason stands in the name.
	const testBehind = isThere ? test : test.skip;
	const missing = isThere ? "" : ` (SKIPPED: ${name} is not installed)`;
	let cache: Cache;

	beforeAll(async () => {
		if (isThere) cache = await start();
	});
	afterAll(() => cache?.stop());

	testBehind(`readers that come and go lose nothing, and see nothing twice${missing}`, async () => {
		const stream = `coming-${name}`;
		const address = { url: server.url, stream };
		const broken = hop.broken();
		const stay = Array.from({ length: 3 }, () => follow(cache.url, stream));
		const left: Following[] = [];
		for (let n = 0; n < EVENTS; n++) {
			await append(address, { type: "Happened", data: { n } });
			// One comes, and the one before leaves: at a wait, or within an answer.
			left.at(-1)?.leave();
			left.push(follow(cache.url, stream));
			await until(() => stay.some(({ seen }) => seen.length > n));
		}
		await until(() => stay.every(({ seen }) => seen.length === EVENTS));
		for (const { seen } of stay) expect(seen).toEqual(numbers(EVENTS));
		for (const { seen } of left) expect(seen).toEqual(numbers(seen.length));
		// A half page was kept by no cache, and there were some.
		await until(() => hop.broken() > broken);
		const late = follow(cache.url, stream);
		await until(() => late.seen.length === EVENTS);
		await deleteStream(address, { forEver: true });
		for (const { ended } of [...stay, late]) expect(await ended).toBe("stream-deleted");
	});

	testBehind(`the one who asked for all the others may leave${missing}`, async () => {
		const stream = `first-${name}`;
		const address = { url: server.url, stream };
		await append(address, { type: "Happened", data: 0 });
		const page = `/streams/${stream}/1/forward/19?wait=20`;
		const asked = () => hop.asked.filter((path) => path === page).length;
		const first = tail(cache.url, page);
		await until(() => asked() === 1);
		const others = Array.from({ length: 4 }, () => tail(cache.url, page));
		first.leave();
		await append(address, { type: "Happened", data: 1 });
		for (const { text } of others) expect(JSON.parse(await text)).toMatchObject({ data: 1 });
	});
});

type Following = {
	readonly seen: number[];
	readonly ended: Promise<unknown>;
	leave(): void;
};

function follow(url: string, stream: string): Following {
	const seen: number[] = [];
	const leaving = new AbortController();
	const { signal } = leaving;
	const options = { url, stream, follow: true, fetch: nodeFetch, random: () => 0.1, signal };
	const run = async () => {
		for await (const { at } of readStream(options)) seen.push(at);
	};
	const ended = run().catch((error: { failure: string }) => error.failure);
	return { seen, ended, leave: () => leaving.abort() };
}

/** Asks for a tail page on a connection of its own, until it comes whole. */
function tail(url: string, path: string): { readonly text: Promise<string>; leave(): void } {
	const leaving = new AbortController();
	const once = () =>
		new Promise<string | undefined>((resolve) => {
			const options = { headers: { Accept: LINES }, agent: false, signal: leaving.signal } as const;
			const sent = request(`${url}${path}`, options, (res) => {
				let text = "";
				res.setEncoding("utf8").on("data", (chunk: string) => {
					text += chunk;
				});
				res.on("end", () => resolve(res.statusCode === 200 ? text : undefined));
				res.on("error", () => resolve(undefined));
			});
			sent.on("error", () => resolve(undefined)).end();
		});
	const run = async () => {
		let text: string | undefined;
		while (text === undefined && !leaving.signal.aborted) text = await once();
		return text ?? "";
	};
	return { text: run(), leave: () => leaving.abort() };
}

function numbers(count: number): number[] {
	return Array.from({ length: count }, (_, n) => n);
}

function portOf(url: string): number {
	return Number(new URL(url).port);
}
