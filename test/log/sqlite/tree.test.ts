import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootOf } from "../../../feeds/proof/frontier.ts";
import { parseKey } from "../../../feeds/proof/note.ts";
import { openCheckpoint } from "../../../feeds/proof/signed-head.ts";
import { openForReading } from "../../../src/log/sqlite/files/directory.ts";
import { raiseIncarnation } from "../../../src/log/sqlite/files/incarnation.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { openLogTree } from "../../../src/log/sqlite/tree/log-tree.ts";
import { readSigner } from "../../../src/log/sqlite/tree/signer.ts";
import { StoredEvents } from "../../../src/log/sqlite/verify/stored/events.ts";
import { frontierOf, prepareHashes } from "../../../src/log/sqlite/verify/stored/hashes.ts";
import { namesIn } from "../../../src/log/sqlite/verify/stored/names.ts";
import { expectedHash } from "../../../src/log/verify/event.ts";
import { append, event, events, name, refusal } from "../asking.ts";
import { newDirectory } from "./directory.ts";

async function grow(directory: string, count: number): Promise<void> {
	const log = await openSqliteLog(directory);
	await append(log, "a", events(count));
	await log.close();
}

async function signed(directory: string): Promise<{ key: string; note: string }> {
	const tree = openLogTree(directory);
	try {
		return { key: tree.key, note: await tree.signedHead() };
	} finally {
		tree.close();
	}
}

const refused = (directory: string) => refusal(signed(directory));

describe("who signs for a log", () => {
	test("has a key that is made once, and that only its owner may read", async () => {
		const directory = newDirectory();
		await grow(directory, 1);
		const first = await signed(directory);
		expect(statSync(join(directory, "log.key")).mode & 0o777).toBe(0o600);
		expect(readFileSync(join(directory, "log.checkpoint"), "utf8")).toBe(first.note);
		expect(readdirSync(directory).filter((name) => name.endsWith(".new"))).toEqual([]);
		await grow(directory, 300);
		const second = await signed(directory);
		expect(second.key).toBe(first.key);
		expect(openCheckpoint(second.note, parseKey(first.key)).size).toBe(301);
	});

	test("refuses a key file that holds no key of its kind", async () => {
		const directory = newDirectory();
		await grow(directory, 1);
		await signed(directory);
		for (const text of ["", "secret words"]) {
			writeFileSync(join(directory, "log.key"), text);
			const reason = "its file `log.key` holds no Ed25519 private key";
			expect(await refused(directory)).toEqual([
				"data-directory-unusable",
				{ path: directory, reason },
			]);
		}
	});

	test("refuses none that grew and was signed for while it is looked at", async () => {
		const directory = newDirectory();
		await grow(directory, 3);
		const before = await signed(directory);
		await grow(directory, 3);
		const after = await signed(directory);
		const checkpoint = join(directory, "log.checkpoint");
		writeFileSync(checkpoint, before.note);
		const database = openForReading(join(directory, "log.sqlite"));
		const hashes = prepareHashes(database);
		const headAt = (size: number) => ({ size, root: rootOf(frontierOf(size, hashes)) });
		const sizeThenGrowth = () => {
			writeFileSync(checkpoint, after.note);
			return 3;
		};
		const signer = readSigner(directory, 1);
		expect(() => signer.refuseRewound(sizeThenGrowth, headAt)).not.toThrow();
		expect(() => signer.refuseRewound(() => 3, headAt)).toThrow();
		database.close();
	});

	test("refuses a log that was rewound, until it is said to be another", async () => {
		const directory = newDirectory();
		await grow(directory, 3);
		const [file, backup] = [join(directory, "log.sqlite"), join(newDirectory(), "backup")];
		copyFileSync(file, backup);
		await grow(directory, 3);
		const before = await signed(directory);
		copyFileSync(backup, file);
		const rewound = { path: directory, signed: 6, size: 3 };
		expect(await refused(directory)).toEqual(["history-rewound", rewound]);

		// As many events as were signed for, or more, are others all the same.
		await grow(directory, 3);
		expect(await refused(directory)).toEqual(["history-rewound", { ...rewound, size: 6 }]);
		await grow(directory, 3);
		expect(await refused(directory)).toEqual(["history-rewound", { ...rewound, size: 9 }]);

		raiseIncarnation(directory);
		const after = await signed(directory);
		expect(parseKey(after.key).name).toBe(`${parseKey(before.key).name}/2`);
		expect(openCheckpoint(after.note, parseKey(after.key)).size).toBe(9);
		expect(() => openCheckpoint(after.note, parseKey(before.key))).toThrow(/not signed by/);
	});
});

test("an event that is erased while it is read has its leaf all the same", async () => {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	const data = Buffer.alloc(2 * 1024 * 1024, "x");
	await append(log, "a", [event({ data }), event({ data }), event({ data })]);
	const database = openForReading(join(directory, "log.sqlite"));
	const hashes: boolean[] = [];
	const stored = new StoredEvents(database, namesIn(database));
	for (const read of stored.read(0, 3)) {
		hashes.push(Buffer.from(expectedHash(read)).equals(read.hash as Uint8Array));
		if (read.position > 0) continue;
		await log.redact({ stream: name("a"), version: 2, metadata: false });
	}
	expect(hashes).toEqual([true, true, true]);
	database.close();
	await log.close();
});
