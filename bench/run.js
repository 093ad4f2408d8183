// `npm run bench`: every row of the table with its floor, measured in the same run. See README.md.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readArguments } from "./arguments.js";
import { describeRow, describeRun, judge, tableOf, writeResults } from "./report.js";
import { rows as appends } from "./rows/appends.js";
import { rows as catchUp } from "./rows/catch-up.js";
import { rows as hashing } from "./rows/hashing.js";
import { rows as importing } from "./rows/import.js";
import { rows as memory } from "./rows/memory.js";
import { rows as pages } from "./rows/pages.js";
import { rows as projections } from "./rows/projections.js";
import { rows as projectionsLag } from "./rows/projections-lag.js";
import { rows as proxy } from "./rows/proxy.js";
import { rows as replay } from "./rows/replay.js";
import { rows as size } from "./rows/size.js";
import { rows as tail } from "./rows/tail.js";

const ROWS = [
	...pages,
	...appends,
	...catchUp,
	...replay,
	...projections,
	...size,
	...proxy,
	...tail,
	...importing,
	...hashing,
	...memory,
	...projectionsLag,
];

const settings = readArguments(process.argv.slice(2));
if (settings?.list) process.stdout.write(`${ROWS.map(({ name }) => name).join("\n")}\n`);
else if (settings) process.exitCode = await measureAll(settings);

async function measureAll({ only, ...settings }) {
	const chosen = ROWS.filter(
		({ name }) => only.length === 0 || only.some((start) => name.startsWith(start)),
	);
	if (chosen.length === 0) throw new Error(`no row is named ${only.join(" or ")}; see --list`);
	const workDir = mkdtempSync(join(settings.workDir, "varve-bench-"));
	process.on("exit", () => rmSync(workDir, { recursive: true, force: true }));
	for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
	const bench = { ...settings, workDir, once: onceEach() };

	const run = describeRun(bench);
	const results = [];
	for (const row of chosen) {
		const result = await measure(row, bench);
		results.push(result);
		process.stderr.write(`${describeRow(result)}\n`);
	}
	process.stdout.write(`\n${tableOf(run, results)}`);
	// Half a table must not pass for the latest one. That of the large sizes is one of its own, and
	// may be of some rows: all of them take an hour.
	if (bench.writes && (only.length === 0 || bench.full)) {
		process.stdout.write(`written to ${writeResults(run, results)}\n`);
	}
	return results.some(({ met }) => met === false) ? 1 : 0;
}

async function measure({ run, skip, ...row }, bench) {
	const skipped = skip?.(bench);
	if (skipped) return { ...row, skipped };
	try {
		const result = { ...row, ...(await run(bench)) };
		return { ...result, met: judge(result) };
	} catch (error) {
		// The other rows are worth having all the same; a row that failed has missed its target.
		process.stderr.write(`${error.stack}\n`);
		return { ...row, skipped: `failed: ${error.message}`, met: false };
	}
}

/** Databases that several rows read are filled once. */
function onceEach() {
	const done = new Set();
	return async (directory, fill) => {
		if (!done.has(directory)) await fill();
		done.add(directory);
		return directory;
	};
}
