// Floor of the batches: better-sqlite3 and nothing around it. It inserts the rows that ours inserts
// (each event and its id; the place of all of them in their stream, their category and their type)
// into the same tables, a transaction for every batch, each on disk before the next. Arguments:
// directory, events a batch, streams, seconds. Writes the batches a second.
import { randomBytes } from "node:crypto";
import { migrationsFor } from "../../dist/src/log/migrate.js";
import { claimDirectory } from "../../dist/src/log/sqlite/files/claim.js";
import { logFile, openForWriting } from "../../dist/src/log/sqlite/files/directory.js";

const [directory, ...numbers] = process.argv.slice(2);
const [eventsPerBatch, streamCount, seconds] = numbers.map(Number);
const DATA = Buffer.from(
	'{"orderId":"1","customer":"c-20417","total":12345.60,"currency":"EUR",' +
		'"lines":[{"sku":"A-1001","count":3},{"sku":"B-2002","count":1}],"note":"leave at the door"}',
);
const NOTHING = Buffer.alloc(0);

claimDirectory(directory, migrationsFor("sqlite"));
const database = openForWriting(logFile(directory));
const insertStream = database.prepare("INSERT OR IGNORE INTO streams (id, name) VALUES (?, ?)");
const insertEvent = database.prepare(`
	INSERT INTO events (position, stream, version, id, type, created, flags, hash, data, metadata)
	VALUES (?, ?, ?, ?, 'OrderPlaced', ?, 1, zeroblob(32), ?, ?)`);
const insertPlace = database.prepare("INSERT INTO places (stream, key, position) VALUES (?, ?, ?)");
const CATEGORY = streamCount + 1;
const TYPE = streamCount + 2;
let position = database.prepare("SELECT count(*) FROM events").pluck().get();
const versions = versionsStored();
fillStreams();

const startedAt = performance.now();
const endsAt = startedAt + seconds * 1000;
let batches = 0;
const writeBatch = database.transaction(() => insertBatch());
while (performance.now() < endsAt) {
	writeBatch.immediate();
	batches++;
}
process.stdout.write(`${batches / ((performance.now() - startedAt) / 1000)}\n`);

function insertBatch() {
	const stream = 1 + Math.floor(Math.random() * streamCount);
	const now = Date.now();
	for (let i = 0; i < eventsPerBatch; i++) {
		const version = versions[stream]++;
		const id = randomBytes(16);
		insertEvent.run(position, stream, version, id, now, DATA, NOTHING);
		// The key of the id: 6 bytes at random, as those of its hash are.
		insertPlace.run(stream, -1 - id.readUIntBE(0, 6), position);
		position++;
	}
	const last = position - 1;
	const place = eventsPerBatch > 1 ? -(last * 4096 + eventsPerBatch - 1) : last;
	insertPlace.run(stream, versions[stream] - 1, place);
	insertPlace.run(CATEGORY, last, place);
	insertPlace.run(TYPE, last, place);
}

function fillStreams() {
	const fill = database.transaction(() => {
		for (let id = 1; id <= streamCount; id++) insertStream.run(id, `order-${id}`);
		insertStream.run(CATEGORY, "$ce-order");
		insertStream.run(TYPE, "$et-OrderPlaced");
	});
	fill.immediate();
}

function versionsStored() {
	const next = new Array(streamCount + 1).fill(0);
	const last = database.prepare("SELECT stream, count(*) FROM events GROUP BY stream").raw();
	for (const [stream, count] of last.iterate()) next[stream] = count;
	return next;
}
