/** Chance that can be had again: the same seed, the same numbers (mulberry32). */
export type Random = {
	/** A whole number from 0 up to, not including, `bound`. */
	readonly below: (bound: number) => number;
	readonly chance: (probability: number) => boolean;
	readonly pick: <T>(from: readonly T[]) => T;
	/** One of the names, each as often as its weight says. */
	readonly weighed: <T extends string>(weights: Readonly<Record<T, number>>) => T;
	readonly uuid: () => string;
	/** Another generator, which neither disturbs this one nor is disturbed by it. */
	readonly branch: () => Random;
};

export function seeded(seed: number): Random {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return (mixed ^ (mixed >>> 14)) >>> 0;
	};
	const below = (bound: number) => Math.floor((next() / 2 ** 32) * bound);
	const hex = () => next().toString(16).padStart(8, "0");
	return {
		below,
		chance: (probability) => next() / 2 ** 32 < probability,
		pick: <T>(from: readonly T[]) => from[below(from.length)] as T,
		weighed<T extends string>(weights: Readonly<Record<T, number>>) {
			const entries = Object.entries(weights) as [T, number][];
			let left = (next() / 2 ** 32) * entries.reduce((sum, [, weight]) => sum + weight, 0);
			for (const [name, weight] of entries) {
				left -= weight;
				if (left < 0) return name;
			}
			return (entries.at(-1) as [T, number])[0];
		},
		uuid() {
			const digits = hex() + hex() + hex() + hex();
			const part = (from: number, to: number) => digits.slice(from, to);
			return `${part(0, 8)}-${part(8, 12)}-4${part(13, 16)}-a${part(17, 20)}-${part(20, 32)}`;
		},
		branch: () => seeded(next()),
	};
}
