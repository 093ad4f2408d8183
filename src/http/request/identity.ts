/**
 * Who sends a request, in one word: all clients that may see and do the same share it, so it stands
 * for a set of rights and not for a user. What is remembered of a request is remembered for this
 * word alone, and what one client was shown reaches no other that may see less.
 */
import type { IncomingMessage } from "node:http";

export function identityOf(_req: IncomingMessage): string {
	// Nobody is known yet, and everybody may do everything.
	return "anyone";
}
