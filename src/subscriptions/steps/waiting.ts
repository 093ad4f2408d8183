/** The messages that wait for a consumer, and who may have them. */
import { comesBefore, type Message } from "./message.ts";

/** What decides about a batch. */
export type May = {
	/** Whether the consumer may have messages with a key. */
	readonly have: (key: string) => boolean;
	/** In a batch of how many a message may be. */
	readonly among: (message: Message) => number;
};

export interface Waiting {
	readonly size: number;
	add(message: Message): void;
	/** Forgets a message that waits no more, though nobody took it. */
	remove(message: Message): void;
	/** A batch has no more messages than each of them allows. */
	take(count: number, may: May): Message[];
	/** A message that was taken is settled, or waits again: its key is free, if no other holds it. */
	free(message: Message): void;
	/** The messages that were taken with this one, in an order with it, and stand behind it. */
	takenBehind(message: Message): readonly Message[];
}

/** Messages that do not depend on each other: first those that come again, then by number. */
export class SharedWaiting implements Waiting {
	readonly #again = new Set<Message>();
	readonly #fresh = new Set<Message>();

	get size(): number {
		return this.#again.size + this.#fresh.size;
	}

	add(message: Message): void {
		const isFresh = message.attempt === 0 && message.origin === "source";
		(isFresh ? this.#fresh : this.#again).add(message);
	}

	remove(message: Message): void {
		this.#again.delete(message);
		this.#fresh.delete(message);
	}

	take(count: number, may: May): Message[] {
		const taken: Message[] = [];
		let most = count;
		for (const queue of [this.#again, this.#fresh]) {
			for (const message of queue) {
				if (taken.length >= most) return taken;
				if (!may.have(message.key)) continue;
				const among = may.among(message);
				if (taken.length >= among) return taken;
				most = Math.min(most, among);
				queue.delete(message);
				taken.push(message);
			}
		}
		return taken;
	}

	free(): void {}

	takenBehind(): readonly Message[] {
		return [];
	}
}

/**
 * The messages of one key, in order. All that were taken went to one consumer, at one time: some of
 * `taken` may be settled or wait again, as long as one of them, at least, holds the key.
 */
type KeyQueue = { readonly waiting: Message[]; taken: Message[]; holding: number };

/**
 * Messages in the order of their keys: nothing of a key is handed out while any of it is with a
 * consumer, so a message that comes again holds back its key, and no other.
 */
export class OrderedWaiting implements Waiting {
	readonly #keys = new Map<string, KeyQueue>();
	/** Keys with something to hand out; the one that was served last comes last. */
	readonly #ready = new Set<string>();
	#size = 0;

	get size(): number {
		return this.#size;
	}

	add(message: Message): void {
		const { key } = message;
		const queue = this.#keys.get(key) ?? { waiting: [], taken: [], holding: 0 };
		this.#keys.set(key, queue);
		queue.waiting.splice(placeIn(queue.waiting, message), 0, message);
		this.#size++;
		if (queue.holding === 0) this.#ready.add(key);
	}

	remove(message: Message): void {
		const queue = this.#keys.get(message.key);
		if (!queue) return;
		const at = placeIn(queue.waiting, message);
		if (queue.waiting[at] !== message) return;
		queue.waiting.splice(at, 1);
		this.#size--;
		this.#tidy(message.key, queue);
	}

	take(count: number, may: May): Message[] {
		const taken: Message[] = [];
		let most = count;
		for (const key of this.#ready) {
			if (taken.length >= most) break;
			const queue = this.#keys.get(key);
			if (!queue || !may.have(key)) continue;
			let fitting = 0;
			for (const message of queue.waiting) {
				most = Math.min(most, Math.max(taken.length + fitting, may.among(message)));
				if (taken.length + fitting >= most) break;
				fitting++;
			}
			if (fitting === 0) break;
			const part = queue.waiting.splice(0, fitting);
			queue.taken = part;
			queue.holding = part.length;
			this.#size -= part.length;
			this.#ready.delete(key);
			taken.push(...part);
		}
		return taken;
	}

	free({ key }: Message): void {
		const queue = this.#keys.get(key);
		if (!queue) return;
		queue.holding--;
		this.#tidy(key, queue);
	}

	/** Each of them is found once: a key is called back in as many steps as it has messages. */
	takenBehind(message: Message): readonly Message[] {
		const taken = this.#keys.get(message.key)?.taken ?? [];
		const at = placeIn(taken, message) + 1;
		return taken.splice(at);
	}

	#tidy(key: string, queue: KeyQueue): void {
		if (queue.holding > 0) return;
		queue.taken = [];
		if (queue.waiting.length > 0) this.#ready.add(key);
		else {
			this.#ready.delete(key);
			this.#keys.delete(key);
		}
	}
}

/** Where a message stands among others in their order, or would stand. */
function placeIn(messages: readonly Message[], message: Message): number {
	let [low, high] = [0, messages.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (comesBefore(messages[middle] as Message, message)) low = middle + 1;
		else high = middle;
	}
	return low;
}
