/**
 * The front door: a node:http server with two lanes, its limits, and the way it closes.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Settings } from "../config.ts";
import { parseNetworks } from "../networks.ts";
import { corsOf } from "./answering/cors.ts";
import { refuseUnreadable, takeAbsoluteUrl } from "./answering/unreadable.ts";
import type { Context } from "./context.ts";
import { Door } from "./lanes/door.ts";
import { createExpressLane } from "./lanes/express.ts";
import { createFastLane } from "./lanes/fast.ts";
import { resourcesOf } from "./lanes/resources.ts";
import { announcesTooMuch } from "./request/body.ts";
import { fieldFault } from "./request/fields.ts";
import { ROUTES } from "./routes.ts";
import { Connections, type SocketNumbers } from "./sockets/connections.ts";

/**
 * Longer than the idle time of the usual proxies (60 s), so that they close first and never meet a
 * reset.
 */
const KEEP_ALIVE_MS = 75_000;
/** How often Node looks for connections that are too slow in sending their request. */
const SLOW_CHECK_MS = 2_000;
/** The time that running requests get when the server closes. */
const DRAIN_MS = 10_000;

export type Lanes = "both" | "express-only";
type Take = (req: IncomingMessage, res: ServerResponse) => void;

export class HttpServer {
	readonly #server: Server;
	readonly #connections: Connections;

	constructor(context: Context, lanes: Lanes) {
		const { settings, requests, requestNumbers } = context;
		const { bodyBytesMax } = settings;
		const proxies = parseNetworks(settings.trustedProxies ?? "");
		const caches = parseNetworks(settings.trustedCaches ?? "");
		this.#server = createNodeServer(settings);
		this.#connections = new Connections(this.#server, settings, proxies, caches);
		this.#receive(takeBy(context, lanes), bodyBytesMax);
		const connections = this.#connections;
		this.#server.on("clientError", (error, socket) =>
			refuseUnreadable(error, socket, connections, bodyBytesMax, (status, bytes) => {
				requestNumbers.others.note(status, undefined);
				requests.unreadable(status, bytes);
			}),
		);
	}

	/** @returns the port it listens on */
	listen(port: number, host: string): Promise<number> {
		const server = this.#server;
		return new Promise((resolve, reject) => {
			server.once("error", reject);
			server.listen(port, host, () => {
				server.off("error", reject);
				const address = server.address();
				resolve(typeof address === "object" && address ? address.port : port);
			});
		});
	}

	sockets(): SocketNumbers {
		return this.#connections.numbers();
	}

	/** Takes no new connections, lets running requests end, then closes what is left. */
	close(): Promise<void> {
		const server = this.#server;
		const connections = this.#connections;
		return new Promise((resolve) => {
			const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
			// Node's own function would cut off an answer that its reader has not fetched yet.
			server.closeIdleConnections = () => connections.close();
			server.close(() => {
				clearTimeout(timer);
				resolve();
			});
			connections.close();
		});
	}

	#receive(take: Take, bodyBytesMax: number): void {
		const server = this.#server;
		const connections = this.#connections;
		const serve: Take = (req, res) => connections.begin(res, () => take(req, res));
		server.on("request", serve);
		// A client that asks first need not send the body that will be refused.
		server.on("checkContinue", (req: IncomingMessage, res: ServerResponse) => {
			if (announcesTooMuch(req, bodyBytesMax)) res.shouldKeepAlive = false;
			else res.writeContinue();
			serve(req, res);
		});
		// Any other expectation is no reason to refuse a request that can be answered (RFC 9110 section
		// 10.1.1: a server MAY answer 417), and Node's own refusal has no body.
		server.on("checkExpectation", serve);
	}
}

function createNodeServer({ requestTimeoutMs, connectionsMax }: Settings): Server {
	const server = createServer({
		keepAliveTimeout: KEEP_ALIVE_MS,
		headersTimeout: requestTimeoutMs,
		// A request whose head arrived has a handler, which answers in time; this ends only the
		// rest.
		requestTimeout: requestTimeoutMs + SLOW_CHECK_MS,
		connectionsCheckingInterval: Math.min(SLOW_CHECK_MS, requestTimeoutMs),
	});
	server.maxConnections = connectionsMax;
	// All of them: `fieldFault` refuses what is too much.
	server.maxHeadersCount = 0;
	// A client may end its half of the connection behind its request, and still gets its answer (RFC
	// 9112 section 9.6). Node has this switch in every version, and in no document.
	Object.assign(server, { httpAllowHalfOpen: true });
	return server;
}

/** Both lanes come from one table, and lead to one door. */
function takeBy(context: Context, lanes: Lanes): Take {
	const cors = corsOf(context.settings);
	const resources = resourcesOf(ROUTES, cors);
	const door = new Door(context, cors);
	const takeLong = createExpressLane(door, resources);
	const takeFast = createFastLane(door, resources);
	return (req, res) => {
		if (!req.url?.startsWith("/")) takeAbsoluteUrl(req);
		const fault = fieldFault(req);
		if (fault) return door.refuse(req, res, fault);
		if (lanes === "both" && takeFast(req, res)) return;
		takeLong(req, res);
	};
}
