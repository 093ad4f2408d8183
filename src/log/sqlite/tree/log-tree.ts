/** The tree of a data directory, on a read-only connection of its own. */
import { setImmediate } from "node:timers/promises";
import { rootOf } from "../../../../feeds/proof/frontier.ts";
import { formatKey } from "../../../../feeds/proof/note.ts";
import { levelWidth, TILE_WIDTH, type Tile } from "../../../../feeds/proof/tiles.ts";
import { isRefusal, Refusal } from "../../../errors.ts";
import type { LogTree } from "../../tree.ts";
import { leafOf } from "../../verify/events.ts";
import { logFile, openForReading, refusalOf } from "../files/directory.ts";
import { incarnationOf } from "../files/incarnation.ts";
import * as sql from "../statements.ts";
import { viewOf } from "../verifying/view.ts";
import { frontierOf, prepareHashes } from "./hashes.ts";
import { openSigner } from "./signer.ts";

/** Content hashed in one go, a few milliseconds' worth; others get their turn in between. */
const STEP_BYTES = 2 * 1024 * 1024;

/**
 * Opens the tree of a directory whose log is open, and makes the key it signs with where there is
 * none yet.
 * @throws Refusal `data-directory-unusable`, `disk-full`, `history-rewound`
 */
export function openLogTree(directory: string): LogTree {
	const file = logFile(directory);
	try {
		const signer = openSigner(directory, incarnationOf(file));
		const database = openForReading(file);
		const size = database.prepare(sql.VERIFY_SIZE).pluck();
		const hashes = prepareHashes(database);
		const view = viewOf(database);
		const headAt = (at: number) => ({ size: at, root: rootOf(frontierOf(at, hashes)) });
		const now = () => size.get() as number;
		// In a transaction, so of one snapshot.
		const head = database.transaction(() => headAt(now()));
		try {
			signer.refuseRewound(now(), headAt);
		} catch (error) {
			database.close();
			throw error;
		}
		return {
			key: formatKey(signer.key),
			checkpoint: () => signer.sign(head()),
			tile: async (tile) => {
				const level = tile.level === "entries" ? 0 : tile.level;
				const from = tile.number * TILE_WIDTH;
				const to = from + tile.width;
				if (to > levelWidth(now(), level)) return undefined;
				if (tile.level !== "entries") return Buffer.concat(hashes(level, from, to));
				return bundle(tile);
			},
			close: () => database.close(),
		};

		async function bundle({ number, width }: Tile): Promise<Buffer> {
			const parts: Buffer[] = [];
			const from = number * TILE_WIDTH;
			let bytes = 0;
			for (const event of view.events(from, from + width)) {
				const leaf = leafOf(event);
				const length = Buffer.alloc(2);
				length.writeUInt16BE(leaf.length);
				parts.push(length, leaf);
				bytes += event.data.length + event.metadata.length;
				if (bytes < STEP_BYTES) continue;
				bytes = 0;
				await setImmediate();
				if (!database.open) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
			}
			return Buffer.concat(parts);
		}
	} catch (error) {
		throw isRefusal(error) ? error : refusalOf(error, directory);
	}
}
