/**
 * The open connections and how many requests run on each. Closing needs to know: to node:http a
 * connection that never sent a byte is as busy as one that waits for its answer.
 *
 * A request is counted in when it arrives and out when its answer was handed over, which is not to
 * say sent: a connection is closed by `destroySoon`, after what was written to it. The count is
 * kept on the connection, since a listener for the end of every answer costs as much as our share
 * of it.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

export type Connections = {
	/** Counts a request in. */
	begin(req: IncomingMessage): void;
	/** How many requests run on a connection. */
	running(socket: Duplex): number;
	/** Closes every connection as soon as nothing runs on it. */
	close(): void;
};

const RUNNING = Symbol("running requests");
const CLOSING = Symbol("closes when nothing runs");
type Counted = Duplex & { [RUNNING]?: number; [CLOSING]?: boolean };

export function trackConnections(server: Server): Connections {
	const open = new Set<Socket>();
	server.on("connection", (socket: Socket) => {
		open.add(socket);
		socket.once("close", () => open.delete(socket));
	});
	return {
		begin({ socket }) {
			const counted: Counted = socket;
			counted[RUNNING] = running(counted) + 1;
		},
		running,
		close() {
			for (const socket of open) {
				(socket as Counted)[CLOSING] = true;
				if (running(socket) === 0) socket.destroySoon();
			}
		},
	};
}

/** Counts a request out, its answer having been written to the end. */
export function answered({ req: { socket } }: ServerResponse): void {
	const counted: Counted = socket;
	counted[RUNNING] = running(counted) - 1;
	if (counted[CLOSING] && counted[RUNNING] === 0) socket.destroySoon();
}

function running(socket: Counted): number {
	return socket[RUNNING] ?? 0;
}
