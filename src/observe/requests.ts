/**
 * A line for each request, if the operator asks for them: when its answer is on its way, or its
 * client has gone.
 *
 * No line holds an address, a header, or a body; the path may hold the names of streams.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { OperatorLog } from "./operator-log.ts";
import { withoutCode } from "./told-path.ts";

/** As a proxy in front makes them: what looks otherwise may be anything, and counts as none. */
const REQUEST_ID = /^[\w.:/+=@-]{1,128}$/;
const PATH_CHARACTERS_MAX = 2048;

export class RequestLog {
	/** Whether requests are logged. */
	isOn: boolean;
	readonly #log: OperatorLog;
	/** The ids of this process start with it. */
	readonly #prefix = Date.now().toString(36);
	#count = 0;

	constructor(log: OperatorLog, isOn: boolean) {
		this.#log = log;
		this.isOn = isOn;
	}

	/** Notes the start of a request; the line follows when it is over. */
	begin(req: IncomingMessage, res: ServerResponse): void {
		const startedMs = performance.now();
		const { socket, method = "", url = "" } = req;
		const before = socket.bytesWritten;
		const requestId = this.#idOf(req);
		let after: number | undefined;
		// Later, the next answer on the connection counts, too.
		res.once("finish", () => {
			after = socket.bytesWritten;
		});
		res.once("close", () => {
			this.#log.info("request", {
				method,
				path: withoutCode(url).slice(0, PATH_CHARACTERS_MAX),
				status: res.headersSent ? res.statusCode : 0,
				ms: Math.round((performance.now() - startedMs) * 100) / 100,
				bytes: (after ?? socket.bytesWritten) - before,
				requestId,
				...(after === undefined ? { cut: true } : {}),
			});
		});
	}

	/** A request that broke off, or was no HTTP: nothing of it is known that could be told. */
	unreadable(status: number, bytes: number): void {
		if (this.isOn) this.#log.info("request", { status, bytes, unreadable: true });
	}

	#idOf(req: IncomingMessage): string {
		const given = req.headers["x-request-id"];
		if (typeof given === "string" && REQUEST_ID.test(given)) return given;
		return `${this.#prefix}-${++this.#count}`;
	}
}
