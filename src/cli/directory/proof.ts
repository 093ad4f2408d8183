/** What `varve prove` makes proofs from where no server is asked. */
import { resolve } from "node:path";
import { type Tile, tilePath } from "../../../feeds/proof/tiles.ts";
import type { LogTree } from "../../log/tree.ts";
import { Failure } from "../explain.ts";

/**
 * @param directory a data directory or a backup, beside a server or without one
 * @throws Refusal `data-directory-unusable`, `history-rewound`
 */
export async function directorySource(directory: string): Promise<DirectorySource> {
	const { readLogTree } = await import("../../log/sqlite/tree/log-tree.ts");
	return new DirectorySource(directory, readLogTree(resolve(directory)));
}

/** A `LogSource`, as prove.ts has it. */
class DirectorySource {
	readonly #directory: string;
	readonly #tree: LogTree;

	/** @param tree is closed with the source */
	constructor(directory: string, tree: LogTree) {
		this.#directory = directory;
		this.#tree = tree;
	}

	async checkpoint(): Promise<string> {
		return this.#tree.checkpoint();
	}

	async key(): Promise<string> {
		return this.#tree.key;
	}

	async tile(tile: Tile): Promise<Uint8Array> {
		const bytes = await this.#tree.tile(tile);
		if (bytes) return bytes;
		throw new Failure(`${this.#directory} has no tile ${tilePath(tile)}`);
	}

	close(): void {
		this.#tree.close();
	}
}
