/**
 * Entries that follow each other in their stream and in the log share a place, written by one
 * commit and never changed:
 *
 *     key       the version of the last
 *     position  its position × 4096 + the number of those before it, with the sign turned
 *
 * An entry alone has its position as it is. No place says anything of another one, so whatever
 * place is lost, its entries are missing: in the middle of a stream the versions show it. The view
 * `spans` in `migrations/sqlite/0007-spans.sql` has the same in SQL.
 */
export const SPAN_ENTRIES_MAX = 4096;

/** The position of the last entry, in SQL. */
export const LAST_POSITION = "iif(position < 0, -position >> 12, position)";

/** The position of a place for the last `count` of the entries of place `p`, in SQL. */
export const placeOf = (p: string, count: string): string => `CASE ${count}
	WHEN 1 THEN -${p}.position >> 12
	ELSE -(-${p}.position >> 12 << 12 | min(-${p}.position & 4095, ${count} - 1)) END`;

/**
 * Visits the entries of a place by version; the key of an id is visited as it is. What no commit
 * writes is visited as one entry, which is one that no event must have.
 */
export function eachEntry(
	key: number,
	position: number,
	visit: (version: number, position: number) => unknown,
): void {
	if (position >= 0 || key < 0) {
		visit(key, position);
		return;
	}
	const last = Math.floor(-position / SPAN_ENTRIES_MAX);
	const more = -position % SPAN_ENTRIES_MAX;
	if (more > key || more > last) visit(key, position);
	else for (let before = more; before >= 0; before--) visit(key - before, last - before);
}
