/** What a run of `npm run test:cluster` found, for people: on the screen and in `docs/evidence/`. */
import type { Counts } from "../durability/torture/history.ts";
import { type Cell, cell, commitOf, headOf, type Report } from "../durability/torture/report.ts";
import type { FailoversResult } from "./lanes/failovers.ts";
import type { KIND_WORDS } from "./lanes/faults.ts";
import type { LostTailsResult } from "./lanes/lost-tails.ts";
import type { TortureResult } from "./lanes/torture.ts";

/** How a lane ended. */
export type LaneResult = {
	readonly name: string;
	/** Its part of the report. */
	readonly lines: readonly string[];
	readonly faults: readonly string[];
};

export type RunFacts = {
	readonly seed: number;
	/** Milliseconds since 1970. */
	readonly started: number;
	/** The command that repeats the run. */
	readonly again: string;
	/** The lanes, if not all were run. */
	readonly only: string | undefined;
};

export function reportOf(
	lanes: readonly LaneResult[],
	{ seed, started, again, only }: RunFacts,
): Report {
	const faults = lanes.flatMap(({ name, faults: found }) => found.map((one) => `${name}: ${one}`));
	const date = new Date(started).toISOString().slice(0, 10);
	const lines = [
		`# Cluster, ${date}`,
		"",
		...headOf(started, seed),
		"",
		faults.length === 0 ? "**No fault was found.**" : `**${faults.length} faults**:`,
		...(faults.length === 0 ? [] : ["", ...faults.map((fault) => `- ${fault}`)]),
		...lanes.flatMap(({ name, lines: part }) => ["", `## ${name}`, "", ...part]),
		"",
		`Again: \`${again}\``,
		"",
	];
	const part = only === undefined ? "" : `-${only.replaceAll(",", "-")}`;
	const name = `${date}-cluster${part}-${commitOf()}.md`;
	return { name, text: lines.join("\n"), isGood: faults.length === 0 };
}

export function failoversLines(result: FailoversResult, words: typeof KIND_WORDS): string[] {
	const all = Object.entries(result.gaps).filter(([, gaps]) => gaps.length > 0);
	const seconds = (ms: number) => (ms / 1000).toFixed(1);
	return [
		`${all.flatMap(([, gaps]) => gaps).length} fail-overs with a synchronous standby, under load.`,
		"Seconds without an acknowledged append:",
		"",
		"| what happened to the primary | times | median | longest |",
		"|---|--:|--:|--:|",
		...all.map(([kind, gaps]) => {
			const sorted = gaps.toSorted((one, other) => one - other);
			const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
			const cells = [gaps.length, seconds(median), seconds(sorted.at(-1) ?? 0)];
			return `| ${words[kind as keyof typeof words]} | ${cells.map(cell).join(" | ")} |`;
		}),
		"",
		`No node was helped. Patroni's note of the synchronous standby stood still, and was corrected, ${result.corrections} times.`,
		"",
		...countsLines(result),
	];
}

export function lostTailsLines(result: LostTailsResult): string[] {
	const { rounds, lost, keptPages, readersStopped } = result;
	return [
		`${rounds} fail-overs to a standby that lacked the newest events: ${cell(lost)} acknowledged events were`,
		"lost. Each time both nodes noticed it by themselves, served nothing until the history that goes on had",
		"another number, and then served that alone.",
		"",
		`The cache in front kept ${cell(keptPages)} pages with lost events under their old URLs; no link leads there.`,
		`${cell(readersStopped)} readers that had seen lost events stopped with \`history-replaced\`.`,
	];
}

export function tortureLines(result: TortureResult): string[] {
	const blows = Object.entries(result.blows).map(([blow, times]) => {
		return `${blow.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${times}`;
	});
	return [`${result.rounds} rounds under load: ${blows.join(", ")}.`, "", ...countsLines(result)];
}

export function countsLines(
	counts: Counts & { readonly events: number; readonly readByFollowers: number },
): string[] {
	const rows: [string, Cell][] = [
		["appends acknowledged", counts.written],
		["repeats acknowledged", counts.repeated],
		["appends refused", counts.refused],
		["deletes acknowledged", counts.deleted],
		["soft-deleted streams brought back", counts.revived],
		["redactions acknowledged", counts.redacted],
		["scavenges asked for", counts.scavenges],
		[
			"appends without an answer, or with `request-timeout`, found written whole",
			counts.unknownWritten,
		],
		["such appends found absent", counts.unknownAbsent],
		["signed heads kept under load, each proven to be continued", counts.notes],
		["events checked", counts.events],
		["events seen by readers at the tail, once and in order", counts.readByFollowers],
	];
	return ["| | |", "|---|--:|", ...rows.map(([what, count]) => `| ${what} | ${cell(count)} |`)];
}
