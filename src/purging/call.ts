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

/**
 * @returns the name that the answer gives its server (RFC 9110 section 10.2.4), "" for none
 * @throws Error if the cache does not answer in time, or refuses
 */
export async function callCache(
	{ url, authorization }: CacheAddress,
	{ method, path, headers, also = [] }: Call,
	signal: AbortSignal,
): Promise<string> {
	const request = url.protocol === "https:" ? secureRequest : plainRequest;
	const credentials = authorization === undefined ? {} : { Authorization: authorization };
	const req = request(url, {
		method,
		...(path === undefined ? {} : { path }),
		headers: { "Content-Length": "0", ...headers, ...credentials },
		signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
	});
	const { status, server } = await answerTo(req);
	const isDone = (status >= 200 && status < 300) || also.includes(status);
	if (!isDone) throw new Error(`it answered ${status} to ${method}`);
	return server;
}

function answerTo(req: ClientRequest): Promise<{ status: number; server: string }> {
	return new Promise((resolve, reject) => {
		req.on("error", reject);
		req.on("response", (res) => {
			res.resume();
			res.on("error", reject);
			const { statusCode: status = 0, headers } = res;
			res.on("end", () => resolve({ status, server: String(headers.server ?? "") }));
		});
		req.end();
	});
}
