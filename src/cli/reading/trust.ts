/**
 * The authority that `--ca` names: it alone vouches for servers, for all requests of this process.
 * Without it, the authorities of Node.js do, and those of NODE_EXTRA_CA_CERTS.
 */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Fetcher } from "../../../feeds/exchange/transport.ts";
import type { Values } from "../../options.ts";
import { explain, Failure } from "../explain.ts";
import { EXIT, optionalText } from "../verb.ts";

let authority: string | undefined;
let trusting: Fetcher | undefined;

/** @throws Failure if the file holds no certificate */
export async function trust(values: Values): Promise<void> {
	const path = optionalText(values, "ca");
	if (path === undefined) return;
	try {
		const pem = readFileSync(path, "utf8");
		void new X509Certificate(pem);
		const { fetchTrusting } = await import("../../../feeds/node/fetch.ts");
		authority = pem;
		trusting = fetchTrusting(pem);
	} catch (error) {
		const isPem = !String((error as NodeJS.ErrnoException).code).startsWith("ERR_OSSL");
		const reason = isPem ? explain(error) : `${path} holds no certificate in PEM`;
		throw new Failure(`--ca: ${reason}`, EXIT.usage);
	}
}

/** For a socket of `node:tls`. */
export function trusted(): { readonly ca?: string } {
	return authority === undefined ? {} : { ca: authority };
}

/** `fetch`, by the authority that is trusted. */
export const trustedFetch: Fetcher = (url, request) =>
	trusting === undefined ? fetch(url, request) : trusting(url, request);
