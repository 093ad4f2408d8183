/** What can be run, by name. */
import type { Random } from "../durability/torture/random.ts";
import { failOverAgainAndAgain } from "./lanes/failovers.ts";
import { KIND_WORDS } from "./lanes/faults.ts";
import { failoversLines, type LaneResult } from "./report.ts";

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

export const LANES = { failovers } as const;

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
