/** What slow clients of one server may hold, all of them together. */
import type { ServerResponse } from "node:http";
import { Budget } from "./budget.ts";

export type SlowLimits = {
	/** Milliseconds in which nothing of an answer is taken. */
	readonly stalledMs: number;
	/** In bytes, of all connections together. */
	readonly incomingBytesMax: number;
	readonly outgoingBytesMax: number;
};

/** What bounds the slow clients of one server, all together. */
export type SlowClients = {
	readonly stalledMs: number;
	readonly incoming: Budget;
	readonly outgoing: Budget;
	/**
	 * The answers that wait with a body: what comes from the cache is one body for them all. They
	 * are as slow as the last of them: nothing would be won by sending the others away.
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
