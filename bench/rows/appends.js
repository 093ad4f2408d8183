// The writes: every one of them is on disk before it is answered, in floor and ours alike.
import { join } from "node:path";
import { compare } from "../compare.js";
import { append } from "../load/load.js";
import { runScript, startProgram, startVarve } from "../processes.js";

const STREAMS = 1000;

export const rows = [
	...[1, 32, 128].map((connections) => ({
		name: `append-${connections}`,
		what: `durable append, 1 event a request, ${connections} connection${connections > 1 ? "s" : ""}`,
		floorIs: "node:http + better-sqlite3, group commit, events table only, no rules",
		unit: "events/s",
		target: { ratio: connections === 32 ? 0.85 : 0.8 },
		run: (bench) => single(bench, connections),
	})),
	{
		name: "batch-100",
		what: "durable append, 100 events a request, 8 connections",
		floorIs: "better-sqlite3 inserting the same rows, 100 events a transaction, no HTTP",
		unit: "events/s",
		target: { ratio: 0.75 },
		run: (bench) => batches(bench, 8),
	},
	{
		name: "batch-100-alone",
		what: "the same over 1 connection",
		floorIs: "the same",
		unit: "events/s",
		target: {},
		run: (bench) => batches(bench, 1),
	},
];

async function single(bench, connections) {
	const name = `append-${connections}`;
	const floor = await startProgram("bench/floors/append.js", [
		join(bench.workDir, `${name}-floor`),
	]);
	const server = await startVarve(join(bench.workDir, `${name}-ours`));
	const measure = (url) => () => append(url, { connections, seconds: bench.seconds });
	try {
		return await compare(bench, measure(floor.url), measure(server.url));
	} finally {
		await floor.stop();
		await server.stop();
	}
}

async function batches(bench, connections) {
	const EVENTS = 100;
	const directory = join(bench.workDir, `batches-${connections}-floor`);
	const server = await startVarve(join(bench.workDir, `batches-${connections}-ours`));
	const size = [EVENTS, STREAMS, bench.seconds].map(String);
	const floor = async () =>
		EVENTS * Number(await runScript("bench/floors/insert.js", [directory, ...size]));
	const ours = async () => {
		const { seconds } = bench;
		return EVENTS * (await append(server.url, { connections, seconds, events: EVENTS }));
	};
	try {
		return await compare(bench, floor, ours);
	} finally {
		await server.stop();
	}
}
