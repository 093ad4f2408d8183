/**
 * Checks a directory's log, in a thread of its own: reading everything takes as long as it takes,
 * and a server goes on answering meanwhile. It reads one snapshot, takes no lock, and changes
 * nothing, so it may run beside a server or without one.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type Database from "better-sqlite3";
import { Refusal } from "../../errors.ts";
import type { RecordedEvent, StreamName } from "../../event.ts";
import type { Verification } from "../log.ts";
import { type LogView, type Marks, NO_MARKS, type StoredEntry, verify } from "../verify.ts";
import { erasureFaults } from "./erasing/check.ts";
import { logFile, openForReading, refusalOf } from "./files/directory.ts";
import { FLAG_JSON, FLAG_REDACTED, FLAG_SCAVENGED, FLAG_TOMBSTONE } from "./protocol.ts";
import { uuid } from "./reader.ts";
import * as sql from "./statements.ts";

/** What makes this file's thread know it is one: tests import it in threads of their own. */
type Task = { readonly verify: string };

if (!isMainThread && isTask(workerData)) parentPort?.postMessage(verifyFile(workerData.verify));

/**
 * Verifies the log in `directory`.
 * @throws Refusal `data-directory-unusable`
 */
export async function verifyDirectory(directory: string): Promise<Verification> {
	const file = logFile(resolve(directory));
	if (!existsSync(file)) {
		throw new Refusal("data-directory-unusable", { path: directory, reason: "it holds no log" });
	}
	const workerData: Task = { verify: file };
	const worker = new Worker(new URL(import.meta.url), {
		workerData,
		execArgv: [],
		// One row at a time needs next to none; unbounded, the heap would grow before it is swept.
		resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
	});
	return new Promise((resolve, reject) => {
		worker.on("message", resolve);
		worker.on("error", (error) => reject(refusalOf(error, directory)));
		worker.on("exit", () => reject(new Error("the verifier stopped without a result")));
	});
}

function verifyFile(file: string): Verification {
	const database = openForReading(file);
	try {
		database.exec(sql.BEGIN_READ);
		return verify(viewOf(database));
	} finally {
		database.close();
	}
}

/** In a statement's order: see `VERIFY_COLUMNS`. */
type Row = [
	position: number | null,
	stream: string | null,
	version: number,
	id: Buffer,
	type: string,
	created: number,
	flags: number,
	metadata: Buffer,
];

function viewOf(database: Database.Database): LogView {
	const positionAt = database.prepare(sql.VERIFY_POSITION_AT).pluck();
	const lastPosition = database.prepare(sql.VERIFY_LAST_POSITION).pluck();
	const marksOf = database.prepare(sql.VERIFY_MARKS);
	return {
		*events() {
			for (const row of rows<Row>(database, sql.VERIFY_EVENTS)) yield eventOf(row) as RecordedEvent;
		},
		*entries(): Iterable<StoredEntry> {
			type EntryRow = [id: number, name: string | null, version: number, position: number, ...Row];
			for (const row of rows<EntryRow>(database, sql.VERIFY_ENTRIES)) {
				const [id, name, version, position, ...event] = row;
				const stream = name ?? `(stream ${id}, which has no name)`;
				const isTombstone = (event[6] & FLAG_TOMBSTONE) !== 0 && event[1] === stream;
				const isScavenged = (event[6] & FLAG_SCAVENGED) !== 0;
				yield { stream, version, position, event: eventOf(event), isTombstone, isScavenged };
			}
		},
		positionAt: (stream, version) => positionAt.get(stream, version) as number | undefined,
		lastPosition: (stream) => lastPosition.get(stream) as number | undefined,
		notes: {
			of: (stream) => (marksOf.get(stream) ?? NO_MARKS) as Marks,
			count: () => database.prepare(sql.COUNT_MARKS).pluck().get() as number,
		},
		streams: () => database.prepare(sql.COUNT_STREAMS).pluck().get() as number,
		faults() {
			const found = database.pragma("integrity_check") as { integrity_check: string }[];
			const damage = found.map((row) => row.integrity_check).filter((text) => text !== "ok");
			return [...damage, ...erasureFaults(database)];
		},
	};
}

function rows<R>(database: Database.Database, statement: string): IterableIterator<R> {
	return database.prepare(statement).raw().iterate() as IterableIterator<R>;
}

function eventOf(row: Row): RecordedEvent | undefined {
	const [position, stream, version, id, type, created, flags, metadata] = row;
	if (position === null) return undefined;
	return {
		position,
		stream: (stream ?? "(a stream without a name)") as StreamName,
		version,
		id: uuid(id.toString("hex")),
		type,
		created,
		isJson: (flags & FLAG_JSON) !== 0,
		data: new Uint8Array(0),
		metadata,
		...(flags & (FLAG_REDACTED | FLAG_SCAVENGED) ? { isRedacted: true } : {}),
	};
}

function isTask(data: unknown): data is Task {
	return typeof data === "object" && data !== null && "verify" in data;
}
