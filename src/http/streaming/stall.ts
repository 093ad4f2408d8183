/**
 * A reader that takes nothing of an answer holds its memory: for `--stalled-ms`, and no longer.
 *
 * Node counts anew with every byte that moves, and sets its own time when the answer is through. A
 * limit on the server would do the same at a tenth of the cost of a request, so only what can stall
 * has a clock. The limit is kept on the connection, which is all an answer knows of its server.
 */
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

const LIMIT = Symbol("stalled after, in milliseconds");
type Limited = Socket & { [LIMIT]?: number };

/** Of a connection of a server that has set no limit. */
const DEFAULT_MS = 120_000;

export function limitStalls(server: Server, stalledMs: number): void {
	server.on("connection", (socket: Limited) => {
		socket[LIMIT] = stalledMs;
	});
}

/** From now on the connection ends where nothing of its answer is taken for so long. */
export function startStallClock({ socket }: ServerResponse): void {
	socket?.setTimeout((socket as Limited)[LIMIT] ?? DEFAULT_MS);
}

export function stopStallClock({ socket }: ServerResponse): void {
	socket?.setTimeout(0);
}
