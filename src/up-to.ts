/**
 * The limit of a cache, as `LRUCache` takes it.
 *
 * With `max`, it has room for all entries from its beginning on: half a megabyte and a millisecond
 * for 20,000, and a server has a dozen such caches. With a size, and 1 for each entry, it grows.
 */
export function upTo(countMax: number): {
	readonly maxSize: number;
	sizeCalculation(): number;
} {
	return { maxSize: countMax, sizeCalculation: one };
}

function one(): number {
	return 1;
}
