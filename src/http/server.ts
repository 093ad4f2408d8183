/**
 * The front door: a node:http server with two lanes, its limits, and the way it closes.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as SecureServer } from "node:https";
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
import {
	type CertificateFiles,
	type Certificates,
	certificateFiles,
	readCertificates,
} from "./sockets/certificates.ts";
import { Connections, type SocketNumbers } from "./sockets/connections.ts";
import { Handshakes } from "./sockets/handshakes.ts";
import { createNodeServer } from "./sockets/node-server.ts";

/** The time that running requests get when the server closes. */
const DRAIN_MS = 10_000;

export type Lanes = "both" | "express-only";
type Take = (req: IncomingMessage, res: ServerResponse) => void;

export class HttpServer {
	readonly #server: Server;
	readonly #connections: Connections;
	/** Undefined for plain HTTP. */
	readonly #handshakes: Handshakes | undefined;
	readonly #certificateFiles: CertificateFiles | undefined;
	/** Those it was made with. */
	readonly certificates: Certificates | undefined;

	/** @throws Refusal `invalid-option` if the certificate cannot be used */
	constructor(context: Context, lanes: Lanes) {
		const { settings, requests, requestNumbers } = context;
		const { bodyBytesMax } = settings;
		const proxies = parseNetworks(settings.trustedProxies ?? "");
		const files = certificateFiles(settings);
		this.#certificateFiles = files;
		this.certificates = files && readCertificates(files);
		this.#server = createNodeServer(settings, this.certificates);
		this.#handshakes = files && new Handshakes(this.#server);
		const caches = parseNetworks(settings.trustedCaches ?? "");
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

	/**
	 * Reads the files of TLS again. New connections get the new certificate; those that are open keep
	 * theirs.
	 * @returns undefined for plain HTTP
	 * @throws Refusal `invalid-option` if it cannot be used; then nothing has changed
	 */
	renew(): Certificates | undefined {
		const files = this.#certificateFiles;
		if (files === undefined || !(this.#server instanceof SecureServer)) return undefined;
		const certificates = readCertificates(files);
		this.#server.setSecureContext(certificates.context);
		return certificates;
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
			this.#handshakes?.close();
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
