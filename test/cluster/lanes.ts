/** What can be run, by name; each starts a cluster of its own. */
import type { Random } from "../durability/torture/random.ts";
import { Cluster } from "./hosts/cluster.ts";
import { failOverAgainAndAgain } from "./lanes/failovers.ts";
import { KIND_WORDS } from "./lanes/faults.ts";
import { killTheLeader } from "./lanes/leaders.ts";
import { loseTailsAgainAndAgain } from "./lanes/lost-tails.ts";
import { tortureCluster } from "./lanes/torture.ts";
import { TRAPS } from "./lanes/traps.ts";
import { importAndRead } from "./lanes/tree.ts";
import { failoversLines, type LaneResult, lostTailsLines, tortureLines } from "./report.ts";

export type LaneOptions = {
	readonly random: Random;
	readonly counts: {
		readonly failovers: number;
		readonly lostTails: number;
		readonly rounds: number;
	};
	readonly isStopped: () => boolean;
	readonly say: (text: string) => void;
};

export type LaneName = keyof typeof LANES;

export const LANES = { failovers, "lost-tails": lostTails, traps, torture, nodes } as const;

async function failovers(options: LaneOptions): Promise<LaneResult> {
	const { random, counts, isStopped, say } = options;
	let done = 0;
	const result = await failOverAgainAndAgain({
		random,
		goesOn: (count) => !isStopped() && count < counts.failovers,
		onFailover: (kind, gapMs) => {
			done++;
			say(`fail-over ${done}: ${KIND_WORDS[kind]}; ${(gapMs / 1000).toFixed(1)} s without appends`);
		},
	});
	return {
		name: "Fail-overs with a synchronous standby",
		lines: failoversLines(result, KIND_WORDS),
		faults: result.faults,
	};
}

async function lostTails(options: LaneOptions): Promise<LaneResult> {
	const { random, counts, isStopped, say } = options;
	const result = await loseTailsAgainAndAgain({
		random,
		goesOn: (rounds) => !isStopped() && rounds < counts.lostTails,
		onRound: (lost) => say(`a tail of ${lost} events was lost, and noticed`),
	});
	return {
		name: "Fail-overs to an asynchronous standby",
		lines: lostTailsLines(result),
		faults: result.faults,
	};
}

async function torture(options: LaneOptions): Promise<LaneResult> {
	const { random, counts, isStopped, say } = options;
	const result = await tortureCluster({
		random,
		goesOn: (rounds) => !isStopped() && rounds < counts.rounds,
		onRound: (blows) => say(blows.join(", ")),
	});
	return { name: "Torture", lines: tortureLines(result), faults: result.faults };
}

async function traps({ isStopped, say }: LaneOptions): Promise<LaneResult> {
	const tests = Object.entries(TRAPS).map(([sentence, trap]) => ({
		sentence,
		run: async (cluster: Cluster) => {
			await trap(cluster);
			return undefined;
		},
	}));
	return sentences("Traps", tests, { isStopped, say });
}

async function nodes({ isStopped, say }: LaneOptions): Promise<LaneResult> {
	const tests = [
		{
			sentence: "a real log goes through three nodes behind nginx while nodes are killed",
			run: async (cluster: Cluster) => {
				const { events, treeSha256 } = await importAndRead(cluster);
				return `${events} events, treeSha256 ${treeSha256.slice(0, 16)}…`;
			},
		},
		{
			sentence: "subscriptions and projections go on at another node when the leader dies",
			run: async (cluster: Cluster) => {
				const { delivered, again } = await killTheLeader(cluster);
				return `${delivered} messages delivered, of these again ${again}`;
			},
		},
	];
	return sentences("Nodes that die", tests, { isStopped, say });
}

type Sentence = {
	readonly sentence: string;
	/** @returns what there is to say of it */
	readonly run: (cluster: Cluster) => Promise<string | undefined>;
};

/** Each on the same cluster; what fails leaves it in no known state, and ends the lane. */
async function sentences(
	name: string,
	tests: readonly Sentence[],
	{ isStopped, say }: Pick<LaneOptions, "isStopped" | "say">,
): Promise<LaneResult> {
	const [lines, faults]: [string[], string[]] = [[], []];
	const cluster = await Cluster.start();
	try {
		for (const { sentence, run } of tests) {
			if (isStopped() || faults.length > 0) {
				lines.push(`- not run: ${sentence}`);
				continue;
			}
			try {
				const found = await run(cluster);
				lines.push(`- ${sentence}${found ? `: ${found}` : ""}`);
				say(`proved: ${sentence}`);
			} catch (error) {
				faults.push(`${sentence}: ${(error as Error).stack}`);
				say(`FAILED: ${sentence}`);
			}
		}
	} finally {
		cluster.close(faults.length > 0);
	}
	return { name, lines, faults };
}
