/**
 * Damage to what the tree is made of is told from a log that was set back: the one is restored, the
 * other gets a number of its own.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { logFile } from "../../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { type OpenedLog, openDirectory } from "../../../src/log/sqlite/open.ts";
import { openLogTree, readLogTree } from "../../../src/log/sqlite/tree/log-tree.ts";
import { append, events, read, refusal } from "../asking.ts";
import { newDirectory } from "./directory.ts";

const PAGE_BYTES = 4096;

/** Two full tiles and 88 events behind them, signed for when it had so many. */
let sound: string;
const SIGNED = 600;
beforeAll(async () => {
	sound = newDirectory();
	await grow(sound, SIGNED);
	sign(sound);
});

describe("a log is damaged, and was not set back", () => {
	test.each([
		["the newest leaf hash", flippedHash(599), "position 599 does not have its hash"],
		["the first of the tile that is not full", flippedHash(512), "position 512 does not"],
		["a node its root is made of", flippedNode(1, 1), "node 1 of level 1 is not the root"],
		["a hash such a node is missing for", lostNode(1, 0), "hashes of level 1 are missing"],
		["the end of its events", lostEnd(597), "its streams have 600 events, of which it shows 597"],
		["the page of its newest events, which is torn", tornEnd, "do not lie one behind the other"],
	])("where it lost %s", async (_, change, reason) => {
		const directory = changed(change);
		const asFound = readFileSync(logFile(directory));
		const store = await openDirectory(directory, DEFAULT_LOG_LIMITS);
		const stopped = { word: "writer-stopped", facts: { reason: expect.stringMatching(reason) } };
		expect(store.stopped).toMatchObject(stopped);
		expect(await refusal(append(store.log, "b", events(1)))).toEqual([
			"writer-stopped",
			expect.objectContaining({ reason: expect.stringMatching(reason) }),
		]);
		expect((await read(store.log, "a", { limit: 20 })).entries).toHaveLength(20);
		await expectUnsigned(store);
		// What `varve prove` makes proofs from.
		const tree = readLogTree(directory);
		expect(await wordOf(() => tree.signedHead())).toBe("log-damaged");
		tree.close();
		expect(readFileSync(logFile(directory)).equals(asFound)).toBe(true);
	});

	test("where it has grown since it was signed for", async () => {
		const directory = changed(() => {});
		await grow(directory, 400);
		change(directory, flippedHash(520));
		const store = await openDirectory(directory, DEFAULT_LOG_LIMITS);
		expect(store.stopped?.facts.reason).toContain("position 520 does not have its hash");
		await expectUnsigned(store);
	});

	test("where it happened since the start: nothing is signed that takes back what was", async () => {
		const directory = changed(() => {});
		const store = await openDirectory(directory, DEFAULT_LOG_LIMITS);
		store.tree.signedHead();
		await append(store.log, "a", events(3));
		change(directory, flippedHash(550));
		expect(await refusal(store.tree.signedHead())).toEqual([
			"log-damaged",
			expect.objectContaining({ reason: expect.stringContaining("first 600 events") }),
		]);
		await close(store);
	});
});

test("positions that a log has lost at its end are not given away once more", async () => {
	const directory = changed(lostEnd(597));
	rmSync(`${directory}/log.checkpoint`);
	const log = await openSqliteLog(directory);
	// Of the same stream, and of the same type.
	for (const stream of ["a", "b"]) {
		expect(await refusal(append(log, stream, events(1)))).toEqual([
			"log-damaged",
			expect.objectContaining({ reason: expect.stringContaining("before position 599") }),
		]);
	}
	await log.close();
});

describe("a log was set back, and is not damaged", () => {
	test.each([
		["is shorter", 300],
		["has others of the same number", SIGNED],
		["has others, and more", SIGNED + 300],
	])("where what it signed for %s", async (_, count) => {
		const directory = newDirectory();
		await grow(directory, count);
		for (const name of ["log.key", "log.checkpoint"]) {
			cpSync(`${sound}/${name}`, `${directory}/${name}`);
		}
		const rewound = { path: directory, signed: SIGNED, size: count };
		expect(await refusal(openDirectory(directory, DEFAULT_LOG_LIMITS))).toEqual([
			"history-rewound",
			rewound,
		]);
		expect(await refusal((async () => readLogTree(directory))())).toEqual([
			"history-rewound",
			rewound,
		]);
	});
});

