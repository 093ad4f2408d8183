// The read model: what the aggregator knows of the files, in a SQLite file of its own.
//
// The reader position lives in the same file and is written in the same transaction as what was folded
// up to it. So whenever the process is killed, the file holds a state and exactly the events that
// led to it.
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import Database from "better-sqlite3";

const SCHEMA = `
	CREATE TABLE IF NOT EXISTS checkpoint (
		one INTEGER PRIMARY KEY CHECK (one = 1), stream TEXT NOT NULL, at INTEGER NOT NULL
	);
	CREATE TABLE IF NOT EXISTS streams (name TEXT PRIMARY KEY) WITHOUT ROWID;
	CREATE TABLE IF NOT EXISTS types (name TEXT PRIMARY KEY, events INTEGER NOT NULL) WITHOUT ROWID;
	CREATE TABLE IF NOT EXISTS commits (hash TEXT PRIMARY KEY) WITHOUT ROWID;
	CREATE TABLE IF NOT EXISTS authors (
		name TEXT PRIMARY KEY, commits INTEGER NOT NULL
	) WITHOUT ROWID;
	CREATE TABLE IF NOT EXISTS files (
		path TEXT PRIMARY KEY,
		blob TEXT, -- null once the file was deleted
		changes INTEGER NOT NULL
	) WITHOUT ROWID;
`;

/**
 * Forgets everything: the next start reads from the first event. The server needs no word of it.
 */
export function removeReadModel(file) {
	for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
}

export class ReadModel {
	#db;
	#at;
	#commit;

	/**
	 * Opens the read model of `stream`, and makes it where there is none.
	 * @param onFolded called after each event, inside the transaction
	 * @throws Error where the file was folded from another stream
	 */
	constructor(file, stream, onFolded = () => {}) {
		const db = new Database(file);
		db.pragma("journal_mode = WAL");
		db.exec(SCHEMA);
		db.prepare("INSERT OR IGNORE INTO checkpoint VALUES (1, ?, -1)").run(stream);
		const source = db.prepare("SELECT stream FROM checkpoint").pluck().get();
		if (source !== stream) throw new Error(`${file} was built from ${source}; --reset starts anew`);

		const fold = foldInto(db);
		const advance = db.prepare("UPDATE checkpoint SET at = @to WHERE at = @from");
		this.#db = db;
		this.#at = db.prepare("SELECT at FROM checkpoint").pluck().get();
		this.#commit = db.transaction((events) => {
			for (const event of events) {
				fold(event);
				onFolded();
			}
			const to = events.at(-1).at;
			// Had someone else moved the reader position, these events would be counted twice.
			if (advance.run({ from: this.#at, to }).changes !== 1) {
				throw new Error(`${file} is in use by another aggregator`);
			}
			return to;
		});
	}

	/** The number of the last event folded; -1 for none. */
	get at() {
		return this.#at;
	}

	/** Folds events, oldest first, and moves the reader position behind them: all of it or nothing. */
	fold(events) {
		this.#at = this.#commit.immediate(events);
	}

	report() {
		return report(this.#db);
	}

	close() {
		this.#db.close();
	}
}

/** What one event does to the state. */
function foldInto(db) {
	const addStream = db.prepare("INSERT OR IGNORE INTO streams VALUES (?)");
	const addCommit = db.prepare("INSERT OR IGNORE INTO commits VALUES (?)");
	const countType = db.prepare(
		"INSERT INTO types VALUES (?, 1) ON CONFLICT DO UPDATE SET events = events + 1",
	);
	const countAuthor = db.prepare(
		"INSERT INTO authors VALUES (?, 1) ON CONFLICT DO UPDATE SET commits = commits + 1",
	);
	const setFile = db.prepare(`INSERT INTO files VALUES (@path, @blob, 1)
		ON CONFLICT DO UPDATE SET blob = @blob, changes = changes + 1`);

	return (event) => {
		addStream.run(event.stream);
		countType.run(event.type);
		switch (event.type) {
			case "CommitAuthored":
				addCommit.run(event.json().commit);
				countAuthor.run(event.stream.slice("author-".length));
				break;
			case "FileAdded":
			case "FileModified":
			case "FileDeleted": {
				const { path, blob = null } = event.json();
				setFile.run({ path, blob });
			}
		}
	};
}

function report(db) {
	const one = (sql) => db.prepare(sql).pluck().get();
	const rows = (sql) => db.prepare(sql).raw().all();
	return {
		events: one("SELECT coalesce(sum(events), 0) FROM types"),
		streams: one("SELECT count(*) FROM streams"),
		commits: one("SELECT count(*) FROM commits"),
		types: Object.fromEntries(rows("SELECT name, events FROM types")),
		authors: one("SELECT count(*) FROM authors"),
		topAuthors: rows("SELECT name, commits FROM authors ORDER BY commits DESC, name LIMIT 5"),
		mostChangedFiles: rows("SELECT path, changes FROM files ORDER BY changes DESC, path LIMIT 5"),
		filesAtHead: one("SELECT count(*) FROM files WHERE blob IS NOT NULL"),
		treeSha256: treeSha256(db),
	};
}

/** SQLite compares text by its UTF-8 bytes, which is the order the hash asks for. */
function treeSha256(db) {
	const hash = createHash("sha256");
	const alive = db.prepare("SELECT path, blob FROM files WHERE blob IS NOT NULL ORDER BY path");
	for (const { path, blob } of alive.iterate()) hash.update(`${path} ${blob}\n`);
	return hash.digest("hex");
}
