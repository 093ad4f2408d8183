/** Which of the appends and deletes that wait go together in one transaction. */
import type { Appended } from "../../commit.ts";
import type { PreparedWrite } from "./rows.ts";
import type { Writing } from "./writer.ts";

/** The content of one transaction is one value; a larger one gains nothing. */
const GROUP_BYTES_MAX = 8 * 1024 * 1024;
/** Bounds how long the other nodes wait for the end of the log. */
const GROUP_EVENTS_MAX = 5000;

export type Waiting = {
	readonly prepared: PreparedWrite;
	readonly bytes: number;
	readonly sinceMs: number;
	readonly resolve: (appended: Appended) => void;
	readonly reject: (error: unknown) => void;
};

/** Work that has the connection for itself. */
export type Work = {
	readonly run: (writing: Writing) => Promise<void>;
	readonly fail: (error: unknown) => void;
};

/** Adds what waits to a group, as far as there is room in it. */
export function takeGroup(all: (Waiting | Work)[], group: Waiting[] = []): Waiting[] {
	all.unshift(...group.splice(0));
	let [bytes, events] = [0, 0];
	for (const waiting of all) {
		if ("run" in waiting) break;
		bytes += waiting.bytes;
		events += waiting.prepared.events.length;
		if (group.length > 0 && (bytes > GROUP_BYTES_MAX || events > GROUP_EVENTS_MAX)) break;
		group.push(waiting);
	}
	all.splice(0, group.length);
	return group;
}
