/** The server of Node.js below ours: node:http, or node:https if there is a certificate. */
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { Certificates } from "./certificates.ts";

/**
 * Longer than the idle time of the usual proxies (60 s), so that they close first and never meet a
 * reset.
 */
const KEEP_ALIVE_MS = 75_000;
/** How often Node looks for connections that are too slow in sending their request. */
const SLOW_CHECK_MS = 2_000;
/** An honest client needs two round trips; the default of Node is two minutes. */
const HANDSHAKE_MS_MAX = 10_000;

type Limits = { readonly requestTimeoutMs: number; readonly connectionsMax: number };

export function createNodeServer(
	{ requestTimeoutMs, connectionsMax }: Limits,
	certificates: Certificates | undefined,
): Server | SecureServer {
	const options = {
		keepAliveTimeout: KEEP_ALIVE_MS,
		headersTimeout: requestTimeoutMs,
		// A request whose head arrived has a handler, which answers in time; this ends only the
		// rest.
		requestTimeout: requestTimeoutMs + SLOW_CHECK_MS,
		connectionsCheckingInterval: Math.min(SLOW_CHECK_MS, requestTimeoutMs),
		// Whatever NODE_OPTIONS says: two readings of one request are how requests are smuggled.
		insecureHTTPParser: false,
	};
	const server = certificates
		? createSecureServer({
				...options,
				...certificates.context,
				handshakeTimeout: Math.min(HANDSHAKE_MS_MAX, requestTimeoutMs),
				// A client without a certificate is one without a name; a bad one is refused by its
				// request, in words.
				requestCert: certificates.context.ca !== undefined,
				rejectUnauthorized: false,
				// As node:http has it: see below.
				allowHalfOpen: true,
			})
		: createServer(options);
	server.maxConnections = connectionsMax;
	// All of them: `fieldFault` refuses what is too much.
	server.maxHeadersCount = 0;
	// A client may end its half of the connection behind its request, and still gets its answer (RFC
	// 9112 section 9.6). Node has this switch in every version, and in no document.
	Object.assign(server, { httpAllowHalfOpen: true });
	return server;
}
