// `npm run bench:postgres`: servers over PostgreSQL beside one over SQLite and beside message-db, all
// in one run and, but for SQLite, on one PostgreSQL server. Every append is on disk when it is
// answered. One node alone has a log of its own, and so have two.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { append, get, LOAD_TOOL } from "./load/load.js";
import {
	installMessageDb,
	installPackages,
	lacksPostgres,
	startPostgres,
} from "./load/message-db.js";
import { runScript, startVarve } from "./processes.js";

const HELP = `npm run bench:postgres -- [options]

  --rounds N    pairs of measurements for each ratio, which is their median (default 5)
  --seconds S   length of one measurement (default 2)
  --events N    events that are caught up with (default 100000)
  --large N     instead: compare a log of N events with one of 100000
  --only TEXT   only rows whose names begin with it: "32 connections", "catch-up" (repeatable)
`;
const { values } = parseArgs({
	options: {
		rounds: { type: "string", default: "5" },
		seconds: { type: "string", default: "2" },
		events: { type: "string", default: "100000" },
		large: { type: "string" },
		only: { type: "string", multiple: true, default: [""] },
		help: { type: "boolean", default: false },
	},
});
if (values.help) {
	process.stdout.write(HELP);
	process.exit();
}
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const LOADS = [
	{ name: "1 connection", connections: 1, events: 1 },
	{ name: "32 connections", connections: 32, events: 1 },
	{ name: "128 connections", connections: 128, events: 1 },
	{ name: "batches of 100, 8 connections", connections: 8, events: 100 },
];
/** What servers answer before anything is measured: their code is compiled by then. */
const WARM_UP = { connections: 64, seconds: 3 };
const SMALL = 100_000;
const isAsked = (name) => values.only.some((start) => name.startsWith(start));

