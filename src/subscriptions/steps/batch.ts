import type { Message } from "./message.ts";

/**
 * In a batch of how many a message may be, of those that its consumer asks for. A batch is often
 * handled as one, and fails as one, for the sake of one message: those that come again come in
 * smaller and smaller ones, and in the end alone. So that message is parked, and no other.
 */
export function batchOf({ retryCount }: Message, count: number, maxRetryCount: number): number {
	if (retryCount === 0) return Infinity;
	const left = Math.max(0, maxRetryCount - 1 - retryCount) / Math.max(1, maxRetryCount - 1);
	// A power of 0 is 1; what is a hair above a whole number is that number.
	return Math.max(1, Math.ceil(count ** left - 1e-9));
}
