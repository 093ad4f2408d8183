/** One request to a cache. */
import { type ClientRequest, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import type { CacheAddress } from "./addresses.ts";

export type Call = {
	readonly method: string;
	/** In place of the address's own path; undefined for that. */
	readonly path?: string;
	readonly headers: Readonly<Record<string, string>>;
	/** Statuses besides 2xx that mean success. */
	readonly also?: readonly number[];
};

/** A cache next door answers in milliseconds; one at a CDN in a second. */
const TIMEOUT_MS = 10_000;

/** @throws Error if the cache does not answer in time, or refuses */
export async function callCache(
	{ url, authorization }: CacheAddress,
	{ method, path, headers, also = [] }: Call,
	signal: AbortSignal,
): Promise<void> {
	const request = url.protocol === "https:" ? secureRequest : plainRequest;
	const credentials = authorization === undefined ? {} : { Authorization: authorization };
	const req = request(url, {
		method,
		...(path === undefined ? {} : { path }),
		headers: { "Content-Length": "0", ...headers, ...credentials },
		signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
	});
	const status = await statusOf(req);
	const isDone = (status >= 200 && status < 300) || also.includes(status);
	if (!isDone) throw new Error(`it answered ${status} to ${method}`);
}

function statusOf(req: ClientRequest): Promise<number> {
	return new Promise((resolve, reject) => {
		req.on("error", reject);
		req.on("response", (res) => {
			res.resume();
			res.on("error", reject);
			res.on("end", () => resolve(res.statusCode ?? 0));
		});
		req.end();
	});
}
