/**
 * The open connections and how many requests run on each. Closing needs to know: to node:http a
 * connection that never sent a byte is as busy as one that waits for its answer.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

export type Connections = {
	/** Counts a request in, and out again when its answer is on its way or its client gone. */
	begin(req: IncomingMessage, res: ServerResponse): void;
	/** How many requests run on a connection. */
	running(socket: Duplex): number;
	/** Closes every connection as soon as nothing runs on it. */
	close(): void;
};

export function trackConnections(server: Server): Connections {
	const open = new Map<Socket, number>();
	let closing = false;

	server.on("connection", (socket: Socket) => {
		open.set(socket, 0);
		socket.once("close", () => open.delete(socket));
	});
	const end = (socket: Socket) => {
		const left = (open.get(socket) ?? 1) - 1;
		if (open.has(socket)) open.set(socket, left);
		// Not destroy: what was written has to reach its reader first.
		if (closing && left === 0) socket.destroySoon();
	};
	return {
		begin({ socket }, res) {
			open.set(socket, (open.get(socket) ?? 0) + 1);
			res.once("close", () => end(socket));
		},
		running: (socket) => open.get(socket as Socket) ?? 0,
		close() {
			closing = true;
			for (const [socket, running] of open) if (running === 0) socket.destroySoon();
		},
	};
}
