/**
 * The open connections and how many requests run on each. Closing needs to know: to node:http a
 * connection that never sent a byte is as busy as one that waits for its answer.
 *
 * A request is counted in when it arrives and out when its answer was handed over, which is not to
 * say sent: a connection is closed by `destroySoon`, after what was written to it. The count is
 * kept on the connection, since a listener for the end of every answer costs as much as our share
 * of it.
 */
import type { Server, ServerResponse } from "node:http";
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

export class Connections {
	readonly #open = new Set<Socket>();

	/** @param trusted the proxies whose word on the address of a request counts */
	constructor(server: Server, limits: SlowLimits, trusted?: BlockList) {
		const slowClients = boundSlowClients(limits);
		server.on("connection", (socket: Socket) => {
			const isTrusted = trusted !== undefined && isWithin(trusted, socket.remoteAddress ?? "");
			recordConnection(socket, { slowClients, isTrusted });
			this.#open.add(socket);
			socket.once("close", () => {
				this.#open.delete(socket);
				dropQueued(connectionOf(socket));
			});
		});
	}

	/**
	 * Counts a request in.
	 * @param take called when it is its turn: at once, unless it came behind one that is not answered
	 */
	begin(res: ServerResponse, take: () => void): void {
		const connection = connectionOf(res.req.socket);
		connection.running++;
		connection.newest = res;
		if (res.socket === null) queue(res, connection, take);
		else take();
	}

	/**
	 * Calls back, once, when no request that arrived whole on a connection waits for its answer any
	 * more.
	 * @param then gets what is to answer a request that broke off midway, if there is one
	 */
	whenAnswered(socket: Duplex, then: (broken: ServerResponse | undefined) => void): void {
		const connection = connectionOf(socket);
		const { newest } = connection;
		const broken = newest?.req.complete === false ? newest : undefined;
		setContinuation(connection, { left: broken ? 1 : 0, run: () => then(broken) });
	}

	/** Closes every connection as soon as nothing runs on it, whatever its client does then. */
	close(): void {
		for (const socket of this.#open) {
			const connection = connectionOf(socket);
			if (isOver(connection)) socket.destroySoon();
			else setContinuation(connection, { left: 0, run: () => socket.destroySoon() });
		}
	}
}

/**
 * The requests of a connection are taken one after the other. Node hands out a thousand at once,
 * all that one read of the socket brought: what they ask for would be made before anyone else is
 * served, and kept until those before them are sent.
 */
function queue(res: ServerResponse, connection: Connection, take: () => void): void {
	const queued = connection.queued ?? new Set();
	connection.queued = queued.add(res);
	if (!enterQueue(res)) return;
	res.once("socket", () => {
		queued.delete(res);
		// Behind those of other connections that came meanwhile.
		setImmediate(() => res.destroyed || isOver(connection) || take());
	});
}

/** Node tells an answer only when it is its turn that its connection is gone. */
function dropQueued({ queued }: Connection): void {
	for (const res of queued ?? []) {
		res.destroy();
		res.emit("close");
	}
}

/** Counts a request out, its answer having been written to the end. */
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

/** The first that asks decides what is done. */
function setContinuation(connection: Connection, what: Continuation): void {
	connection.continuation ??= what;
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
