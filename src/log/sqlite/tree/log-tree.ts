/** The tree of a data directory, on a read-only connection of its own. */
import { existsSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type Database from "better-sqlite3";
import { rootOf } from "../../../../feeds/proof/frontier.ts";
import { leafHash } from "../../../../feeds/proof/hash.ts";
import { formatKey } from "../../../../feeds/proof/note.ts";
import { levelWidth, TILE_WIDTH, type Tile, tilePath } from "../../../../feeds/proof/tiles.ts";
import { isRefusal, Refusal } from "../../../errors.ts";
import type { LogTree } from "../../tree.ts";
import { leafOf } from "../../verify/events.ts";
import type { LogView } from "../../verify/view.ts";
import { Contradiction, causeOf, damageOr, isUnreadable, MissingRows } from "../failures.ts";
import { isClaimed } from "../files/claim.ts";
import { logFile, openForReading, refusalOf } from "../files/directory.ts";
import { incarnationOf } from "../files/incarnation.ts";
import { schemaFault } from "../files/schema.ts";
import { prepareSize, prepareSizeByStreams } from "../streams/end.ts";
import { viewOf } from "../verify/view.ts";
import { checkEdge, checkLeaf, checkTile } from "./damage.ts";
import { frontierOf, type Hashes, prepareHashes } from "./hashes.ts";
import { openSigner, readSigner, type Signer } from "./signer.ts";

/** Content hashed in one go, a few milliseconds' worth; others get their turn in between. */
const STEP_BYTES = 2 * 1024 * 1024;

/**
 * Opens the tree of a directory whose log is open, and makes the key it signs with where there is
 * none yet.
 * @throws Refusal `data-directory-unusable`, `disk-full`, `history-rewound`
 */
export function openLogTree(directory: string): LogTree {
	return openTree(directory, (file) => openSigner(directory, incarnationOf(file)));
}

/**
 * Opens the tree of a directory that a server may have, or nobody. Neither the log nor what lies
 * beside it is changed, and so what is signed is not noted either; SQLite may leave an empty WAL.
 * @throws Refusal `data-directory-unusable`, `history-rewound`
 */
export function readLogTree(directory: string): LogTree {
	const file = logFile(directory);
	const reason = "it holds no log";
	if (!existsSync(file)) throw new Refusal("data-directory-unusable", { path: directory, reason });
	return openTree(directory, () => {
		refuseLeftWal(directory);
		const fault = schemaFault(file, directory);
		if (fault) throw fault;
		return readSigner(directory, incarnationOf(file));
	});
}

/**
 * Without a server, SQLite takes for committed what a crash or a failed sync left in the WAL, and
 * it may be in the system's memory only: after a loss of power the log would go on differently from
 * what was signed. A server's start syncs it first; and of a running one only what it has synced is
 * to be seen. This comes before the database is opened, so that its files stay as they are.
 */
function refuseLeftWal(directory: string): void {
	const wal = statSync(`${logFile(directory)}-wal`, { throwIfNoEntry: false });
	if (!wal || wal.size === 0 || isClaimed(directory)) return;
	const reason = "it was not closed in order; start the server once, or use a backup";
	throw new Refusal("data-directory-unusable", { path: directory, reason });
}

function openTree(directory: string, signerOf: (file: string) => Signer): LogTree {
	try {
		const file = logFile(directory);
		const signer = signerOf(file);
		const database = openForReading(file);
		try {
			return treeOf(database, signer);
		} catch (error) {
			database.close();
			throw error;
		}
	} catch (error) {
		throw isRefusal(error) ? error : refusalOf(error, directory);
	}
}

function treeOf(database: Database.Database, signer: Signer): LogTree {
	const now = prepareSize(database);
	const hashes = prepareHashes(database);
	const headAt = (at: number) => ({ size: at, root: rootOf(frontierOf(at, hashes)) });
	// In a transaction, so of one snapshot.
	const head = database.transaction(() => headAt(now()));
	const view = viewOf(database);
	const bundle = bundles(database, view);
	const damage = damageIn(() => {
		try {
			signer.refuseRewound(now, headAt);
		} catch (error) {
			if (isRefusal(error, "history-rewound")) {
				checkSigned(error.facts, database, view, hashes);
			}
			throw error;
		}
	});
	return {
		key: formatKey(signer.key),
		damage,
		async checkpoint() {
			const part = "the right edge of its tree";
			if (damage !== undefined) throw new Refusal("log-damaged", { part, reason: damage });
			try {
				return signer.sign(head(), headAt);
			} catch (error) {
				throw damageOr(error, part);
			}
		},
		async tile(tile) {
			const level = tile.level === "entries" ? 0 : tile.level;
			const from = tile.number * TILE_WIDTH;
			const to = from + tile.width;
			try {
				if (to > levelWidth(now(), level)) return undefined;
				if (tile.level === "entries") return await bundle(tile);
				const found = hashes(level, from, to);
				if (found.length < tile.width) throw new MissingRows("some of its hashes are missing");
				// It will be kept for ever, and with a damaged hash nothing in it could be proven.
				if (tile.width === TILE_WIDTH) checkTile(level, tile.number, hashes);
				return Buffer.concat(found);
			} catch (error) {
				throw damageOr(error, `tile ${tilePath(tile)} of its tree`);
			}
		},
		close: () => database.close(),
	};
}

/**
 * Looks for damage where the log does not begin with what was signed for: that must not be taken
 * for another history.
 * @throws Contradiction, MissingRows
 */
function checkSigned(
	{ signed, size }: { signed: number; size: number },
	database: Database.Database,
	view: LogView,
	hashes: Hashes,
): void {
	if (signed <= size) {
		checkEdge(signed, view, hashes);
		return;
	}
	// Its end may be missing in one place and not in the other.
	const inStreams = prepareSizeByStreams(database)();
	if (inStreams <= size) return;
	throw new Contradiction(`its streams have ${inStreams} events, of which it shows ${size}`);
}

/** What kept `work` from reading what it needs. */
function damageIn(work: () => void): string | undefined {
	try {
		work();
		return undefined;
	} catch (error) {
		if (!isUnreadable(error)) throw error;
		return causeOf(error);
	}
}

function bundles(database: Database.Database, view: LogView) {
	return async ({ number, width }: Tile) => {
		const parts: Buffer[] = [];
		const from = number * TILE_WIDTH;
		let bytes = 0;
		for (const event of view.events(from, from + width)) {
			const leaf = leafOf(event);
			checkLeaf(event, leafHash(leaf));
			const length = Buffer.alloc(2);
			length.writeUInt16BE(leaf.length);
			parts.push(length, leaf);
			bytes += event.data.length + event.metadata.length;
			if (bytes < STEP_BYTES) continue;
			bytes = 0;
			await setImmediate();
			if (!database.open) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		}
		if (parts.length < 2 * width) throw new MissingRows("some of its leaves are missing");
		return Buffer.concat(parts);
	};
}
