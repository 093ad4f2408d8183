/** The source of proofs from files, for `varve prove --data`. */
import { resolve } from "node:path";
import { tilePath } from "../../../feeds/proof/tiles.ts";
import { Failure } from "../explain.ts";
import type { LogSource } from "../proof/source.ts";

/**
 * @param directory a data directory or a backup; a server may use it
 * @throws Refusal `data-directory-unusable`, `history-rewound`
 */
export async function directorySource(directory: string): Promise<LogSource> {
	const { readLogTree } = await import("../../log/sqlite/tree/log-tree.ts");
	const tree = readLogTree(resolve(directory));
	return {
		checkpoint: async () => tree.checkpoint(),
		key: async () => tree.key,
		async tile(tile) {
			const bytes = await tree.tile(tile);
			if (bytes) return bytes;
			throw new Failure(`${directory} has no tile ${tilePath(tile)}`);
		},
		close: () => tree.close(),
	};
}
