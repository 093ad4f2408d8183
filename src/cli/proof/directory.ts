/** The source of proofs from files, for `varve prove --data`. */
import { resolve } from "node:path";
import { type Tile, tilePath } from "../../../feeds/proof/tiles.ts";
import type { LogTree } from "../../log/tree.ts";
import { Failure } from "../explain.ts";
import type { LogSource } from "./source.ts";

/**
 * @param directory a data directory or a backup; a server may use it
 * @throws Refusal `data-directory-unusable`, `history-rewound`
 */
export async function directorySource(directory: string): Promise<LogSource> {
	const { readLogTree } = await import("../../log/open.ts");
	return new DirectorySource(directory, readLogTree(resolve(directory)));
}

class DirectorySource implements LogSource {
	readonly #directory: string;
	readonly #tree: LogTree;

	constructor(directory: string, tree: LogTree) {
		this.#directory = directory;
		this.#tree = tree;
	}

	signedHead(): Promise<string> {
		return this.#tree.signedHead();
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