test("a tile that is kept for ever is not served with a damaged hash, nor a bundle with a damaged leaf", async () => {
	const whole = { number: 0, width: 256 };
	for (const [damage, levels] of [
		[flippedHash(100), [0, "entries"]],
		[flippedEvent(100), ["entries"]],
		[flippedNode(1, 0), [0]],
		// Without it there is nothing to hold the tile against.
		[lostNode(1, 0), []],
	] as const) {
		const directory = changed(damage);
		// Its newest hashes are as they were, but for the node.
		const tree = openLogTree(directory);
		for (const level of [0, "entries"] as const) {
			const isDamaged = (levels as readonly unknown[]).includes(level);
			const became = await wordOf(() => tree.tile({ ...whole, level }));
			expect([level, became]).toEqual([level, isDamaged ? "log-damaged" : "done"]);
			expect(await wordOf(() => tree.tile({ level, number: 1, width: 256 }))).toBe("done");
		}
		// One leaf depends on nothing but its event.
		const isEventDamaged = (levels as readonly unknown[]).includes("entries");
		expect(await wordOf(() => tree.leaf(100))).toBe(isEventDamaged ? "log-damaged" : "done");
		expect(await wordOf(() => tree.leaf(101))).toBe("done");
		tree.close();
	}
});

async function grow(directory: string, count: number): Promise<void> {
	const log = await openSqliteLog(directory);
	await append(log, "a", events(count));
	await log.close();
}

function sign(directory: string): void {
	const tree = openLogTree(directory);
	tree.signedHead();
	tree.close();
}

async function expectUnsigned(store: OpenedLog): Promise<void> {
	expect(await wordOf(() => store.tree.signedHead())).toBe("log-damaged");
	await close(store);
}

async function close({ log, tree }: OpenedLog): Promise<void> {
	tree.close();
	await log.close();
}

async function wordOf(work: () => unknown): Promise<string> {
	let isDone = false;
	const working = (async () => {
		await work();
		isDone = true;
	})();
	if (
		await working.then(
			() => isDone,
			() => false,
		)
	)
		return "done";
	return (await refusal(working))[0];
}

type Change = (raw: Database.Database, directory: string) => void;

function changed(how: Change): string {
	const directory = newDirectory();
	cpSync(sound, directory, { recursive: true });
	change(directory, how);
	return directory;
}

/** Changes the file as no connection may. */
function change(directory: string, how: Change): void {
	const raw = new Database(logFile(directory));
	const triggers = raw.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
	for (const { name } of triggers as { name: string }[]) raw.exec(`DROP TRIGGER ${name}`);
	how(raw, directory);
	raw.close();
}

function flippedHash(position: number): Change {
	return (raw) => flip(raw, "events", "hash", `position = ${position}`);
}

function flippedEvent(position: number): Change {
	return (raw) => flip(raw, "events", "data", `position = ${position}`);
}

function flippedNode(level: number, number: number): Change {
	return (raw) => flip(raw, "nodes", "hash", `level = ${level} AND number = ${number}`);
}

function lostNode(level: number, number: number): Change {
	return (raw) => raw.exec(`DELETE FROM nodes WHERE level = ${level} AND number = ${number}`);
}

function lostEnd(from: number): Change {
	return (raw) => raw.exec(`DELETE FROM events WHERE position >= ${from}`);
}

function tornEnd(raw: Database.Database, directory: string): void {
	const leaves = raw.prepare(
		"SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path DESC",
	);
	const page = leaves.pluck().get() as number;
	raw.pragma("wal_checkpoint(TRUNCATE)");
	const bytes = readFileSync(logFile(directory));
	bytes.fill(0, (page - 0.5) * PAGE_BYTES, page * PAGE_BYTES);
	writeFileSync(logFile(directory), bytes);
}

function flip(raw: Database.Database, table: string, column: string, where: string): void {
	const row = raw.prepare(`SELECT ${column} AS bytes FROM ${table} WHERE ${where}`).get();
	const bytes = Buffer.from((row as { bytes: Buffer }).bytes);
	bytes[3] = (bytes[3] as number) ^ 4;
	raw.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(bytes);
}
