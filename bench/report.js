// The table, on the screen and in bench/results/.
import { execFileSync } from "node:child_process";
import {
	closeSync,
	fdatasyncSync,
	openSync,
	readFileSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { ROOT } from "./arguments.js";
import { median } from "./compare.js";
import { LOAD_TOOL } from "./load/load.js";

/** What the numbers depend on besides the code. */
export function describeRun(bench) {
	return {
		date: new Date().toISOString(),
		commit: git(["rev-parse", "--short=10", "HEAD"]),
		changed: git(["status", "--porcelain", "--", "src", "feeds", "migrations"]) !== "",
		node: process.version,
		cpu: cpus()[0]?.model.trim(),
		cores: cpus().length,
		memoryGB: Math.round(totalmem() / 1e9),
		system: `${process.platform} ${process.arch}`,
		fdatasyncMicros: syncMicros(bench.workDir),
		loadTool: LOAD_TOOL,
		rounds: bench.rounds,
		seconds: bench.seconds,
		full: bench.full,
	};
}

/** Judges a row: true, false, or undefined where it has no target. */
export function judge({ target, ours, floor, ratio, met }) {
	if (met !== undefined) return met;
	if (target.ratio !== undefined) return ratio >= target.ratio;
	if (target.min !== undefined) return ours >= target.min;
	if (target.max !== undefined) return ours < target.max;
	if (target.equal) return ours === floor;
	return undefined;
}

export function describeRow({ name, ours, floor, unit, ratio, met, skipped }) {
	if (skipped) return `${name}: skipped, ${skipped}`;
	const against = floor === undefined ? "" : ` of ${number(floor)}`;
	const share = ratio === undefined ? "" : `, ratio ${ratio.toFixed(2)}`;
	return `${name}: ${number(ours)}${against} ${unit}${share} ${verdict(met)}`;
}

export function tableOf(run, rows) {
	const head = [
		`Commit ${run.commit}${run.changed ? " with changes" : ""}, ${run.date.slice(0, 16).replace("T", " ")} UTC.`,
		`${run.cpu}, ${run.cores} cores, ${run.memoryGB} GB, ${run.system}, node ${run.node},`,
		`fdatasync of 4 KiB ${run.fdatasyncMicros} µs. Load: ${run.loadTool}, on the same cores as the`,
		`server, for floor and ours alike. ${run.rounds} rounds of ${run.seconds} s${run.full ? ", full sizes" : ""}.`,
	];
	const lines = rows.map((row) => `| ${cells(row).join(" | ")} |`);
	return [
		...head,
		"",
		"| What | Floor | Ours | | Ratio (pairs) | Target | Met | Floor is |",
		"|---|--:|--:|---|---|---|---|---|",
		...lines,
		"",
		...rows.filter((row) => row.note).map((row) => `- ${row.name}: ${row.note}`),
		"",
	].join("\n");
}

export function writeResults(run, rows) {
	const folder = join(ROOT, "bench/results");
	const [suffix, title] = run.full
		? ["-full", "The latest run of full sizes"]
		: ["", "The latest run"];
	const name = `${run.date.slice(0, 10)}-${run.commit}${suffix}.json`;
	writeFileSync(join(folder, name), `${JSON.stringify({ run, rows }, rounded, "\t")}\n`);
	writeFileSync(join(folder, `latest${suffix}.md`), `# ${title}\n\n${tableOf(run, rows)}`);
	return join("bench/results", name);
}

/** Four digits are more than a shared machine means. */
function rounded(_name, value) {
	return typeof value === "number" && !Number.isInteger(value)
		? Number(value.toPrecision(4))
		: value;
}

function cells(row) {
	if (row.skipped) return [row.what, "", "", "", "", goal(row), `skipped: ${row.skipped}`, ""];
	const { floor, ours, ratio, spread, unit } = row;
	const pairs = spread ? ` (${spread.low.toFixed(2)}–${spread.high.toFixed(2)})` : "";
	return [
		row.what,
		floor === undefined ? "" : number(floor),
		number(ours),
		unit,
		ratio === undefined ? "" : `${ratio.toFixed(2)}${pairs}`,
		goal(row),
		verdict(row.met),
		row.floorIs ?? "",
	];
}

function goal({ target, unit }) {
	if (target.ratio !== undefined) return `≥ ${target.ratio.toFixed(2)}`;
	if (target.min !== undefined) return `≥ ${number(target.min)} ${unit}`;
	if (target.max !== undefined) return `< ${number(target.max)} ${unit}`;
	return target.equal ? "equal" : "";
}

function verdict(met) {
	if (met === undefined) return "";
	return met ? "yes" : "**no**";
}

function number(value) {
	return value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** What one sync of the disk costs: the floor under every append that waits alone. */
function syncMicros(folder) {
	const file = openSync(join(folder, "sync"), "w");
	const page = Buffer.alloc(4096);
	const times = Array.from({ length: 50 }, (_, index) => {
		const startedAt = performance.now();
		writeSync(file, page, 0, page.length, index * page.length);
		fdatasyncSync(file);
		return performance.now() - startedAt;
	});
	closeSync(file);
	return Math.round(median(times) * 1000);
}

function git(args) {
	try {
		return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
	} catch {
		// A package without its repository: the version says what was measured.
		return args[0] === "status"
			? ""
			: JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
	}
}
