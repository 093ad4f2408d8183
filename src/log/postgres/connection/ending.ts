/**
 * Connections that lead nowhere: a network that has gone silent passes no end on, so whoever waits
 * for an answer, or for a connection to end, bounds that wait, and cuts the connection here.
 */
import type pg from "pg";

/** A server that answers ends a connection in a few milliseconds. */
const END_MS = 1000;

/** The driver has no other way to let go of a connection whose other end does not answer. */
type Driver = { readonly connection: { readonly stream: { destroy(): void } } };

/** Ends a connection at this end, and refuses all that waits for its answers. */
export function cut(client: pg.ClientBase): void {
	(client as unknown as Driver).connection.stream.destroy();
}

/** Ends a connection, and resolves in any case. */
export function hangUp(client: pg.Client): Promise<void> {
	return ended(client.end(), () => cut(client));
}

/** Waits for an end, and forces it if that takes longer than a server which answers needs. */
export async function ended(
	ending: Promise<unknown>,
	force: () => void,
	limitMs = END_MS,
): Promise<void> {
	const timer = setTimeout(force, limitMs);
	await ending.catch(() => undefined);
	clearTimeout(timer);
}

/** Work on a connection, which is cut if that takes longer. */
export async function within<T>(
	client: pg.ClientBase,
	limitMs: number,
	work: () => Promise<T>,
): Promise<T> {
	const timer = setTimeout(() => cut(client), limitMs);
	try {
		return await work();
	} finally {
		clearTimeout(timer);
	}
}
