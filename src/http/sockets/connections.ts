/**
 * The open connections and how many requests run on each. Closing needs to know: to node:http a
 * connection that never sent a byte is as busy as one that waits for its answer.
 *
 * The server counts a request from its arrival until its answer was written to the socket. That
 * does not mean sent, so `destroySoon` closes a connection: it sends what was written first. The
 * count is kept on the connection, since a listener for the end of every answer would double the
 * cost of our share of it.
 */
import type { Server, ServerResponse } from "node:http";
import { Server as SecureServer } from "node:https";
import type { BlockList, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { isWithin } from "../../networks.ts";
import {
	type Connection,
	type Continuation,
	connectionOf,
	recordConnection,
} from "./connection.ts";
import { boundSlowClients, type SlowLimits } from "./limits.ts";
import { enterQueue } from "./slow.ts";

/** What came and went on all connections, in bytes, and how many are open. */
export type SocketNumbers = {
	readonly open: number;
	readonly received: number;
	readonly sent: number;
};

export class Connections {
	readonly #open = new Set<Socket>();
	/** Of the connections that are closed. */
	readonly #closed = { received: 0, sent: 0 };

	/**
	 * @param proxies whose report of a request's address counts
	 * @param caches that ask whether a client may have what they keep
	 */
	constructor(server: Server, limits: SlowLimits, proxies?: BlockList, caches?: BlockList) {
		const slowClients = boundSlowClients(limits);
		// Of TLS, the one below is not ours: the socket that requests come from is.
		const opened = server instanceof SecureServer ? "secureConnection" : "connection";
		server.on(opened, (socket: Socket) => {
			const isOf = (list?: BlockList) =>
				list !== undefined && isWithin(list, socket.remoteAddress ?? "");
			const [isTrusted, isTrustedCache] = [isOf(proxies), isOf(caches)];
			recordConnection(socket, { slowClients, isTrusted, isTrustedCache });
			this.#open.add(socket);
			socket.once("close", () => {
				this.#open.delete(socket);
				this.#closed.received += socket.bytesRead;
				this.#closed.sent += socket.bytesWritten;
				dropQueued(connectionOf(socket));
			});
		});
	}

	numbers(): SocketNumbers {
		let { received, sent } = this.#closed;
		for (const socket of this.#open) {
			received += socket.bytesRead;
			sent += socket.bytesWritten;
		}
		return { open: this.#open.size, received, sent };
	}

	/**
	 * Counts a request in.
	 * @param take called when it is its turn: at once, unless an earlier request is not answered yet
	 */
	begin(res: ServerResponse, take: () => void): void {
		const connection = connectionOf(res.req.socket);
		connection.running++;
		connection.newest = res;
		if (res.socket === null) queue(res, connection, take);
		else take();
	}

	/**
	 * Calls back, once, when every request that arrived whole on a connection has its answer.
	 * @param then gets the response to a request that broke off midway, if there is one
	 */
	whenAnswered(socket: Duplex, then: (broken: ServerResponse | undefined) => void): void {
		const connection = connectionOf(socket);
		const { newest } = connection;
		const broken = newest?.req.complete === false ? newest : undefined;
		setContinuation(connection, { left: broken ? 1 : 0, run: () => then(broken) });
	}

	/** Closes every connection as soon as no request runs on it, even if its client sends more. */
	close(): void {
		for (const socket of this.#open) {
			const connection = connectionOf(socket);
			if (isOver(connection)) socket.destroySoon();
			else setContinuation(connection, { left: 0, run: () => socket.destroySoon() });
		}
	}
}

/**
 * The server takes the requests of a connection one after the other. Node hands out all requests
 * that one read of the socket brought, up to a thousand. If they were taken at once, their answers
 * would be made before any other client is served, and would wait in memory for their turn.
 */
function queue(res: ServerResponse, connection: Connection, take: () => void): void {
	const queued = connection.queued ?? new Set();
	connection.queued = queued.add(res);
	if (!enterQueue(res)) return;
	res.once("socket", () => {
		queued.delete(res);
		// After the requests of other connections that came meanwhile.
		setImmediate(() => res.destroyed || isOver(connection) || take());
	});
}

/** Node tells a response only at its turn that its connection is gone; this tells it now. */
function dropQueued({ queued }: Connection): void {
	for (const res of queued ?? []) {
		res.destroy();
		res.emit("close");
	}
}

/** Counts a request out: its answer was written to the end. */
export function answered({ req }: ServerResponse): void {
	const connection = connectionOf(req.socket);
	connection.running--;
	// An answer may come before the end of its request's body.
	if (connection.running === 0 && !isComing(connection.newest)) connection.newest = undefined;
	proceed(connection);
}

function isComing(res: ServerResponse | undefined): boolean {
	if (res === undefined || res.req.complete) return false;
	const { headers } = res.req;
	return headers["transfer-encoding"] !== undefined || headers["content-length"] !== undefined;
}

/** The first continuation stays; later ones are dropped. */
function setContinuation(connection: Connection, next: Continuation): void {
	connection.continuation ??= next;
	proceed(connection);
}

function proceed(connection: Connection): void {
	const { continuation, running } = connection;
	if (continuation === undefined || running > continuation.left) return;
	connection.continuation = NOTHING_MORE;
	continuation.run();
}

const NOTHING_MORE: Continuation = { left: 0, run: () => undefined };

function isOver({ continuation }: Connection): boolean {
	return continuation === NOTHING_MORE;
}
