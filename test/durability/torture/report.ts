/** What a run of `npm run torture` found, for people: on the screen and in `docs/evidence/`. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConsumersResult } from "./consumers.ts";
import type { KillResult } from "./kill.ts";
import type { LossResult } from "./power/loss.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export type TortureRun = {
	readonly seed: number;
	/** Disks that were looked at for each cut of power. */
	readonly images: number;
	/** Milliseconds since 1970. */
	readonly started: number;
	readonly killed: KillResult;
	/** Undefined where nothing could be recorded. */
	readonly lost: LossResult | undefined;
	readonly consumed: ConsumersResult;
};

export type Report = { readonly name: string; readonly text: string; readonly isGood: boolean };

export function reportOf({ seed, images, started, killed, lost, consumed }: TortureRun): Report {
	const date = new Date(started).toISOString();
	const commit = commitOf();
	const faults = [...killed.faults, ...(lost?.faults ?? []), ...consumed.faults];
	const kept = [killed.directory, lost?.directory, consumed.directory].filter(Boolean);
	const lines = [
		`# Torture, ${date.slice(0, 10)}`,
		"",
		...headOf(started, seed),
		"",
		faults.length === 0
			? "**Nothing acknowledged was lost, doubled, torn or reordered.**"
			: `**${faults.length} faults**, kept in ${kept.join(", ")}:`,
		...(faults.length === 0 ? [] : ["", ...faults.map((fault) => `- ${fault}`)]),
		"",
		"| | `kill -9` | power loss |",
		"|---|--:|--:|",
		...rows(killed, lost).map((cells) => `| ${cells.map(cell).join(" | ")} |`),
		"",
		lost ? "" : "Power loss was left out: there is no C compiler, or this is not Linux.\n",
		`Consumers of subscriptions, through ${consumed.kills} kills: ${consumed.delivered} messages delivered, ` +
			`${consumed.acknowledged} acknowledged, ${consumed.parked} parked.`,
		"",
		"Again, with as many cycles: " +
			`\`npm run torture -- --cycles ${killed.kills} --power ${lost?.cycles ?? 0} --consumers ${consumed.kills} --images ${images} --seed ${seed} --report\``,
		"",
	];
	const text = lines.join("\n").replace(/\n{3,}/g, "\n\n");
	return { name: `${date.slice(0, 10)}-torture-${commit}.md`, text, isGood: faults.length === 0 };
}

/** What was run, when and where. @param started milliseconds since 1970 */
export function headOf(started: number, seed: number): string[] {
	const date = new Date(started).toISOString().slice(0, 16).replace("T", " ");
	const minutes = ((Date.now() - started) / 60_000).toFixed(1);
	const changed = git(["status", "--porcelain", "--", "src", "feeds", "migrations"]) !== "";
	return [
		`Commit ${commitOf()}${changed ? " with changes" : ""}, ${date} UTC, ${minutes} minutes, seed ${seed}.`,
		`${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB,`,
		`${process.platform} ${process.arch}, kernel ${kernel()}, node ${process.version}.`,
	];
}

export function commitOf(): string {
	return git(["rev-parse", "--short=10", "HEAD"]);
}

/** Writes the report into the project. @returns its path */
export function writeReport({ name, text }: Report): string {
	const folder = join(ROOT, "docs/evidence");
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, name), text);
	return join("docs/evidence", name);
}

export type Cell = string | number | undefined;

function rows(killed: KillResult, lost: LossResult | undefined): Cell[][] {
	return [
		["cycles", killed.kills, lost?.cycles],
		["of these, killed while starting", killed.killsAtStart, ""],
		["writes, syncs and other steps recorded", "", lost?.steps],
		["disks a cut may have left, opened and verified", "", lost?.images],
		["of these, lacking some of what was written", "", lost?.imagesWithLoss],
		["checkpoints of the WAL", killed.checkpoints, lost?.checkpoints],
		["of these, cut off by a kill", killed.checkpointsCut, lost?.checkpointsCut],
		["disks of a cut within a checkpoint", "", lost?.imagesInCheckpoint],
		["appends acknowledged", killed.written, lost?.written],
		["repeats acknowledged", killed.repeated, lost?.repeated],
		["appends refused", killed.refused, lost?.refused],
		["deletes acknowledged", killed.deleted, lost?.deleted],
		["soft-deleted streams brought back", killed.revived, lost?.revived],
		["redactions acknowledged", killed.redacted, lost?.redacted],
		["scavenges begun", killed.scavenges, lost?.scavenges],
		["appends without an answer, found written whole", killed.unknownWritten, lost?.unknownWritten],
		["appends without an answer, found absent", killed.unknownAbsent, lost?.unknownAbsent],
		["signed heads kept under load, each proven to be continued", killed.notes, lost?.notes],
		["events checked", killed.events, lost?.events],
		[
			"events seen by readers at the tail, once and in order",
			killed.readByFollowers,
			lost?.readByFollowers,
		],
	];
}

export function cell(value: Cell): string {
	return typeof value === "number" ? value.toLocaleString("en") : (value ?? "–");
}

function kernel(): string {
	try {
		return readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
	} catch {
		return "unknown";
	}
}

function git(args: string[]): string {
	return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
}
