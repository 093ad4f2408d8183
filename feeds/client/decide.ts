/**
 * Read, decide, append; and again if somebody else was faster.
 *
 *   read what is new ──▶ the command's id is there ──▶ done before: no second time
 *          │
 *          ▼
 *        decide ──▶ no events ──▶ done
 *          │
 *          ▼
 *        append at the version that was read ──▶ conflict ──▶ wait a little ──▶ read what is new
 *
 * The id of the command is the id of its first event. So a command that is sent again, after a
 * crash or a lost answer, is recognised in the stream, whatever it would decide now.
 */
import { nextDelay } from "../reader/backoff.ts";
import type { ReadEvent } from "../reader/event.ts";
import { readStream } from "../reader/read.ts";
import { WriteError } from "../writing/error.ts";
import { type Appended, appendEvents, type NewEvent } from "./append.ts";
import { type StreamAddress, writeSettingsOf } from "./options.ts";

/** What events mean, and what a command makes of it. */
export type Decider<S> = {
	readonly initial: S;
	/** The state after the event; pure. */
	readonly evolve: (state: S, event: ReadEvent) => S;
	/** The events to append; none if nothing is to happen. What it throws ends `decide`. */
	readonly decide: (state: S) => readonly NewEvent[] | Promise<readonly NewEvent[]>;
};

export type DecideOptions = {
	/** The id of the command, a UUID. Give one of your own to send the command again later. */
	readonly id?: string;
	/** How often it decides before it gives up with the last conflict. Default 10. */
	readonly attemptsMax?: number;
};

export type Decided<S> = {
	/** The state that the last decision was made on; without the events it appended. */
	readonly state: S;
	/** Undefined if nothing was appended: no events, or done before. */
	readonly appended: Appended | undefined;
	/** Whether the command was done before. */
	readonly repeated: boolean;
};

/**
 * @throws RangeError, TypeError, what `evolve` and `decide` throw
 * @throws ReadError, WriteError; after `unanswered`, call it again with the same `id`
 */
export async function decide<S>(
	address: StreamAddress,
	decider: Decider<S>,
	{ id = crypto.randomUUID(), attemptsMax = 10 }: DecideOptions = {},
): Promise<Decided<S>> {
	const settings = writeSettingsOf(address);
	let seen: Seen<S> = { state: decider.initial, version: -1, isDone: false };
	for (let attempt = 1; ; attempt++) {
		seen = await readOn(address, decider, seen, id, settings.retriesMax);
		const { state, version, isDone } = seen;
		if (isDone) return { state, appended: undefined, repeated: true };

		const [first, ...others] = await decider.decide(state);
		if (first === undefined) return { state, appended: undefined, repeated: false };
		try {
			const events = [{ ...first, id }, ...others];
			const appended = await appendEvents(address, events, { expected: version });
			return { state, appended, repeated: appended.repeated };
		} catch (error) {
			if (!isConflict(error) || attempt >= attemptsMax) throw error;
		}
		const { signal = new AbortController().signal } = address;
		await settings.sleep(nextDelay(attempt, settings.random()), signal);
		signal.throwIfAborted();
	}
}

type Seen<S> = {
	readonly state: S;
	/** The last one read; -1 before the first. */
	readonly version: number;
	/** Whether the command's first event was among them. */
	readonly isDone: boolean;
};

async function readOn<S>(
	address: StreamAddress,
	{ evolve }: Decider<S>,
	seen: Seen<S>,
	id: string,
	retriesMax: number,
): Promise<Seen<S>> {
	let { state, version, isDone } = seen;
	const options = { ...address, retriesMax, from: version + 1 };
	for await (const event of readStream(options)) {
		isDone ||= event.id.toLowerCase() === id.toLowerCase();
		state = evolve(state, event);
		version = event.at;
	}
	// A reader ends quietly if it is stopped, and half a stream is nothing to decide on.
	address.signal?.throwIfAborted();
	return { state, version, isDone };
}

function isConflict(error: unknown): boolean {
	return error instanceof WriteError && error.failure === "wrong-expected-version";
}
