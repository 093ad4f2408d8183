/**
 * The messages that have come for the writer's thread. It looks for more while it makes a commit,
 * so that neither side waits for the other: the log sends what it has, and the writer takes what is
 * there.
 */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Batch, WriterMessage } from "./protocol.ts";

/**
 * A commit of so many bytes takes no further batch. Its sync is a small part of it already, and
 * whoever is in it waits for its end.
 */
const COMMIT_BYTES = 1024 * 1024;

export class Arrivals {
	readonly #port: MessagePort;
	/** Came behind the batches of a commit, and has no part in it. */
	#held: WriterMessage | undefined;
	#commitBytes = 0;

	constructor(port: MessagePort) {
		this.#port = port;
	}

	/** What came first of that which was looked at and not taken. */
	held(): WriterMessage | undefined {
		const held = this.#held;
		this.#held = undefined;
		return held;
	}

	/** The batches that share the commit which begins with `first`, one a call. */
	behind(first: Batch): () => Batch | undefined {
		this.#commitBytes = first.bytes.byteLength;
		return first.isAlone ? () => undefined : () => this.#next();
	}

	#next(): Batch | undefined {
		if (this.#held !== undefined || this.#commitBytes >= COMMIT_BYTES) return undefined;
		const next = receiveMessageOnPort(this.#port)?.message as WriterMessage | undefined;
		if (next === undefined || next === "close" || "span" in next || next.isAlone) {
			this.#held = next;
			return undefined;
		}
		this.#commitBytes += next.bytes.byteLength;
		return next;
	}
}
