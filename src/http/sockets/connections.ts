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
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { enterQueue } from "./slow.ts";

export type Connections = {
	/**
	 * Counts a request in.
	 * @param take called when it is its turn: at once, unless it came behind one that is not answered
	 */
	begin(res: ServerResponse, take: () => void): void;
	/**
	 * Calls back, once, when no request that arrived whole on a connection waits for its answer any
	 * more.
	 * @param then gets what is to answer a request that broke off midway, if there is one
	 */
	whenAnswered(socket: Duplex, then: (broken: ServerResponse | undefined) => void): void;
	/** Closes every connection as soon as nothing runs on it, whatever its client does then. */
	close(): void;
};

const RUNNING = Symbol("running requests");
const NEWEST = Symbol("the newest answer, while any is owed or its request still comes");
const AFTERWARDS = Symbol("what to do when enough is answered");
const WAITING = Symbol("the answers whose requests wait for their turn");

type Afterwards = { readonly left: number; run(): void };
type Counted = Duplex & {
	[RUNNING]?: number;
	[NEWEST]?: ServerResponse | undefined;
	[AFTERWARDS]?: Afterwards | undefined;
	[WAITING]?: Set<ServerResponse>;
};

export function trackConnections(server: Server): Connections {
	const open = new Set<Socket>();
	server.on("connection", (socket: Socket) => {
		open.add(socket);
		socket.once("close", () => {
			open.delete(socket);
			leave(socket);
		});
	});
	return {
		begin(res, take) {
			const socket: Counted = res.req.socket;
			socket[RUNNING] = running(socket) + 1;
			socket[NEWEST] = res;
			if (res.socket === null) queue(res, socket, take);
			else take();
		},
		whenAnswered(socket: Counted, then) {
			const newest = socket[NEWEST];
			const broken = newest?.req.complete === false ? newest : undefined;
			afterwards(socket, { left: broken ? 1 : 0, run: () => then(broken) });
		},
		close() {
			for (const socket of open) {
				if (isOver(socket)) socket.destroySoon();
				else afterwards(socket, { left: 0, run: () => socket.destroySoon() });
			}
		},
	};
}

/**
 * The requests of a connection are taken one after the other. Node hands out a thousand at once,
 * all that one read of the socket brought: what they ask for would be made before anyone else is
 * served, and kept until those before them are sent.
 */
function queue(res: ServerResponse, socket: Counted, take: () => void): void {
	const queued = socket[WAITING] ?? new Set();
	socket[WAITING] = queued.add(res);
	if (!enterQueue(res)) return;
	res.once("socket", () => {
		queued.delete(res);
		// Behind those of other connections that came meanwhile.
		setImmediate(() => res.destroyed || isOver(socket) || take());
	});
}

/** Node tells an answer only when it is its turn that its connection is gone. */
function leave(socket: Counted): void {
	for (const res of socket[WAITING] ?? []) {
		res.destroy();
		res.emit("close");
	}
}

/** Counts a request out, its answer having been written to the end. */
export function answered({ req }: ServerResponse): void {
	const socket: Counted = req.socket;
	const left = running(socket) - 1;
	socket[RUNNING] = left;
	// An answer may come before the end of its request's body.
	if (left === 0 && !isComing(socket[NEWEST])) socket[NEWEST] = undefined;
	proceed(socket);
}

function isComing(res: ServerResponse | undefined): boolean {
	if (res === undefined || res.req.complete) return false;
	const { headers } = res.req;
	return headers["transfer-encoding"] !== undefined || headers["content-length"] !== undefined;
}

/** The first that asks decides what is done. */
function afterwards(socket: Counted, what: Afterwards): void {
	socket[AFTERWARDS] ??= what;
	proceed(socket);
}

function proceed(socket: Counted): void {
	const what = socket[AFTERWARDS];
	if (what === undefined || running(socket) > what.left) return;
	socket[AFTERWARDS] = NOTHING_MORE;
	what.run();
}

const NOTHING_MORE: Afterwards = { left: 0, run: () => undefined };

function isOver(socket: Counted): boolean {
	return socket[AFTERWARDS] === NOTHING_MORE;
}

function running(socket: Counted): number {
	return socket[RUNNING] ?? 0;
}
