/** The transport on Node.js, against real sockets. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { exchange } from "../../../feeds/exchange/exchange.ts";
import { nodeFetch } from "../../../feeds/node/fetch.ts";

let server: Server;
let url: string;
afterEach(async () => {
	server.closeAllConnections();
	server.close();
	await once(server, "close");
});

async function start(listener: RequestListener): Promise<void> {
	server = createServer(listener);
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`;
}

function get(signal = new AbortController().signal, bodyBytesMax = 1_000_000) {
	const own = { origin: new URL(url).origin, headers: { "x-own": "1" } };
	const limits = { answerMs: 30_000, silenceMs: 30_000, bodyBytesMax };
	const request = { url, headers: { accept: "text/plain" }, own, limits };
	return exchange(request, nodeFetch, signal);
}

const TEXT = "one event after the other\n".repeat(9000);

test.each([
	["identity", Buffer.from(TEXT)],
	["gzip", gzipSync(TEXT)],
	["br", brotliCompressSync(TEXT)],
])("an answer in %s has its status, its headers and its bytes", async (coding, body) => {
	await start((req, res) => {
		const headers = { "content-encoding": coding, link: ["<b>; rel=next", "<c>; rel=last"] };
		res.writeHead(200, "Fine", { ...headers, "x-seen": String(req.headers["x-own"]) });
		res.end(body);
	});
	const answer = await get();
	if ("unanswered" in answer) throw new Error(answer.unanswered);
	const { status, statusText, headers } = answer;
	expect([status, statusText]).toEqual([200, "Fine"]);
	expect(headers.get("X-Seen")).toBe("1");
	expect(headers.get("link")).toBe("<b>; rel=next, <c>; rel=last");
	expect(headers.get("etag")).toBeNull();
	expect(Buffer.from(answer.body ?? []).toString()).toBe(TEXT);
});

test("connections are kept alive, and one that the server closed is no fault", async () => {
	let connections = 0;
	await start((_, res) => res.end("x"));
	server.on("connection", () => connections++);
	for (let n = 0; n < 5; n++) expect(await get()).toMatchObject({ status: 200 });
	expect(connections).toBe(1);
	server.closeIdleConnections();
	expect(await get()).toMatchObject({ status: 200 });
});

test("an answer that breaks off is none", async () => {
	for (const headers of [{ "content-length": 100 }, {}]) {
		await start((_, res) => {
			res.writeHead(200, headers);
			res.write("half", () => res.destroy());
		});
		expect(await get()).toMatchObject({ hidden: false, unanswered: expect.any(String) });
		server.close();
	}
});

test("half a compressed answer is none", async () => {
	await start((_, res) => {
		res.writeHead(200, { "content-encoding": "gzip" });
		res.end(gzipSync(TEXT).subarray(0, 100));
	});
	expect(await get()).toMatchObject({ unanswered: expect.stringContaining("unexpected end") });
});

test("a server that is not there is named, as is one without TLS", async () => {
	await start((_, res) => res.end());
	const open = url;
	server.close();
	await once(server, "close");
	expect(await get()).toMatchObject({ unanswered: expect.stringContaining("ECONNREFUSED") });
	await start((_, res) => res.end());
	url = url.replace("http:", "https:");
	expect(open).not.toBe(url);
	expect(await get()).toMatchObject({ unreachable: expect.stringContaining("does not use TLS") });
});

test("304 and 204 have no body, and more bytes than allowed are no body either", async () => {
	await start((_, res) => res.writeHead(204).end());
	expect(await get()).toMatchObject({ status: 204, body: new Uint8Array(0) });
	server.removeAllListeners("request");
	server.on("request", (_, res) => res.end(TEXT));
	expect(await get(undefined, 1000)).toMatchObject({ status: 200, body: undefined });
});

test("the signal ends a request before its answer and within it", async () => {
	for (const begins of [false, true]) {
		const stop = new AbortController();
		await start((_, res) => {
			if (begins) res.write("half");
			setImmediate(() => stop.abort(new Error("enough")));
		});
		await expect(get(stop.signal)).rejects.toThrow("enough");
		server.closeAllConnections();
		server.close();
	}
});
