/**
 * The front door: a node:http server with two lanes, its limits, and the way it closes.
 */
import { createServer, type Server } from "node:http";
import type { Context } from "./context.ts";
import { takeFastLane } from "./fast-lane.ts";
import { createRoutes } from "./routes.ts";

/** Longer than the idle time of the usual proxies (60 s), so that they close first and never meet a reset. */
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
	const app = createRoutes(context);
	const server = createServer(
		{
			keepAliveTimeout: KEEP_ALIVE_MS,
			headersTimeout: settings.requestTimeoutMs,
			requestTimeout: settings.requestTimeoutMs,
			connectionsCheckingInterval: SLOW_CHECK_MS,
		},
		(req, res) => {
			if (lanes === "both" && takeFastLane({ context, req, res })) return;
			app(req, res);
		},
	);
	server.maxConnections = settings.connectionsMax;
	return {
		listen: (port, host) => listen(server, port, host),
		close: () => close(server),
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

function close(server: Server): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
		server.close(() => {
			clearTimeout(timer);
			resolve();
		});
		server.closeIdleConnections();
	});
}
