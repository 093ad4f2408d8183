// Replays: a consumer that rebuilds its read model from the first event on.
import { join } from "node:path";
import { compare } from "../compare.js";
import { lacksPostgres, startMessageDb } from "../load/message-db.js";
import { runScript, startVarve } from "../processes.js";

const EVENTS = 100_000;
const CONSUMERS = 4;
const UNCACHED = ["--cache-pages-max", "1"];
const CACHED = ["--cache-bytes-max", String(1024 ** 3)];

export const rows = [
	{
		name: "replay-message-db",
		what: "catch-up of one consumer that parses each event, pages not in the cache",
		floorIs: "message-db on PostgreSQL: get_category_messages by 1,000, node-postgres, each parsed",
		unit: "events/s",
		target: { ratio: 1.7 },
		skip: lacksPostgres,
		run: againstMessageDb,
	},
	{
		name: "replay-select",
		what: "catch-up of one consumer, pages not in the cache",
		floorIs: "better-sqlite3 SELECT of the same rows",
		unit: "events/s",
		target: { ratio: 0.7 },
		run: (bench) => againstSelect(bench, UNCACHED),
	},
	{
		name: "replay-cached",
		what: "the same, pages in the cache",
		floorIs: "the same",
		unit: "events/s",
		target: {},
		run: (bench) => againstSelect(bench, CACHED),
	},
	{
		name: "replay-four",
		what: `${CONSUMERS} consumers at once in processes of their own, all together, pages in the cache`,
		floorIs: "one such consumer",
		unit: "events/s",
		target: { ratio: 1.5 },
		run: fourAtOnce,
	},
];

async function againstMessageDb(bench) {
	const directory = await orders(bench);
	const other = await startMessageDb(bench.workDir, directory);
	const server = await startVarve(directory, UNCACHED);
	const floor = [other.packages, other.folder, String(EVENTS)];
	try {
		return await compare(
			bench,
			() => rateOf("bench/floors/category.js", floor),
			() => rateOf("bench/load/consume.js", [server.url, "1", String(EVENTS), "parse"]),
		);
	} finally {
		await server.stop();
		await other.stop();
	}
}

async function againstSelect(bench, args) {
	const directory = await orders(bench);
	const server = await startVarve(directory, args);
	try {
		return await compare(
			bench,
			() => rateOf("bench/floors/select.js", [directory]),
			() => rateOf("bench/load/consume.js", [server.url, "1", String(EVENTS)]),
		);
	} finally {
		await server.stop();
	}
}

/** Four processes begin together; the rate is that of all events by the time of the last one. */
async function fourAtOnce(bench) {
	const server = await startVarve(await orders(bench), CACHED);
	const consume = () => runScript("bench/load/consume.js", [server.url, "1", String(EVENTS)]);
	const measure = async (consumers) => {
		const startedAt = performance.now();
		await Promise.all(Array.from({ length: consumers }, consume));
		return (consumers * EVENTS * 1000) / (performance.now() - startedAt);
	};
	try {
		return await compare(
			bench,
			() => measure(1),
			() => measure(CONSUMERS),
		);
	} finally {
		await server.stop();
	}
}

async function rateOf(script, args) {
	return Number(await runScript(script, args));
}

function orders(bench) {
	const directory = join(bench.workDir, `orders-${EVENTS}`);
	const size = [directory, String(EVENTS), "1000"];
	return bench.once(directory, () => runScript("bench/load/fill.js", size));
}
