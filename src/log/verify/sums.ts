/**
 * Two sets of entries compared without a table of either: each is summed up, and equal sets have
 * equal sums whatever their order. An entry is mixed into two numbers of 32 bits, so a difference
 * that cancels out is one in 2⁶⁴. Sums are kept for each 1,024 positions, which tells where to look
 * for a difference, at 12 bytes for as many events.
 */
const BUCKET_POSITIONS = 1024;

/** Positions `from` up to `to`, which is not included. */
export type Span = { readonly from: number; readonly to: number };

export type Sums = {
	/** The first position they are for, where a bucket begins. */
	readonly from: number;
	readonly counts: Uint32Array;
	readonly firsts: Uint32Array;
	readonly seconds: Uint32Array;
};

/** The name of a stream, as two numbers. */
export type NameKey = { readonly first: number; readonly second: number };

/** Sums for the entries of positions `from` up to `to`. */
export function createSums({ from, to }: Span): Sums {
	const buckets = Math.ceil((to - from) / BUCKET_POSITIONS);
	return {
		from,
		counts: new Uint32Array(buckets),
		firsts: new Uint32Array(buckets),
		seconds: new Uint32Array(buckets),
	};
}

/** @param version of an entry in an own stream; -1 in an index stream */
export function addEntry(sums: Sums, name: NameKey, version: number, position: number): void {
	const bucket = Math.floor((position - sums.from) / BUCKET_POSITIONS);
	sums.counts[bucket] = (sums.counts[bucket] as number) + 1;
	const low = position | 0;
	const high = (position / 0x1_0000_0000) | 0;
	const first = mix(mix(name.first ^ low, version), high);
	const second = mix(mix(name.second ^ version, low), high + 1);
	sums.firsts[bucket] = (sums.firsts[bucket] as number) + first;
	sums.seconds[bucket] = (sums.seconds[bucket] as number) + second;
}

/** @param key of an event's id: a number below 0, of at most 53 bits */
export function addId(sums: Sums, name: NameKey, key: number, position: number): void {
	const high = Math.floor(key / 0x1_0000_0000);
	const ofKey = { first: mix(name.first, high), second: mix(name.second, ~high) };
	addEntry(sums, ofKey, key | 0, position);
}

/** Adds the sums of some buckets to those of all. */
export function addSums(sums: Sums, part: Sums): void {
	const start = (part.from - sums.from) / BUCKET_POSITIONS;
	for (let i = 0; i < part.counts.length; i++) {
		const bucket = start + i;
		sums.counts[bucket] = (sums.counts[bucket] as number) + (part.counts[i] as number);
		sums.firsts[bucket] = (sums.firsts[bucket] as number) + (part.firsts[i] as number);
		sums.seconds[bucket] = (sums.seconds[bucket] as number) + (part.seconds[i] as number);
	}
}

/** The positions whose sums differ. */
export function differences(one: Sums, other: Sums): Span[] {
	const spans: Span[] = [];
	for (let bucket = 0; bucket < one.counts.length; bucket++) {
		const isEqual =
			one.counts[bucket] === other.counts[bucket] &&
			one.firsts[bucket] === other.firsts[bucket] &&
			one.seconds[bucket] === other.seconds[bucket];
		const from = one.from + bucket * BUCKET_POSITIONS;
		if (!isEqual) spans.push({ from, to: from + BUCKET_POSITIONS });
	}
	return spans;
}

/** Keys of names, those of late kept: index streams come up again and again. */
export function createNameKeys(): (name: string) => NameKey {
	const KEPT_MAX = 20_000;
	const kept = new Map<string, NameKey>();
	return (name) => {
		let key = kept.get(name);
		if (!key) {
			if (kept.size >= KEPT_MAX) kept.clear();
			key = keyOf(name);
			kept.set(name, key);
		}
		return key;
	};
}

function keyOf(name: string): NameKey {
	let [first, second] = [name.length, ~name.length];
	for (let i = 0; i < name.length; i++) {
		const unit = name.charCodeAt(i);
		first = mix(first, unit);
		second = mix(second, ~unit);
	}
	return { first, second };
}

/** The finalizer of MurmurHash3, over the sum of what was and what comes. */
function mix(state: number, value: number): number {
	let h = (Math.imul(state, 0x9e37_79b1) + value) | 0;
	h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
	return h ^ (h >>> 16);
}
