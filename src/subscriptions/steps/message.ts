/**
 * A message: one entry of the stream of a subscription on its way through it, or of its parked
 * stream, if that is replayed. It holds no content; that is read when it is delivered.
 *
 *                     ┌──────── retry, time-out, release ───────┐
 *                     ▼                                         │
 *     read ──▶ waiting ──take──▶ in flight ──────────────────────┤
 *                                  │   │                        │
 *                            ack, skip └─park, retries used up──▶ parking ──written──┐
 *                                  │                                                 │
 *                                  └────────────────▶ settled ◀──────────────────────┘
 */

/** Which of the two streams of a subscription a message is read from. */
export type Origin = "source" | "parked";

/** A read finds this of each message. */
export type FoundMessage = {
	/** The number of the entry in its stream; in `$all` its position. */
	readonly number: number;
	/** The id by which consumers name it: of the entry, not of the event it leads to. */
	readonly id: string;
	/** The key of an order or of a pin, which decides who gets it; "" if there is none. */
	readonly key: string;
};

export type Message = FoundMessage & {
	readonly origin: Origin;
	state: "waiting" | "in flight" | "delayed" | "parking" | "settled";
	/** How often it was given back, or not answered in time. */
	retryCount: number;
	/** Grows with each delivery, and when it is called back: it tells deliveries apart. */
	attempt: number;
	/** Set while the message is in flight. */
	consumer: string;
	/** When it was delivered last, by the loop's clock. */
	sentMs: number;
	/** In flight: when it counts as unanswered; delayed: when it waits again. By the loop's clock. */
	dueMs: number;
};

export function messageOf(found: FoundMessage, origin: Origin): Message {
	// Written out: a spread takes longer than all else that is done to find a message.
	return {
		number: found.number,
		id: found.id,
		key: found.key,
		origin,
		state: "waiting",
		retryCount: 0,
		attempt: 0,
		consumer: "",
		sentMs: 0,
		dueMs: 0,
	};
}

/** Parked messages that are replayed come first, then by number. */
export function comesBefore(a: Message, b: Message): boolean {
	if (a.origin !== b.origin) return a.origin === "parked";
	return a.number < b.number;
}
