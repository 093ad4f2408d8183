/**
 * The identity of a request's client, in one word. All clients with the same rights share the word,
 * so it stands for a set of rights and not for a user. The server remembers a request for this word
 * alone, so no client gets an answer that was made for a client with more rights.
 */
import type { IncomingMessage } from "node:http";

export function identityOf(_req: IncomingMessage): string {
	// The server knows no users yet, and any client may do everything.
	return "anyone";
}
