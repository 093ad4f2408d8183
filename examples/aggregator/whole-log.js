#!/usr/bin/env node
// The proof with a whole log: a server of its own, an import over HTTP, an aggregator that is
// killed again and again, and its report compared with what must be found. Exit code 0 where every
// field agrees.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import Database from "better-sqlite3";
import { run, startServer, varve, withoutOptions } from "../varve.js";
import { foldLog } from "./fold.js";

const AGGREGATE = fileURLToPath(new URL("aggregate.js", import.meta.url));
const SAMPLE = fileURLToPath(
	new URL("../../test/data/git-history-2000.ndjson.gz", import.meta.url),
);

const [log = SAMPLE] = process.argv.slice(2);
if (!existsSync(log)) {
	process.stderr.write(`Usage: whole-log.js [LOG.ndjson[.gz]]\n\n${log} is not there.\n`);
	process.exit(2);
}
const expected = foldLog(log);
/**
 * The aggregator kills itself at these events, each counted from its start. Together they are less
 * than the log, so that each is reached.
 */
const KILLS = [1, ...[0.3, 0.1, 0.2, 0.05].map((part) => Math.ceil(expected.events * part))];
const directory = mkdtempSync(join(tmpdir(), "varve-whole-log-"));
const data = join(directory, "data");
const state = join(directory, "aggregator.sqlite");
try {
	process.exitCode = (await prove()) ? 0 : 1;
} catch (error) {
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 1;
} finally {
	rmSync(directory, { recursive: true, force: true });
}

async function prove() {
	const server = await startServer(data);
	let killed;
	let first;
	let rebuilt;
	try {
		await timed("import", () => varve("import", log, "--url", server.url));
		await timed("import again, nothing new", () => varve("import", log, "--url", server.url));
		await timed("aggregate, killed on the way", async () => {
			killed = await aggregateWithKills(server.url);
			return `killed ${killed.length} times, with events up to ${killed.join(", ")} stored`;
		});
		first = JSON.parse(await run(AGGREGATE, ["report", "--state", state]));
		await timed("rebuild from nothing", () =>
			run(AGGREGATE, ["--url", server.url, "--state", state, "--once", "--reset"]),
		);
		rebuilt = JSON.parse(await run(AGGREGATE, ["report", "--state", state]));
	} finally {
		await server.stop();
	}
	await timed("verify", () => varve("verify", "--data", data));
	const agrees = [compare("killed and restarted", first), compare("rebuilt", rebuilt)];
	return agrees.every(Boolean) && killed.length === KILLS.length;
}

/** @returns the number of the last event that it had stored each time it was killed; -1 is none */
async function aggregateWithKills(url) {
	const killed = [];
	for (const after of KILLS) {
		const [, signal] = await once(startAggregator(url, { AGGREGATOR_CRASH_AFTER: after }), "exit");
		if (signal === "SIGKILL") killed.push(storedAt());
	}
	const [code] = await once(startAggregator(url), "exit");
	if (code !== 0) throw new Error(`the aggregator ended with ${code}`);
	return killed;
}

function startAggregator(url, env = {}) {
	return spawn(process.execPath, [AGGREGATE, "--url", url, "--state", state, "--once"], {
		env: { ...withoutOptions(process.env), ...env },
		stdio: ["ignore", "inherit", "inherit"],
	});
}

function storedAt() {
	const db = new Database(state, { readonly: true });
	try {
		return db.prepare("SELECT at FROM checkpoint").pluck().get() ?? -1;
	} finally {
		db.close();
	}
}

async function timed(what, work) {
	const startedAt = performance.now();
	const said = String((await work()) ?? "").trim();
	const seconds = (performance.now() - startedAt) / 1000;
	const rate = Math.round(expected.events / seconds);
	process.stdout.write(
		`${what}: ${seconds.toFixed(1)} s, ${rate} events/s${said && `; ${said}`}\n`,
	);
}

function compare(what, found) {
	process.stdout.write(`\n${what}:\n`);
	let agrees = true;
	for (const field of new Set([...Object.keys(expected), ...Object.keys(found)])) {
		const same = isDeepStrictEqual(found[field], expected[field]);
		agrees &&= same;
		const value = JSON.stringify(found[field]);
		const otherwise = same ? "" : `, expected ${JSON.stringify(expected[field])}`;
		process.stdout.write(`  ${same ? "same " : "OTHER"} ${field}: ${value}${otherwise}\n`);
	}
	return agrees;
}
