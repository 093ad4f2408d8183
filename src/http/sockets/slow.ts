/**
 * Slow clients hold memory: a body that is still to come to its end, an answer that is not taken.
 * All together may hold so many bytes, and a reader that takes nothing of its answer is given
 * `--stalled-ms`.
 *
 * Node counts that time anew with every byte that moves, and sets its own when the answer is
 * through. A limit on the server would do the same at a tenth of the cost of a request, so only
 * what can stall has a clock.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Budget } from "./budget.ts";
import { connectionOf } from "./connection.ts";
import type { SlowClients } from "./limits.ts";

/** What is shorter is not counted: the system's buffers take an answer of that size at once. */
export const COUNTED_BYTES = 64 * 1024;
/** What a request costs that waits for its turn to be answered. */
const QUEUED_BYTES = 4 * 1024;

/** What the bodies on their way in may hold. */
export function incomingOf(socket: Socket): Budget {
	return slowOf(socket).incoming;
}

/** How many bytes the answers that wait may have, all together. */
export function outgoingMaxOf({ req }: ServerResponse): number {
	return slowOf(req.socket).outgoing.limit;
}

function slowOf(socket: Socket): SlowClients {
	return connectionOf(socket).slowClients;
}

/**
 * Counts a request that waits behind another on its connection: 64 KiB may hold a thousand of them.
 * @returns false where there is no room for it: its connection is closed
 */
export function enterQueue(res: ServerResponse): boolean {
	const { socket } = res.req;
	const { outgoing } = slowOf(socket);
	const sendAway = () => void socket.destroy();
	if (socket.destroyed) return false;
	if (!outgoing.hold(res, QUEUED_BYTES, sendAway)) {
		sendAway();
		return false;
	}
	res.once("close", () => outgoing.release(res));
	return true;
}

/**
 * Counts an answer, if it is one that may wait, until its reader has taken it, and sets its clock.
 * @returns false where there is no room for it
 */
export function enterAnswer(res: ServerResponse, body: Uint8Array): boolean {
	if (res.req.method === "HEAD" || body.length <= COUNTED_BYTES) return true;
	if (!enter(slowOf(res.req.socket), res, body)) return false;
	startStallClock(res);
	// Before Node sets a clock of its own. The next answer on the connection may be a long poll.
	res.prependOnceListener("finish", () => stopStallClock(res));
	return true;
}

function enter({ outgoing, readers }: SlowClients, res: ServerResponse, body: Uint8Array): boolean {
	const mine = readers.get(body) ?? new Set<ServerResponse>();
	if (mine.size === 0) {
		const giveUp = () => {
			readers.delete(body);
			for (const one of mine) one.req.socket.destroy();
		};
		if (!outgoing.hold(body, body.length, giveUp)) return false;
		readers.set(body, mine);
	} else outgoing.renew(body);
	mine.add(res);
	res.once("close", () => {
		mine.delete(res);
		if (mine.size > 0 || readers.get(body) !== mine) return;
		readers.delete(body);
		outgoing.release(body);
	});
	return true;
}

/**
 * Waits until a chunk of an answer is taken, or its reader is gone. Who holds too much is sent
 * away.
 * @param bytes what waits meanwhile
 */
export function drained(res: ServerResponse, bytes: number): Promise<void> {
	const { socket } = res.req;
	const { outgoing } = slowOf(socket);
	const sendAway = () => void socket.destroy();
	if (bytes > COUNTED_BYTES && !outgoing.hold(res, bytes, sendAway)) sendAway();
	return new Promise((resolve) => {
		startStallClock(res);
		const done = () => {
			outgoing.release(res);
			stopStallClock(res);
			res.off("drain", done);
			res.off("close", done);
			resolve();
		};
		res.once("drain", done);
		res.once("close", done);
	});
}

/** From now on the connection ends where nothing of the answer is taken for so long. */
function startStallClock({ req, socket }: ServerResponse): void {
	socket?.setTimeout(slowOf(req.socket).stalledMs);
}

function stopStallClock({ socket }: ServerResponse): void {
	socket?.setTimeout(0);
}
