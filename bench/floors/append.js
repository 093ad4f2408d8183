// Floor of the appends of one event: node:http and better-sqlite3 in one thread, group commit, no
// rules.
//
// The requests of one turn of the event loop share a transaction, and are answered when it is on
// disk: WAL, synchronous=FULL, the same page size and checkpoints as ours, since our own code opens
// the file. It writes the event's row and an index of its id, and nothing else: no stream entries, no
// expectation, no look for a repeat.
import { createServer } from "node:http";
import { migrationsFor } from "../../dist/src/log/migrate.js";
import { claimDirectory } from "../../dist/src/log/sqlite/files/claim.js";
import { logFile, openForWriting } from "../../dist/src/log/sqlite/files/directory.js";

const directory = process.argv[2];
claimDirectory(directory, migrationsFor("sqlite"));
const database = openForWriting(logFile(directory));
database.exec("CREATE INDEX IF NOT EXISTS floor_by_id ON events (stream, id)");
const begin = database.prepare("BEGIN IMMEDIATE");
const commit = database.prepare("COMMIT");
const insert = database.prepare(`
	INSERT INTO events (position, stream, version, id, type, created, flags, hash, data, metadata)
	VALUES (?, ?, ?, ?, ?, ?, 1, zeroblob(32), ?, ?)`);
const NOTHING = Buffer.alloc(0);

const streams = new Map();
let waiting = [];
let position = 0;

const server = createServer((req, res) => {
	const chunks = [];
	req.on("data", (chunk) => chunks.push(chunk));
	req.on("end", () => {
		if (waiting.length === 0) setImmediate(write);
		waiting.push({ req, res, data: chunks.length === 1 ? chunks[0] : Buffer.concat(chunks) });
	});
});
server.listen(0, "127.0.0.1", () => {
	process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
process.on("SIGTERM", () => process.exit(0));

function write() {
	const batch = waiting;
	waiting = [];
	const now = Date.now();
	begin.run();
	for (const one of batch) {
		const { url, headers } = one.req;
		const stream = streamOf(url);
		one.version = stream.next++;
		const id = Buffer.from(headers["es-eventid"].replaceAll("-", ""), "hex");
		const type = headers["es-eventtype"];
		insert.run(position++, stream.id, one.version, id, type, now, one.data, NOTHING);
	}
	commit.run();
	for (const { req, res, version } of batch) answer(req, res, version);
}

function answer(req, res, version) {
	const at = String(position);
	res.writeHead(201, [
		"Location",
		`http://${req.headers.host}${req.url}/${version}`,
		"ES-Position",
		at,
		"Kurrent-Position",
		at,
		"Content-Type",
		"text/plain; charset=utf-8",
		"Content-Length",
		"0",
	]);
	res.end();
}

function streamOf(url) {
	let stream = streams.get(url);
	if (!stream) {
		stream = { id: streams.size + 1, next: 0 };
		streams.set(url, stream);
	}
	return stream;
}
