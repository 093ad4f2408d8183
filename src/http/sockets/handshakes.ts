/**
 * The TLS handshakes that are going on. Until one is done there is no connection for node:http, so
 * none of its time-outs count, and nobody but this knows the socket.
 *
 * Of too many, the oldest is closed: an honest client needs two round trips, and whoever says
 * nothing is the oldest one soon.
 */
import type { Server, Socket } from "node:net";

/** A tenth of the connections that a server has by default. */
const HANDSHAKES_MAX = 1_000;

export class Handshakes {
	/** In the order of their arrival. */
	readonly #sockets = new Map<string, Socket>();

	/** @param server one of node:https */
	constructor(server: Server, max = HANDSHAKES_MAX) {
		server.on("connection", (socket: Socket) => {
			const key = keyOf(socket);
			this.#sockets.set(key, socket);
			socket.once("close", () => this.#forget(key, socket));
			if (this.#sockets.size > max) this.#closeOldest();
		});
		server.on("secureConnection", (socket: Socket) => this.#sockets.delete(keyOf(socket)));
	}

	/** Ends all of them: no request has come yet. */
	close(): void {
		for (const socket of this.#sockets.values()) socket.destroy();
	}

	/** It is forgotten at once: the next one has to find another. */
	#closeOldest(): void {
		const [oldest] = this.#sockets;
		if (oldest === undefined) return;
		const [key, socket] = oldest;
		this.#sockets.delete(key);
		socket.destroy();
	}

	#forget(key: string, socket: Socket): void {
		if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
	}
}

/** The socket of TLS is another object than the one below it; their two ends are the same. */
function keyOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
	return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
