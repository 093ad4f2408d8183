/** The memory of a subscription: `step` reads and changes it, and nothing else does. */

import type { Settings } from "../settings.ts";
import { Consumers } from "./consumers.ts";
import { Delayed, InFlight } from "./due.ts";
import type { Message, Origin } from "./message.ts";
import { Remembered } from "./remembered.ts";
import { Tally } from "./tally.ts";
import { OrderedWaiting, SharedWaiting, type Waiting } from "./waiting.ts";

export type State = Messages & {
	readonly settings: Settings;
	readonly consumers: Consumers;
	readonly counts: Counts;
};

export type Messages = {
	readonly tracks: Readonly<Record<Origin, Track>>;
	readonly waiting: Waiting;
	readonly inFlight: InFlight;
	readonly delayed: Delayed;
	/** The delivered messages that are not settled, by their ids; several may have one id. */
	readonly byId: Map<string, Message[]>;
	/** Deliveries that were settled last: a consumer may repeat its answer to one. */
	readonly settled: Remembered;
};

/** How far a stream was read, and what of it is not settled. */
export type Track = {
	/** The first number that was not read. */
	next: number;
	/** By number, in the order of the numbers: a Map keeps the order in which they were read. */
	readonly open: Map<number, Message>;
};

export type Counts = {
	/** Messages that were settled since the server began to serve the subscription. */
	readonly all: Tally;
	/** The part of them that moved the source on; a replayed parked message does not. */
	progress: number;
	delivered: number;
	retried: number;
	parked: number;
	/** The number of the source that was settled last; undefined if there is none. */
	lastSettled: number | undefined;
};

/** @param next the first number of the source to read */
export function newState(settings: Settings, next: number, nowMs: number): State {
	const { namedConsumerStrategy: strategy } = settings;
	return {
		settings,
		consumers: new Consumers(strategy, timeoutMs(settings)),
		counts: {
			all: new Tally(nowMs),
			progress: 0,
			delivered: 0,
			retried: 0,
			parked: 0,
			lastSettled: undefined,
		},
		tracks: {
			source: { next, open: new Map() },
			parked: { next: 0, open: new Map() },
		},
		waiting: strategy === "OrderedByKey" ? new OrderedWaiting() : new SharedWaiting(),
		inFlight: new InFlight(),
		delayed: new Delayed(),
		byId: new Map(),
		settled: new Remembered(),
	};
}

/** The number below which everything is settled. */
export function settledBefore({ next, open }: Track): number {
	for (const number of open.keys()) return number;
	return next;
}

/** The contract looks at the clock once a second: so long a timeout of 0 takes. */
export function timeoutMs({ messageTimeoutMilliseconds }: Settings): number {
	return messageTimeoutMilliseconds === 0 ? 1000 : messageTimeoutMilliseconds;
}
