// A large log against a small one: the same work must cost the same, however much is stored.
import { join } from "node:path";
import { compare, median } from "../compare.js";
import { append, get } from "../load/load.js";
import { residentNow, runScript, startVarve } from "../processes.js";

const SMALL = 10_000;
const PER_STREAM = 1000;
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
	row("size-memory", "memory after 10,000 head pages", "MB", memory, { max: undefined }),
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
			const result = await measure(bench, await log(bench, SMALL), await log(bench, events));
			return { ...result, note: `${events.toLocaleString("en")} events stored` };
		},
	};
}

async function appends(bench, small, large) {
	const measure = (url) => append(url, { connections: 32, seconds: bench.seconds, streams: 10 });
	return withBoth(small, large, (one, two) =>
		compare(
			bench,
			() => measure(one.url),
			() => measure(two.url),
		),
	);
}

async function pages(bench, small, large) {
	const headers = { Accept: "application/vnd.eventstore.atom+json" };
	const measure = (url, count) =>
		get(`${url}/streams/order-1?embed=body`, { seconds: bench.seconds, headers, count });
	const streams = (bench.full ? LARGE.full : LARGE.quick) / PER_STREAM;
	return withBoth(
		small,
		large,
		(one, two) =>
			compare(
				bench,
				() => measure(one.url, SMALL / PER_STREAM),
				() => measure(two.url, Math.min(streams, 10_000)),
			),
		KEEP_NOTHING,
	);
}

async function starts(bench, small, large) {
	const start = async (directory) => {
		const server = await startVarve(directory);
		await server.stop();
		return server.startMs;
	};
	const times = { small: [], large: [] };
	for (let round = 0; round < bench.rounds; round++) {
		times.small.push(await start(small));
		times.large.push(await start(large));
	}
	return { floor: median(times.small), ours: median(times.large) };
}

async function memory(_bench, small, large) {
	const read = async (one, two) => {
		await readSome(one.url, SMALL / PER_STREAM);
		await readSome(two.url, 1000);
		const floor = residentNow(one.pid);
		const ours = residentNow(two.pid);
		const met = ours <= floor + RESIDENT_SPARE_BYTES;
		return { floor: floor / 1e6, ours: ours / 1e6, met };
	};
	return withBoth(small, large, read, KEEP_NOTHING);
}

async function readSome(url, streams) {
	for (let request = 0; request < 10_000; request += 20) {
		const asked = Array.from({ length: 20 }, (_, index) =>
			fetch(`${url}/streams/order-${1 + ((request + index) % streams)}?embed=body`),
		);
		for (const answer of await Promise.all(asked)) await answer.arrayBuffer();
	}
}

async function withBoth(small, large, measure, options = []) {
	const one = await startVarve(small, options);
	const two = await startVarve(large, options);
	try {
		return await measure(one, two);
	} finally {
		await one.stop();
		await two.stop();
	}
}

async function log(bench, events) {
	const directory = join(bench.workDir, `size-${events}`);
	const size = [directory, String(events), String(PER_STREAM)];
	return bench.once(directory, () => runScript("bench/load/fill.js", size));
}
