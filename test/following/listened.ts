/** A log in memory with a stream to wait for. */
import type { StreamName } from "../../src/event.ts";
import type { Log } from "../../src/log/log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { replacing } from "../log/asking.ts";

export const ORDER = "order-1" as StreamName;
export const OTHER = "other-1" as StreamName;
export const ALL = "$all" as StreamName;

export type Listened = {
	readonly log: Log;
	/** How many listen to its commits. */
	listeners(): number;
};

export function listenedLog(): Listened {
	const log = createMemoryLog();
	let count = 0;
	const onCommit: Log["onCommit"] = (listener) => {
		const stop = log.onCommit(listener);
		count++;
		return () => {
			stop();
			count--;
		};
	};
	return { log: replacing(log, { onCommit }), listeners: () => count };
}

/** Appends one event. */
export async function append(log: Log, stream: StreamName): Promise<void> {
	const event = {
		id: crypto.randomUUID(),
		type: "OrderPlaced",
		isJson: true,
		data: Buffer.from("{}"),
		metadata: Buffer.alloc(0),
	};
	await log.append({ stream, expected: "any", events: [event] });
}
