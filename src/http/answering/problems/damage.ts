/**
 * How often the operator is told of a damaged part of the log: once a minute, however many requests
 * meet it. A client that asks for it again and again must not fill the disk with what is known.
 */

export const QUIET_MS = 60_000;
/** Enough to see how far the damage reaches; `varve verify` names all of it. */
export const PARTS_MAX = 100;

/** When each part was told of, the oldest first. */
const told = new Map<string, number>();

/** Whether to tell of `part` now, which then counts as told. */
export function isDue(part: string, nowMs: number): boolean {
	for (const [earlier, atMs] of told) {
		if (nowMs - atMs < QUIET_MS) break;
		told.delete(earlier);
	}
	if (told.has(part) || told.size >= PARTS_MAX) return false;
	told.set(part, nowMs);
	return true;
}
