/**
 * Erases the hashes that are no longer those of a user. A hash is all that somebody needs to guess
 * at a password at home, and the same password may be in use elsewhere.
 */
import type { RecordedEvent, StreamName, Version } from "../../event.ts";
import type { Log } from "../../log/log.ts";
import { decodeUser, streamOf, type User } from "./user.ts";

const EVENTS_A_READ = 20;

/**
 * Redacts the events before the newest one of a user, back to the first that was redacted before,
 * unless they have the very hash that the user still has.
 */
export async function eraseOldHashes(log: Log, { login, version, hash }: User): Promise<void> {
	const stream = streamOf(login);
	for (let from = version - 1; from >= 0; ) {
		const range = { stream, from, limit: EVENTS_A_READ, direction: "backward" as const };
		const { entries } = await log.read({ ...range, content: true });
		for (const { event } of entries) {
			if (event.isRedacted) return;
			if (holdsOther(event, hash)) await erase(log, stream, event.version);
		}
		const last = entries.at(-1);
		if (last === undefined) return;
		from = last.version - 1;
	}
}

function holdsOther(event: RecordedEvent, hash: string): boolean {
	const user = decodeUser(event);
	return user !== undefined && user.hash !== "" && user.hash !== hash;
}

async function erase(log: Log, stream: StreamName, version: Version): Promise<void> {
	await log.redact({ stream, version, metadata: true });
}
