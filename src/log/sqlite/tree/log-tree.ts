/** Opens the tree of a data directory, on a read-only connection of its own. */
import { existsSync, statSync } from "node:fs";
import { isRefusal, Refusal } from "../../../errors.ts";
import type { LogTree } from "../../tree.ts";
import { isClaimed } from "../files/claim.ts";
import {
	type Connection,
	logFile,
	openForReading,
	refusalOf,
	SERVING_TIMEOUT_MS,
} from "../files/directory.ts";
import { incarnationOf } from "../files/incarnation.ts";
import { ReadableLog } from "../files/medium.ts";
import { schemaFault } from "../files/schema.ts";
import { openSigner, readSigner, type Signer } from "./signer.ts";
import { StoredTree } from "./stored-tree.ts";

/**
 * Opens the tree of a directory whose log is open, and makes its signing key if there is none yet.
 * @throws Refusal `data-directory-unusable`, `disk-full`, `history-rewound`
 */
export function openLogTree(directory: string): LogTree {
	return openTree(directory, () => {
		const file = logFile(directory);
		// The server's own thread reads by it: requests do not wait with one that is locked out.
		const database = openForReading(file, SERVING_TIMEOUT_MS);
		return opened(database, () => openSigner(directory, incarnationOf(file)));
	});
}

/**
 * Opens the tree of a directory, whether or not a server has it open. It changes neither the log
 * nor the files beside it, so it does not keep what it signs. SQLite may leave an empty WAL.
 * @throws Refusal `data-directory-unusable`, `history-rewound`
 */
export function readLogTree(directory: string): LogTree {
	const reason = "it holds no log";
	if (!existsSync(logFile(directory)))
		throw new Refusal("data-directory-unusable", { path: directory, reason });
	return openTree(directory, () => {
		refuseLeftWal(directory);
		const readable = new ReadableLog(directory);
		try {
			const { file } = readable;
			const fault = schemaFault(file, directory);
			if (fault) throw fault;
			const signer = readSigner(directory, incarnationOf(file));
			return opened(
				openForReading(file),
				() => signer,
				() => readable.close(),
			);
		} catch (error) {
			readable.close();
			throw error;
		}
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
	const reason =
		"it was not closed in order; start the server once (of a read-only medium, on a copy), or use a backup";
	throw new Refusal("data-directory-unusable", { path: directory, reason });
}

function openTree(directory: string, open: () => LogTree): LogTree {
	try {
		return open();
	} catch (error) {
		throw isRefusal(error) ? error : refusalOf(error, directory);
	}
}

/** @param onClose called when the tree is closed, after its database */
function opened(database: Connection, signerOf: () => Signer, onClose?: () => void): LogTree {
	try {
		return new StoredTree(database, signerOf(), onClose);
	} catch (error) {
		database.close();
		throw error;
	}
}
