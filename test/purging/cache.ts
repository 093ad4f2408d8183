/** A cache on a real socket: it keeps what may be kept, and drops what it is told to. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Told = {
	readonly method: string;
	readonly path: string;
	readonly headers: IncomingMessage["headers"];
};

export type Cache = {
	readonly url: string;
	readonly port: number;
	/** Every purge it was sent, those it refused too. */
	readonly told: Told[];
	/** What it answers to purges from now on; `undefined` is no answer at all. */
	answer: (told: Told) => number | undefined;
	/** What it calls itself in its answers to purges; "" for nothing. */
	server: string;
	/** Where it gets what it has not. */
	upstream: string;
	close(): Promise<void>;
};

type Kept = { readonly headers: IncomingMessage["headers"]; readonly body: Buffer };

const METHODS = ["PURGE", "BAN", "POST"];

export async function startCache(): Promise<Cache> {
	const kept = new Map<string, Kept>();
	const purge = (told: Told) => {
		const tags = String(told.headers["cache-tag"]).split(",");
		for (const [key, { headers }] of kept) {
			const has = String(headers["cache-tag"]).split(",");
			if (tags.some((tag) => has.includes(tag))) kept.delete(key);
		}
	};
	const serve = (req: IncomingMessage, res: ServerResponse) => {
		const { method = "", url: path = "", headers } = req;
		if (!METHODS.includes(method)) return pass(req, res);
		const told = { method, path, headers };
		cache.told.push(told);
		const status = cache.answer(told);
		if (status !== undefined && status < 300) purge(told);
		const named = cache.server === "" ? {} : { Server: cache.server };
		return status === undefined ? undefined : res.writeHead(status, named).end();
	};
	const pass = (req: IncomingMessage, res: ServerResponse) => {
		const key = `${req.url} ${req.headers.accept}`;
		const known = kept.get(key);
		if (known) return res.writeHead(200, { ...known.headers, "x-cache": "hit" }).end(known.body);
		const onward = request(cache.upstream + req.url, { headers: req.headers }, async (reply) => {
			const chunks: Buffer[] = [];
			for await (const chunk of reply) chunks.push(chunk as Buffer);
			const body = Buffer.concat(chunks);
			const control = reply.headers["cache-control"] ?? "";
			if (/max-age=[1-9]/.test(control)) kept.set(key, { headers: reply.headers, body });
			res.writeHead(reply.statusCode ?? 502, reply.headers).end(body);
		});
		return onward.end();
	};
	const server = createServer(serve);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const cache: Cache = {
		url: `http://127.0.0.1:${port}`,
		port,
		told: [],
		answer: () => 200,
		server: "",
		upstream: "",
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
	return cache;
}