const lacks = lacksPostgres();
if (lacks !== undefined) throw new Error(lacks);
const workDir = mkdtempSync(join(tmpdir(), "varve-bench-pg-"));
process.on("exit", () => rmSync(workDir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const postgres = await startPostgres(["-c", "max_connections=300", "-c", "max_wal_size=4GB"]);
const host = encodeURIComponent(postgres.folder);
const storeOf = (schema) => `postgres://postgres@localhost/postgres?host=${host}&schema=${schema}`;
const running = new Set();
const write = (line) => process.stdout.write(`${line}\n`);
try {
	write(`Load: ${LOAD_TOOL}; medians of ${rounds} rounds of ${seconds} s, ratios of pairs.\n`);
	if (values.large === undefined) {
		if (isAsked("catch-up")) await catchUp();
		if (LOADS.some(({ name }) => isAsked(name))) await appends();
	} else await compareSizes(Number(values.large));
} finally {
	for (const server of running) await server.stop();
	await postgres.stop();
}

async function start(name, schema, args = []) {
	const store = schema === undefined ? [] : ["--store", storeOf(schema)];
	const log = ["--insecure", "--allow-anonymous", "--log-level", "error"];
	const server = await startVarve(join(workDir, name), [...log, ...store, ...args]);
	running.add(server);
	return server;
}

async function stop(servers) {
	for (const server of servers) {
		running.delete(server);
		await server.stop();
	}
}

async function appends() {
	const packages = installPackages(workDir);
	installMessageDb(packages, postgres.folder);
	const servers = {
		sqlite: await start("sqlite"),
		one: await start("one", "one"),
		pair: [await start("first", "pair"), await start("second", "pair")],
		packages,
	};
	for (const { url } of [servers.sqlite, servers.one, ...servers.pair]) await append(url, WARM_UP);
	write(
		"| appends, events/s | SQLite | one node | two nodes | message-db | one : SQLite | two : one | one : message-db |",
	);
	write("|---|--:|--:|--:|--:|--:|--:|--:|");
	for (const load of LOADS) if (isAsked(load.name)) write(await row(load, servers));
}

async function row({ name, connections, events }, { sqlite, one, pair, packages }) {
	const rate = async (url, count = connections) =>
		events * (await append(url, { connections: count, seconds, events }));
	const half = Math.max(1, Math.floor(connections / 2));
	const measured = { sqlite: [], one: [], two: [], message: [] };
	for (let round = 0; round < rounds; round++) {
		measured.sqlite.push(await rate(sqlite.url));
		measured.one.push(await rate(one.url));
		const both = connections === 1 ? [pair[round % 2]] : pair;
		const rates = await Promise.all(both.map(({ url }) => rate(url, half)));
		measured.two.push(rates.reduce((sum, one) => sum + one, 0));
		const writing = [packages, postgres.folder, String(connections), String(events)];
		const script = "bench/load/write-message.js";
		measured.message.push(Number(await runScript(script, [...writing, String(seconds)])));
	}
	const ratios = [
		ratio(measured.one, measured.sqlite),
		ratio(measured.two, measured.one),
		ratio(measured.one, measured.message),
	];
	const cells = Object.values(measured).map((numbers) => Math.round(median(numbers)));
	return `| ${[name, ...cells, ...ratios].join(" | ")} |`;
}

/** One consumer from the first event to the head, over both, pages not in the cache. */
async function catchUp() {
	const { events } = values;
	const args = ["--cache-pages-max", "1"];
	const directory = join(workDir, "orders");
	await runScript("bench/load/fill.js", [directory, events, "1000"]);
	await runScript("bin/varve", ["copy", "--from", directory, "--to", storeOf("orders")]);
	const servers = [
		await start("orders", undefined, args),
		await start("orders-node", "orders", args),
	];
	const found = [[], []];
	for (let round = -1; round < rounds; round++) {
		for (const [index, { url }] of servers.entries()) {
			const rate = Number(await runScript("bench/load/consume.js", [url, "1", events]));
			// The first one warms up.
			if (round >= 0) found[index].push(rate);
		}
	}
	await stop(servers);
	const [lite, ours] = found.map((rates) => Math.round(median(rates)));
	write(
		`Catch-up of one consumer over ${events} events: SQLite ${lite}, PostgreSQL ${ours} events/s, ${ratio(found[1], found[0])}\n`,
	);
}

/** Appends and heads, of a thousand streams in both logs. */
async function compareSizes(large) {
	const sizes = [SMALL, large];
	const nodes = [];
	for (const [index, size] of sizes.entries()) {
		const directory = join(workDir, `size-${index}`);
		const filling = [directory, String(size), String(Math.ceil(size / 1000))];
		await runScript("bench/load/fill.js", [...filling, storeOf(`size${index}`)]);
		nodes.push(await start(`size-${index}`, `size${index}`, ["--cache-pages-max", "1"]));
	}
	await postgres.run("VACUUM ANALYZE");
	for (const { url } of nodes) await append(url, WARM_UP);
	const headers = { Accept: "application/vnd.eventstore.atom+json" };
	const kinds = {
		"appends, 32 connections": (url) => append(url, { connections: 32, seconds }),
		"batches of 100, 8 connections": (url) =>
			append(url, { connections: 8, seconds, events: 100 }).then((rate) => 100 * rate),
		"heads of a thousand streams": (url) =>
			get(`${url}/streams/order-1?embed=body`, { connections: 16, seconds, headers, count: 1000 }),
	};
	write(`| events/s or pages/s | ${SMALL} events | ${large} events | ratio |\n|---|--:|--:|--:|`);
	for (const [name, measure] of Object.entries(kinds)) {
		const found = [[], []];
		for (let round = 0; round < rounds; round++) {
			for (const [index, { url }] of nodes.entries()) {
				found[index].push(await measure(url));
			}
		}
		const cells = found.map((rates) => Math.round(median(rates)));
		write(`| ${name} | ${cells.join(" | ")} | ${ratio(found[1], found[0])} |`);
	}
}

/** The median of the ratios of measurements that were made one after another. */
function ratio(ours, theirs) {
	return median(ours.map((one, index) => one / theirs[index])).toFixed(2);
}

function median(numbers) {
	return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
}
