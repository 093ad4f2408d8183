/** The limits on the memory that all slow clients of one server hold together. */
import type { ServerResponse } from "node:http";
import { Budget } from "./budget.ts";

export type SlowLimits = {
	/** A client that takes nothing of its answer for so many milliseconds is disconnected. */
	readonly stalledMs: number;
	/** In bytes, of all connections together. */
	readonly incomingBytesMax: number;
	readonly outgoingBytesMax: number;
};

/** The record of the slow clients of one server. */
export type SlowClients = {
	readonly stalledMs: number;
	readonly incoming: Budget;
	readonly outgoing: Budget;
	/**
	 * The answers that wait, by their body: answers from the cache share one body. They are as
	 * slow as the last of them: to disconnect the others would free no memory.
	 */
	readonly readers: Map<object, Set<ServerResponse>>;
};

export function boundSlowClients(limits: SlowLimits): SlowClients {
	return {
		stalledMs: limits.stalledMs,
		incoming: new Budget(limits.incomingBytesMax),
		outgoing: new Budget(limits.outgoingBytesMax),
		readers: new Map(),
	};
}
