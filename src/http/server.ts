/**
 * The front door: a node:http server with two lanes, its limits, and the way it closes.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { parseNetworks } from "../networks.ts";
import { corsOf } from "./answering/cors.ts";
import { refuseUnreadable, takeAbsoluteUrl } from "./answering/unreadable.ts";
import type { Context } from "./context.ts";
import { createFastLane } from "./fast-lane.ts";
import { announcesTooMuch } from "./request/body.ts";
import { createRoutes } from "./routes.ts";
import { Connections } from "./sockets/connections.ts";

/**
 * Longer than the idle time of the usual proxies (60 s), so that they close first and never meet a
 * reset.
 */
const KEEP_ALIVE_MS = 75_000;
/** How often Node looks for connections that are too slow in sending their request. */
const SLOW_CHECK_MS = 2_000;
/** What running requests are given to end in when the server closes. */
const DRAIN_MS = 10_000;

export type HttpServer = {
	/** @returns the port it listens on */
	listen(port: number, host: string): Promise<number>;
	/** Takes no new connections, lets running requests end, then closes what is left. */
	close(): Promise<void>;
};

/** @param lanes `express-only` serves every request the long way, to compare the two */
export function createHttpServer(
	context: Context,
	lanes: "both" | "express-only" = "both",
): HttpServer {
	const { settings } = context;
	const cors = corsOf(settings);
	const app = createRoutes(context, cors);
	const takeFastLane = createFastLane(context, cors);
	context.log.onCommit(({ marked, erasures }) => {
		if (erasures !== undefined) context.documents.forgetAll();
		else if (marked.length > 0) context.documents.forget(marked);
	});
	const server = createServer({
		keepAliveTimeout: KEEP_ALIVE_MS,
		headersTimeout: settings.requestTimeoutMs,
		// A request whose head arrived has a handler, which answers in time; this only ends what is
		// left.
		requestTimeout: settings.requestTimeoutMs + SLOW_CHECK_MS,
		connectionsCheckingInterval: Math.min(SLOW_CHECK_MS, settings.requestTimeoutMs),
	});
	const proxies = parseNetworks(settings.trustedProxies ?? "");
	const connections = new Connections(server, settings, proxies);
	const serve = (req: IncomingMessage, res: ServerResponse) => {
		connections.begin(res, () => take(req, res));
	};
	const take = (req: IncomingMessage, res: ServerResponse) => {
		if (!req.url?.startsWith("/")) takeAbsoluteUrl(req);
		if (lanes === "both" && takeFastLane(req, res)) return;
		app(req, res);
	};
	server.on("request", serve);
	// A client that asks first need not send the body that will be refused.
	server.on("checkContinue", (req: IncomingMessage, res: ServerResponse) => {
		if (announcesTooMuch(req, settings.bodyBytesMax)) res.shouldKeepAlive = false;
		else res.writeContinue();
		serve(req, res);
	});
	// Any other expectation is no reason to refuse what can be answered (RFC 9110 section 10.1.1:
	// a server MAY answer 417), and Node's own refusal has no body.
	server.on("checkExpectation", serve);
	server.on("clientError", (error, socket) => refuseUnreadable(error, socket, connections));
	server.maxConnections = settings.connectionsMax;
	return {
		listen: (port, host) => listen(server, port, host),
		close: () => close(server, connections),
	};
}

function listen(server: Server, port: number, host: string): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, host, () => {
			server.off("error", reject);
			const address = server.address();
			resolve(typeof address === "object" && address ? address.port : port);
		});
	});
}

function close(server: Server, connections: Connections): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
		// Node's own takes an answer that its reader has not fetched yet for none, and cuts it off.
		server.closeIdleConnections = () => connections.close();
		server.close(() => {
			clearTimeout(timer);
			resolve();
		});
		connections.close();
	});
}
