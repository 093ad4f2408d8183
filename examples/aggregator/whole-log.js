#!/usr/bin/env node
// The proof with a whole log: a server of its own, an import over HTTP, an aggregator that is
// killed again and again, and its report compared with what must be found. Exit code 0 where every
// field agrees.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import Database from "better-sqlite3";
import { run, startServer, varve, withoutOptions } from "../varve.js";

const AGGREGATE = fileURLToPath(new URL("aggregate.js", import.meta.url));
const DATA = fileURLToPath(new URL("../../../shared/data/", import.meta.url));
/** Where in the log the aggregator is killed, as parts of the whole. */
const KILLS = [0.05, 0.25, 0.5, 0.75, 0.95];

const [log = `${DATA}git-history.ndjson.gz`, expectation = `${DATA}git-history.expected.json`] =
	process.argv.slice(2);
if (!existsSync(log) || !existsSync(expectation)) {
	process.stderr.write(`Usage: whole-log.js LOG.ndjson[.gz] EXPECTED.json

EXPECTED.json holds what the aggregator's report must hold.
${existsSync(log) ? expectation : log} is not there.
`);
	process.exit(2);
}
const expected = JSON.parse(readFileSync(expectation, "utf8"));
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
			return `killed after events ${killed.join(", ")}`;
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

/** @returns the reader positions it was killed at */
async function aggregateWithKills(url) {
	const killed = [];
	for (const part of KILLS) {
		const child = startAggregator(url);
		const exited = once(child, "exit");
		const at = await checkpointBeyond(Math.floor(expected.events * part), child);
		child.kill("SIGKILL");
		const [, signal] = await exited;
		if (signal === "SIGKILL") killed.push(at);
	}
	const [code] = await once(startAggregator(url), "exit");
	if (code !== 0) throw new Error(`the aggregator ended with ${code}`);
	return killed;
}

function startAggregator(url) {
	return spawn(process.execPath, [AGGREGATE, "--url", url, "--state", state, "--once"], {
		env: withoutOptions(process.env),
		stdio: ["ignore", "inherit", "inherit"],
	});
}

/** Waits until the aggregator has committed what it read up to there, or has ended. */
async function checkpointBeyond(target, child) {
	for (;;) {
		const at = checkpoint();
		if (at >= target || child.exitCode !== null) return at;
		await sleep(5);
	}
}

function checkpoint() {
	if (!existsSync(state)) return -1;
	const db = new Database(state, { readonly: true });
	try {
		return db.prepare("SELECT at FROM checkpoint").pluck().get() ?? -1;
	} catch (error) {
		// Its first moments: the file is there, the table not yet.
		if (/no such table|locked/.test(error.message)) return -1;
		throw error;
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
