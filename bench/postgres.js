// `npm run bench:postgres`: servers over PostgreSQL beside one over SQLite and beside message-db, all
// in one run and, but for SQLite, on one PostgreSQL server. Every append is on disk when it is answered.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { append, LOAD_TOOL } from "./load/load.js";
import {
	installMessageDb,
	installPackages,
	lacksPostgres,
	startPostgres,
} from "./load/message-db.js";
import { runScript, startVarve } from "./processes.js";

const { values } = parseArgs({
	options: {
		rounds: { type: "string", default: "5" },
		seconds: { type: "string", default: "2" },
		events: { type: "string", default: "100000" },
	},
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const LOADS = [
	{ name: "1 connection", connections: 1, events: 1 },
	{ name: "32 connections", connections: 32, events: 1 },
	{ name: "128 connections", connections: 128, events: 1 },
	{ name: "batches of 100, 8 connections", connections: 8, events: 100 },
];

const lacks = lacksPostgres();
if (lacks !== undefined) throw new Error(lacks);
const workDir = mkdtempSync(join(tmpdir(), "varve-bench-pg-"));
process.on("exit", () => rmSync(workDir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const packages = installPackages(workDir);
const postgres = await startPostgres(["-c", "max_connections=300", "-c", "max_wal_size=4GB"]);
installMessageDb(packages, postgres.folder);
const host = encodeURIComponent(postgres.folder);
const storeOf = (schema) => `postgres://postgres@localhost/postgres?host=${host}&schema=${schema}`;
const start = (name, args = []) =>
	startVarve(join(workDir, name), ["--insecure", "--allow-anonymous", ...args]);
const sqlite = await start("sqlite");
const nodes = [
	await start("one", ["--store", storeOf("bench")]),
	await start("two", ["--store", storeOf("bench")]),
];
const consuming = await catchUp();
try {
	process.stdout.write(
		`Load: ${LOAD_TOOL}; medians of ${rounds} rounds of ${seconds} s; events/s.\n\n`,
	);
	process.stdout.write(
		"| appends | SQLite | one node | two nodes | message-db | one : SQLite | two : one | one : message-db |\n" +
			"|---|--:|--:|--:|--:|--:|--:|--:|\n",
	);
	for (const load of LOADS) process.stdout.write(`${await row(load)}\n`);
	process.stdout.write(`\n${consuming}\n`);
} finally {
	for (const server of [sqlite, ...nodes]) await server.stop();
	await postgres.stop();
}

async function row({ name, connections, events }) {
	const rate = async (url, count = connections) =>
		events * (await append(url, { connections: count, seconds, events }));
	const half = Math.max(1, Math.floor(connections / 2));
	const measured = { sqlite: [], one: [], two: [], message: [] };
	for (let round = 0; round < rounds; round++) {
		measured.sqlite.push(await rate(sqlite.url));
		measured.one.push(await rate(nodes[0].url));
		const both = connections === 1 ? [nodes[1]] : nodes;
		const rates = await Promise.all(both.map(({ url }) => rate(url, half)));
		measured.two.push(rates.reduce((sum, one) => sum + one, 0));
		const writing = [packages, postgres.folder, String(connections), String(events)];
		const script = "bench/load/write-message.js";
		measured.message.push(Number(await runScript(script, [...writing, String(seconds)])));
	}
	const [lite, one, two, message] = Object.values(measured).map(median);
	const ratios = [one / lite, two / one, one / message].map((ratio) => ratio.toFixed(2));
	const cells = [lite, one, two, message].map((number) => Math.round(number));
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
		await start("orders", args),
		await start("orders-node", [...args, "--store", storeOf("orders")]),
	];
	const found = [[], []];
	for (let round = 0; round < Math.min(3, rounds); round++) {
		for (const [index, { url }] of servers.entries()) {
			found[index].push(Number(await runScript("bench/load/consume.js", [url, "1", events])));
		}
	}
	for (const server of servers) await server.stop();
	const [lite, ours] = found.map(median);
	const rates = `SQLite ${Math.round(lite)}, PostgreSQL ${Math.round(ours)} events/s`;
	return `Catch-up of one consumer over ${events} events: ${rates}, ${(ours / lite).toFixed(2)}`;
}

function median(numbers) {
	return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
}
