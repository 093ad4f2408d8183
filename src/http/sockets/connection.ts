/**
 * The server's record of one connection, kept on its socket. A request, a body or an answer knows
 * its server by its socket alone, so the record holds the server's limits as well.
 */
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { SlowClients } from "./limits.ts";

export type Connection = {
	/** Requests that arrived and whose answers were not handed over yet. */
	running: number;
	/** The newest answer, while any is owed or its request still comes. */
	newest: ServerResponse | undefined;
	/** To run when enough requests are answered. */
	continuation: Continuation | undefined;
	/** The answers whose requests wait for their turn; undefined if none ever waited. */
	queued: Set<ServerResponse> | undefined;
	readonly slowClients: SlowClients;
	/** Whether the other end is a proxy whose report of the request's address counts. */
	readonly isTrusted: boolean;
	/** Whether it speaks TLS with this server itself. */
	readonly isSecure: boolean;
	/** Whether the other end is a cache that asks for each request whether its client may read. */
	readonly isTrustedCache: boolean;
};

/** @param left how many requests may still run when it is done */
export type Continuation = { readonly left: number; run(): void };

const CONNECTION = Symbol("the server's record of this connection");

type RecordedSocket = Duplex & { [CONNECTION]?: Connection };

type Recorded = Pick<Connection, "slowClients" | "isTrusted" | "isTrustedCache">;

/** Puts the record on a socket that was just opened. */
export function recordConnection(
	socket: Duplex,
	{ slowClients, isTrusted, isTrustedCache }: Recorded,
): void {
	(socket as RecordedSocket)[CONNECTION] = {
		running: 0,
		newest: undefined,
		continuation: undefined,
		queued: undefined,
		slowClients,
		isTrusted,
		isSecure: socket instanceof TLSSocket,
		isTrustedCache,
	};
}

/** Whether there is a record: of a TLS handshake that failed there is none. */
export function isRecorded(socket: Duplex): boolean {
	return (socket as RecordedSocket)[CONNECTION] !== undefined;
}

export function connectionOf(socket: Duplex): Connection {
	const connection = (socket as RecordedSocket)[CONNECTION];
	if (connection === undefined) throw new Error("no record was made of this connection");
	return connection;
}
