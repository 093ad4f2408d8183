import Database from "better-sqlite3";
import { addSubtree, createFrontier, rootOf } from "../../../feeds/proof/frontier.ts";
import { hashOfEvent } from "../../../feeds/proof/leaf.ts";
import { migrationsFor } from "../../../src/log/migrate.ts";
import { claimDirectory } from "../../../src/log/sqlite/files/claim.ts";
import { logFile } from "../../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { append, event, read } from "../asking.ts";
import { newDirectory } from "./directory.ts";

const EVENTS = 70_000;

describe("a log from before events had hashes", () => {
	test("has all of them, and the nodes above them, once it is opened", async () => {
		const directory = newDirectory();
		fillOlder(directory);
		const log = await openSqliteLog(directory);
		await append(log, "order-1", [event()], EVENTS / 2 - 1);
		expect((await read(log, "$ce-order", { from: EVENTS - 2 })).entries).toHaveLength(3);
		expect(await log.verify()).toMatchObject({ ok: true, events: EVENTS + 1 });
		await log.close();

		const raw = new Database(logFile(directory), { readonly: true });
		const rows = raw.prepare("SELECT * FROM events ORDER BY position").all() as Row[];
		for (const row of rows) expect(row.hash.toString("hex")).toBe(hashOf(row));
		const nodes = raw.prepare("SELECT hash FROM nodes WHERE level = ? ORDER BY number").pluck();
		expect(nodes.all(1)).toEqual(rootsOf(rows.map(({ hash }) => hash)));
		expect(nodes.all(2)).toEqual(rootsOf(nodes.all(1) as Buffer[]));
		expect(nodes.all(3)).toEqual([]);
		const kept = raw.prepare("SELECT type, name FROM sqlite_schema ORDER BY type, name").all();
		raw.close();
		expect(kept).toEqual(schemaOf(newDirectory()));
	});
});

type Row = {
	readonly position: number;
	readonly version: number;
	readonly stream: number;
	readonly id: Buffer;
	readonly type: string;
	readonly created: number;
	readonly flags: number;
	readonly hash: Buffer;
	readonly data: Buffer;
	readonly metadata: Buffer;
};

function hashOf(row: Row): string {
	return hashOfEvent({ ...row, stream: `order-${row.stream}` }, row.data, row.metadata).toString(
		"hex",
	);
}

/** The roots of each 256, the last of them left out where they are fewer. */
function rootsOf(hashes: readonly Buffer[]): Buffer[] {
	const full = Math.floor(hashes.length / 256);
	return Array.from({ length: full }, (_, number) => {
		const frontier = createFrontier();
		for (const hash of hashes.slice(number * 256, (number + 1) * 256))
			addSubtree(frontier, hash, 0);
		return rootOf(frontier);
	});
}

/** Two streams, in turn. */
function fillOlder(directory: string): void {
	const release = claimDirectory(directory, migrationsFor("sqlite").slice(0, 2));
	const raw = new Database(logFile(directory));
	raw.exec(`
		INSERT INTO streams VALUES (1, 'order-1'), (2, 'order-2'), (3, '$ce-order'),
			(4, '$et-OrderPlaced'), (5, '$streams');
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${EVENTS})
		INSERT INTO events
			SELECT i, 1 + i % 2, i / 2, randomblob(16), 'OrderPlaced', 1000 + i, 1, x'7b7d', x'' FROM n;
		INSERT INTO entries SELECT stream, version, position FROM events;
		INSERT INTO entries SELECT 3, position, position FROM events;
		INSERT INTO entries SELECT 4, position, position FROM events;
		INSERT INTO entries SELECT 5, position, position FROM events WHERE version = 0;
	`);
	raw.close();
	release();
}

function schemaOf(directory: string): unknown[] {
	claimDirectory(directory, migrationsFor("sqlite"))();
	const raw = new Database(logFile(directory), { readonly: true });
	try {
		return raw.prepare("SELECT type, name FROM sqlite_schema ORDER BY type, name").all();
	} finally {
		raw.close();
	}
}
