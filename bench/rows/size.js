// A large log against a small one: the same work must cost the same, however much is stored.
import { statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { compare, median } from "../compare.js";
import { append, get } from "../load/load.js";
import { residentNow, runScript, startVarve } from "../processes.js";

const PER_STREAM = 1000;
const SMALL = { events: 10_000, perStream: PER_STREAM };
// Requests for the same head that arrive together share one page. So for pages the small log has as
// many streams as it can have full pages.
const SMALL_FOR_PAGES = { events: 10_000, perStream: 20 };
const LARGE = { quick: 1_000_000, full: 10_000_000 };
// What the machine's file cache shows of the log is counted to the process as well: the floor of
// "flat".
const RESIDENT_SPARE_BYTES = 32 * 1024 * 1024;

// Every page is read and composed.
const KEEP_NOTHING = ["--cache-bytes-max", "0"];

export const rows = [
	row("size-append", "append, 1 event, 32 connections", "requests/s", appends, { ratio: 0.9 }),
	row("size-page", "head page of any stream", "requests/s", pages, { ratio: 0.9 }),
	row("size-start", "start, until it listens", "ms", starts, { max: 1000 }),
	row("size-crash", "start after kill -9 under load", "ms", startsAfterCrash, { max: 1000 }),
	row("size-memory", "memory after 10,000 head pages", "MB", memory, { max: undefined }),
	{
		...row("size-disk", "room on disk, all indexes", "bytes/event", room, { max: 300 }),
		floorIs: "the bytes of data, metadata and type",
	},
];

function row(name, what, unit, measure, target) {
	return {
		name,
		what: `${what}, large log`,
		floorIs: "ours with 10,000 events stored",
		unit,
		target,
		async run(bench) {
			const events = bench.full ? LARGE.full : LARGE.quick;
			const result = await measure(bench, { events, perStream: PER_STREAM });
			return { note: `${events.toLocaleString("en")} events stored`, ...result };
		},
	};
}

async function appends(bench, large) {
	const measure = (url) => append(url, { connections: 32, seconds: bench.seconds, streams: 10 });
	return withBoth(bench, SMALL, large, (one, two) =>
		compare(
			bench,
			() => measure(one.url),
			() => measure(two.url),
		),
	);
}

async function pages(bench, large) {
	const headers = { Accept: "application/vnd.eventstore.atom+json" };
	const measure = (url, count) =>
		get(`${url}/streams/order-1?embed=body`, { seconds: bench.seconds, headers, count });
	return withBoth(
		bench,
		SMALL_FOR_PAGES,
		large,
		(one, two) =>
			compare(
				bench,
				() => measure(one.url, streamsOf(SMALL_FOR_PAGES)),
				() => measure(two.url, streamsOf(large)),
			),
		KEEP_NOTHING,
	);
}

async function starts(bench, large) {
	return inTurn(bench, large, async (directory) => {
		const server = await startVarve(directory);
		await server.stop();
		return server.startMs;
	});
}

/** What the WAL has of the appends is left to the next start. */
async function startsAfterCrash(bench, large) {
	const wals = [];
	const times = await inTurn(bench, large, async (directory) => {
		const { url, kill } = await startVarve(directory);
		await append(url, { connections: 32, seconds: bench.seconds, streams: 10 });
		await kill();
		wals.push(statSync(join(directory, "log.sqlite-wal")).size);
		const server = await startVarve(directory);
		await server.stop();
		return server.startMs;
	});
	const wal = (Math.max(...wals) / 2 ** 20).toFixed(0);
	return { ...times, note: `WALs of up to ${wal} MiB were found` };
}

async function inTurn(bench, large, start) {
	const [one, two] = [await log(bench, SMALL), await log(bench, large)];
	const times = { small: [], large: [] };
	for (let round = 0; round < bench.rounds; round++) {
		times.small.push(await start(one));
		times.large.push(await start(two));
	}
	return { floor: median(times.small), ours: median(times.large) };
}

/** The log is whole in its one file: it was closed. */
async function room(bench, large) {
	const file = join(await log(bench, large), "log.sqlite");
	const database = new Database(file, { readonly: true });
	const sum = "sum(length(data) + length(metadata) + length(type))";
	const content = database.prepare(`SELECT count(*) AS events, ${sum} AS bytes FROM events`).get();
	database.close();
	const note = `${content.events.toLocaleString("en")} events, each in its stream, category and type`;
	return {
		floor: content.bytes / content.events,
		ours: statSync(file).size / content.events,
		note,
	};
}

async function memory(bench, large) {
	const read = async (one, two) => {
		await readSome(one.url, streamsOf(SMALL));
		await readSome(two.url, 1000);
		const floor = residentNow(one.pid);
		const ours = residentNow(two.pid);
		const met = ours <= floor + RESIDENT_SPARE_BYTES;
		return { floor: floor / 1e6, ours: ours / 1e6, met };
	};
	return withBoth(bench, SMALL, large, read, KEEP_NOTHING);
}

async function readSome(url, streams) {
	for (let request = 0; request < 10_000; request += 20) {
		const asked = Array.from({ length: 20 }, (_, index) =>
			fetch(`${url}/streams/order-${1 + ((request + index) % streams)}?embed=body`),
		);
		for (const answer of await Promise.all(asked)) await answer.arrayBuffer();
	}
}

async function withBoth(bench, small, large, measure, options = []) {
	const one = await startVarve(await log(bench, small), options);
	const two = await startVarve(await log(bench, large), options);
	try {
		return await measure(one, two);
	} finally {
		await one.stop();
		await two.stop();
	}
}

async function log(bench, { events, perStream }) {
	const directory = join(bench.workDir, `size-${events}-${perStream}`);
	const size = [directory, String(events), String(perStream)];
	return bench.once(directory, () => runScript("bench/load/fill.js", size));
}

function streamsOf({ events, perStream }) {
	return events / perStream;
}
