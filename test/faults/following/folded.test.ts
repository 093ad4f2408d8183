/**
 * Followers behind a real Varnish, which gives one answer of the server to all that wait at one
 * place: each sees each event once, in order, whatever happens to the server and to the cache.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { append, deleteStream } from "../../../feeds/client/index.ts";
import { nodeFetch } from "../../../feeds/node/fetch.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { removeDirectories, type Server, startServer } from "../../cli/varve.ts";
import { ask, get } from "../../http/ask.ts";
import { until } from "../../http/harness.ts";

type Cache = { readonly url: string; stop(): Promise<void> };

const EXAMPLE = new URL("../../../examples/reverse-proxy/", import.meta.url).href;
const FOLLOWERS = 10;

const isThere = spawnSync("varnishd", ["-V"]).status === 0;
// Jest counts and names what is skipped; the reason stands in the name.
const describeBehind = isThere ? describe : describe.skip;

describeBehind(`behind Varnish${isThere ? "" : " (SKIPPED: Varnish is not installed)"}`, () => {
	const directory = mkdtempSync(join(tmpdir(), "varve-folded-"));
	let server: Server;
	let cache: Cache;
	let cachePort: number;
	let runs = 0;

	async function startCache(port?: number): Promise<Cache> {
		const { startVarnish } = await import(`${EXAMPLE}varnish.js`);
		return startVarnish(join(directory, `varnish-${runs++}`), portOf(server.url), port);
	}

	beforeAll(async () => {
		const { freePort } = await import(`${EXAMPLE}ports.js`);
		cachePort = await freePort();
		server = await startServer(undefined, undefined, optionsOf(cachePort));
		cache = await startCache(cachePort);
	});

	afterAll(async () => {
		await cache?.stop();
		await server?.stop();
		removeDirectories();
		rmSync(directory, { recursive: true, force: true });
	});

	async function write(stream: string, count = 1): Promise<void> {
		const address = { url: server.url, stream };
		for (let n = 0; n < count; n++) await append(address, { type: "Happened", data: { n } });
	}

	/** What the server has been asked for, in forward pages. */
	async function asked(): Promise<number> {
		const { text } = await ask(portOf(server.url), get("/metrics"));
		const counts = text.matchAll(/^varve_http_requests_total\{[^}]*\/forward\/[^}]*\} (\d+)$/gm);
		return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
	}

	function follow(stream: string): { readonly seen: number[]; readonly ended: Promise<unknown> } {
		const seen: number[] = [];
		const reader = { url: cache.url, stream, follow: true, fetch: nodeFetch, random: () => 0.1 };
		const run = async () => {
			for await (const { at } of readStream(reader)) seen.push(at);
		};
		return { seen, ended: run().catch((error: { failure: string }) => error.failure) };
	}

	const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

	test("ten followers cost the server one request for each event", async () => {
		await write("folded-1");
		const followers = Array.from({ length: FOLLOWERS }, () => follow("folded-1"));
		const haveAll = (count: number) =>
			until(() => followers.every(({ seen }) => seen.length === count));
		await haveAll(1);
		const before = await asked();
		for (let count = 2; count <= 50; count++) {
			await write("folded-1");
			await haveAll(count);
		}
		// Each of them may have joined behind an answer that could not be shared.
		expect((await asked()) - before).toBeLessThanOrEqual(1.1 * 49 + FOLLOWERS);
		for (const { seen } of followers) expect(seen).toEqual(numbers(50));
		await deleteStream({ url: server.url, stream: "folded-1" }, { forEver: true });
		for (const { ended } of followers) expect(await ended).toBe("stream-deleted");
	});

	test("restarts of the server and the cache, and a stream that comes back, lose nothing", async () => {
		const followers = Array.from({ length: FOLLOWERS }, () => follow("folded-2"));
		const haveAll = (count: number) =>
			until(() => followers.every(({ seen }) => seen.length >= count));
		await write("folded-2", 5);
		await haveAll(5);
		await server.stop("SIGKILL");
		server = await startServer(server.data, portOf(server.url), optionsOf(cachePort));
		await write("folded-2", 20);
		followers.push(follow("folded-2"));
		await haveAll(25);
		await cache.stop();
		await write("folded-2", 3);
		cache = await startCache(cachePort);
		await haveAll(28);
		await deleteStream({ url: server.url, stream: "folded-2" });
		await write("folded-2", 2);
		const early = followers.slice(0, FOLLOWERS);
		await until(() => early.every(({ seen }) => seen.length >= 30));
		for (const { seen } of followers) expect(seen).toEqual(numbers(30));
		await deleteStream({ url: server.url, stream: "folded-2" }, { forEver: true });
		for (const { ended } of followers) expect(await ended).toBe("stream-deleted");
	});

	test("what was erased is in no tail page once the cache was told", async () => {
		await write("folded-3", 20);
		const lines = "application/vnd.varve.events+ndjson";
		const page = () => ask(cachePort, get("/streams/folded-3/0/forward/20?wait=20", lines));
		await page();
		expect((await page()).headers["x-cache-status"]).toBe("HIT");
		await ask(portOf(server.url), { method: "DELETE", path: "/streams/folded-3/7/data" });
		await until(async () => (await page()).text.includes('"isRedacted":true'));
	});
});

function optionsOf(cachePort: number): string[] {
	const url = `http://127.0.0.1:${cachePort}`;
	return ["--purge-url", url, "--purge-method", "BAN", "--allow-anonymous"];
}

function portOf(url: string): number {
	return Number(new URL(url).port);
}
