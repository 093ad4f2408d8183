/**
 * A set of positions, for as many as a log has. A Set ends at 2²⁴ members, and takes forty bytes
 * for each. This set takes one bit for each, if others are near.
 */
const WIDTH = 8192;

export class Positions {
	readonly #blocks = new Map<number, Uint8Array>();

	add(position: number): void {
		const number = Math.floor(position / WIDTH);
		const block = this.#blocks.get(number) ?? new Uint8Array(WIDTH / 8);
		const at = position % WIDTH;
		block[at >> 3] = (block[at >> 3] as number) | (1 << (at & 7));
		this.#blocks.set(number, block);
	}

	has(position: number): boolean {
		return isIn(this.#blocks.get(Math.floor(position / WIDTH)), position % WIDTH);
	}

	/** In rising order. */
	*[Symbol.iterator](): Iterator<number> {
		for (const number of [...this.#blocks.keys()].sort((one, other) => one - other)) {
			const block = this.#blocks.get(number);
			for (let at = 0; at < WIDTH; at++) if (isIn(block, at)) yield number * WIDTH + at;
		}
	}
}

function isIn(block: Uint8Array | undefined, at: number): boolean {
	return block !== undefined && ((block[at >> 3] as number) & (1 << (at & 7))) !== 0;
}
