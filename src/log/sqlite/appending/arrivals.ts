/**
 * The messages that have come for the writer's thread. It takes them from the port itself, so that
 * neither side waits for the other: the log sends what it has, and a commit takes what is there.
 * How much that can be is bounded by what the queue lets be in flight.
 */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Batch, WriterMessage } from "../protocol.ts";

export class Arrivals {
	readonly #port: MessagePort;
	/** Came behind the batches of a commit, and has no part in it. */
	#held: WriterMessage | undefined;

	constructor(port: MessagePort) {
		this.#port = port;
	}

	/** What was looked at, and not taken. */
	held(): WriterMessage | undefined {
		const held = this.#held;
		this.#held = undefined;
		return held;
	}

	/** For a commit that begins with `first`: as `Coming`. */
	from(first: Batch): () => readonly Batch[] {
		const batches: Batch[] = [first];
		return () => {
			if (!first.isAlone)
				for (let next = this.#next(); next; next = this.#next()) batches.push(next);
			return batches.splice(0);
		};
	}

	#next(): Batch | undefined {
		if (this.#held !== undefined) return undefined;
		const next = receiveMessageOnPort(this.#port)?.message as WriterMessage | undefined;
		if (next !== undefined && next !== "close" && !("span" in next) && !next.isAlone) return next;
		this.#held = next;
		return undefined;
	}
}
