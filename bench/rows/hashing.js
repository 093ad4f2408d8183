// What leaf hashes and the tree above them cost appends, and how fast `varve verify` is. The floor of
// the appends is a copy of the built server whose hashes are all zero; the product has no such option.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT } from "../arguments.js";
import { compare, median } from "../compare.js";
import { append } from "../load/load.js";
import { cpuMicros, runScript, startProgram, startVarve } from "../processes.js";

const VERIFIED = { quick: 300_000, full: 3_000_000 };

export const rows = [
	row("hashing-32", "1 event a request, 32 connections", { connections: 32, events: 1 }),
	row("hashing-100", "100 events a request, 8 connections", { connections: 8, events: 100 }),
	{
		name: "verify",
		what: "varve verify: every event, its hash, its entries, the files",
		floorIs: "the target itself",
		unit: "events/s",
		target: { min: 100_000 },
		run: verify,
	},
];

function row(name, what, load) {
	return {
		name,
		what: `durable append, ${what}, with leaf hashes and tree`,
		floorIs: "ours with hashes that are all zero",
		unit: "events/s",
		target: { ratio: 0.9 },
		run: (bench) => hashing(bench, name, load),
	};
}

async function hashing(bench, name, load) {
	const script = relative(ROOT, withoutHashes(join(bench.workDir, `${name}-program`)));
	const start = ["serve", "--port", "0", "--data", join(bench.workDir, `${name}-floor`)];
	const floor = await startProgram(script, start);
	const ours = await startVarve(join(bench.workDir, `${name}-ours`));
	const cpu = { floor: [], ours: [] };
	// On a machine that others use, the time a process computed says more than the time that passed.
	const measure = (server, spent) => async () => {
		const before = cpuMicros(server.pid);
		const rate = load.events * (await append(server.url, { seconds: bench.seconds, ...load }));
		spent.push((cpuMicros(server.pid) - before) / (rate * bench.seconds));
		return rate;
	};
	try {
		const result = await compare(bench, measure(floor, cpu.floor), measure(ours, cpu.ours));
		const [without, withHashes] = [cpu.floor, cpu.ours].map((spent) => median(spent.slice(1)));
		const more = Math.round((withHashes / without - 1) * 100);
		const note = `${withHashes.toFixed(1)} µs of CPU an event against ${without.toFixed(1)}: ${more} % more`;
		return { ...result, note };
	} finally {
		await floor.stop();
		await ours.stop();
	}
}

/** @returns the program's start, which is found again in no release */
function withoutHashes(directory) {
	mkdirSync(directory);
	for (const part of ["dist", "bin", "migrations", "package.json", "openapi.json"]) {
		cpSync(join(ROOT, part), join(directory, part), { recursive: true });
	}
	symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
	const sqlite = join(directory, "dist/src/log/sqlite");
	without(join(sqlite, "protocol.js"), "writeDigests(block, offset + DIGESTS_AT, data, metadata);");
	without(join(sqlite, "appender.js"), "this.#tree.add(hash);");
	without(join(sqlite, "appender.js"), "hashOfDigested(head, digests, this.#hash)", "this.#hash");
	return join(directory, "bin/varve");
}

function without(file, statement, instead = "") {
	const text = readFileSync(file, "utf8");
	if (!text.includes(statement)) throw new Error(`${file} is not as bench/ knows it`);
	writeFileSync(file, text.replace(statement, instead));
}

async function verify(bench) {
	const events = bench.full ? VERIFIED.full : VERIFIED.quick;
	const directory = join(bench.workDir, `verified-${events}`);
	await bench.once(directory, () =>
		runScript("bench/load/fill.js", [directory, String(events), "1000"]),
	);
	const rates = [];
	const spent = [];
	for (let round = 0; round < bench.rounds; round++) {
		const [micros, cpu] = (await runScript("bench/load/verify.js", [directory])).split(" ");
		rates.push((events * 1e6) / Number(micros));
		spent.push(Number(cpu) / events);
	}
	const note = `${median(spent).toFixed(1)} µs of CPU an event, of two threads together`;
	return { ours: median(rates), note: `${events.toLocaleString("en")} events; ${note}` };
}
