/**
 * Slow clients hold memory: a body that has not arrived in full, or an answer that the client does
 * not take. The bytes of all of them together are limited. A reader that takes nothing of its
 * answer for `--stalled-ms` is disconnected.
 *
 * Node restarts that timer with every byte that moves, and sets a timer of its own when the answer
 * has been sent. A timer on every connection would cost a tenth of a request, so only answers that
 * can stall have one.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Budget } from "./budget.ts";
import { connectionOf } from "./connection.ts";
import type { SlowClients } from "./limits.ts";

/** Shorter ones are not counted: the system's buffers take an answer of that size at once. */
export const COUNTED_BYTES = 64 * 1024;
/** The cost of a request that waits for its turn to be answered. */
const QUEUED_BYTES = 4 * 1024;

/** The budget of the bodies that are still arriving. */
export function incomingOf(socket: Socket): Budget {
	return slowOf(socket).incoming;
}

/** The limit on the bytes of all waiting answers together. */
export function outgoingMaxOf({ req }: ServerResponse): number {
	return slowOf(req.socket).outgoing.limit;
}

function slowOf(socket: Socket): SlowClients {
	return connectionOf(socket).slowClients;
}

/**
 * Counts a request that waits behind another on its connection: 64 KiB may hold a thousand of them.
 * @returns false if there is no room for it: its connection is closed
 */
export function enterQueue(res: ServerResponse): boolean {
	const { socket } = res.req;
	const { outgoing } = slowOf(socket);
	const disconnect = () => void socket.destroy();
	if (socket.destroyed) return false;
	if (!outgoing.hold(res, QUEUED_BYTES, disconnect)) {
		disconnect();
		return false;
	}
	res.once("close", () => outgoing.release(res));
	return true;
}

/**
 * Counts an answer, if it is one that may wait, until its reader has taken it, and starts its
 * timer.
 * @returns false if there is no room for it
 */
export function enterAnswer(res: ServerResponse, body: Uint8Array): boolean {
	if (res.req.method === "HEAD" || body.length <= COUNTED_BYTES) return true;
	if (!enter(slowOf(res.req.socket), res, body)) return false;
	startStallTimer(res);
	// Before Node sets a timer of its own. The next answer on the connection may be a long poll.
	res.prependOnceListener("finish", () => stopStallTimer(res));
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
 * Waits until the reader has taken a chunk of its answer, or is gone. A reader that holds too much
 * is disconnected.
 * @param bytes the number of bytes that wait meanwhile
 */
export function drained(res: ServerResponse, bytes: number): Promise<void> {
	const { socket } = res.req;
	const { outgoing } = slowOf(socket);
	const disconnect = () => void socket.destroy();
	if (bytes > COUNTED_BYTES && !outgoing.hold(res, bytes, disconnect)) disconnect();
	return new Promise((resolve) => {
		startStallTimer(res);
		const done = () => {
			outgoing.release(res);
			stopStallTimer(res);
			res.off("drain", done);
			res.off("close", done);
			resolve();
		};
		res.once("drain", done);
		res.once("close", done);
	});
}

/** From now on the connection ends if the client takes nothing of the answer for `stalledMs`. */
function startStallTimer({ req, socket }: ServerResponse): void {
	socket?.setTimeout(slowOf(req.socket).stalledMs);
}

function stopStallTimer({ socket }: ServerResponse): void {
	socket?.setTimeout(0);
}
