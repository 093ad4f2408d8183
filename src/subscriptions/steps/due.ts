/** The messages that wait for the clock: what consumers have, and what was given back for later. */
import type { Message } from "./message.ts";

/** What consumers have, in the order in which it is due: each is added behind the others. */
export class InFlight {
	readonly #messages = new Set<Message>();
	readonly #perConsumer = new Map<string, number>();

	get size(): number {
		return this.#messages.size;
	}

	[Symbol.iterator](): Iterator<Message> {
		return this.#messages.values();
	}

	/** How many messages each consumer has that has any. */
	get perConsumer(): ReadonlyMap<string, number> {
		return this.#perConsumer;
	}

	heldBy(consumer: string): number {
		return this.#perConsumer.get(consumer) ?? 0;
	}

	add(message: Message): void {
		this.#messages.add(message);
		this.#perConsumer.set(message.consumer, this.heldBy(message.consumer) + 1);
	}

	delete(message: Message): void {
		if (!this.#messages.delete(message)) return;
		const rest = this.heldBy(message.consumer) - 1;
		if (rest === 0) this.#perConsumer.delete(message.consumer);
		else this.#perConsumer.set(message.consumer, rest);
	}
}

/** What was given back for later. */
export class Delayed {
	/** The one that is due first is the last. */
	readonly #messages: Message[] = [];

	get size(): number {
		return this.#messages.length;
	}

	/** Infinity if there is none. */
	get nextMs(): number {
		return this.#messages.at(-1)?.dueMs ?? Infinity;
	}

	add(message: Message): void {
		let [low, high] = [0, this.#messages.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((this.#messages[middle] as Message).dueMs > message.dueMs) low = middle + 1;
			else high = middle;
		}
		this.#messages.splice(low, 0, message);
	}

	/** Takes the next one out that is due; undefined if none is. */
	takeDue(nowMs: number): Message | undefined {
		return this.nextMs <= nowMs ? this.#messages.pop() : undefined;
	}
}
