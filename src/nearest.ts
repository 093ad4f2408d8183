/**
 * Finds the known word that a mistyped word was meant to be.
 *
 * @param known every valid word
 * @returns the closest one; undefined if none is close enough
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
	const typed = word.slice(0, WORD_LENGTH_MAX).toLowerCase();
	// A third of the word may be wrong; of a short one, one letter.
	let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
	let found: string | undefined;
	for (const candidate of known) {
		const lower = candidate.toLowerCase();
		// A word may be cut short instead of mistyped: `--append-queue`.
		const distance = typed.length >= 3 && lower.startsWith(typed) ? 1 : editDistance(typed, lower);
		if (distance >= least) continue;
		least = distance;
		found = candidate;
	}
	return found;
}

/** Limits the work; longer than any option's name. */
const WORD_LENGTH_MAX = 64;

/**
 * Damerau-Levenshtein, the restricted form: insertions, deletions, substitutions and swapped
 * neighbours each count one. Swaps matter here: `prot` for `port` is the commonest mistake of all.
 */
function editDistance(a: string, b: string): number {
	let beforeLast: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, column) => column);
	for (let row = 1; row <= a.length; row++) {
		const current = [row];
		for (let column = 1; column <= b.length; column++) {
			const same = a[row - 1] === b[column - 1];
			let cost = Math.min(
				at(last, column) + 1,
				at(current, column - 1) + 1,
				at(last, column - 1) + (same ? 0 : 1),
			);
			if (a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
				cost = Math.min(cost, at(beforeLast, column - 2) + 1);
			current.push(cost);
		}
		beforeLast = last;
		last = current;
	}
	return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
	return row[column] ?? Number.POSITIVE_INFINITY;
}
