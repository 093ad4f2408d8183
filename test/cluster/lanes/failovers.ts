/** Fail-overs under load with a synchronous standby: nothing acknowledged may be lost. */
import { type Counts, noCounts } from "../../durability/torture/history.ts";
import { tally } from "../../durability/torture/kill.ts";
import type { Random } from "../../durability/torture/random.ts";
import { Cluster } from "../hosts/cluster.ts";
import { KINDS, type Kind, lose } from "./faults.ts";
import { Load } from "./load.ts";

export type FailoversResult = Counts & {
	/** Of each kind: milliseconds between two acknowledged appends, about it. */
	readonly gaps: Readonly<Record<Kind, number[]>>;
	/** How often Patroni's note of the standby had to be corrected. */
	corrections: number;
	events: number;
	readByFollowers: number;
	/** What is wrong; the folder it is wrong in is kept. */
	readonly faults: string[];
};

export type FailoversOptions = {
	readonly random: Random;
	/** Whether to go on after so many. */
	readonly goesOn: (failovers: number) => boolean;
	readonly onFailover?: (kind: Kind, gapMs: number) => void;
};

/** Each life has a log of its own, since all of it is checked at its end. */
const PER_LIFE = 10;
const BEFORE_MAX = 120;
const AFTER = 60;
const NOTHING = { corrections: 0, events: 0, readByFollowers: 0 };

export async function failOverAgainAndAgain(options: FailoversOptions): Promise<FailoversResult> {
	const { random, goesOn } = options;
	const gaps: Record<Kind, number[]> = {
		...{ crash: [], power: [], cut: [] },
		...{ switchover: [], hang: [], both: [] },
	};
	const result = { ...noCounts(), gaps, ...NOTHING, faults: [] as string[] };
	const count = () => Object.values(gaps).flat().length;
	const cluster = await Cluster.start({ nodes: 2 });
	try {
		while (goesOn(count()) && result.faults.length === 0) await live();
	} catch (error) {
		result.faults.push(`after ${count()} fail-overs: ${(error as Error).stack}`);
	} finally {
		result.corrections = cluster.database.corrections;
		cluster.close(result.faults.length > 0);
	}
	return result;

	async function live(): Promise<void> {
		const load = await Load.begin(cluster, await cluster.begin(), random.branch());
		const faults: string[] = [];
		try {
			for (let done = 0; done < PER_LIFE && goesOn(count()); done++) {
				const kind = random.weighed(KINDS);
				const gapMs = await failOver(cluster, load, kind, random);
				gaps[kind].push(gapMs);
				options.onFailover?.(kind, gapMs);
			}
			faults.push(...(await load.check()));
		} catch (error) {
			faults.push(`${(error as Error).stack}`);
		}
		tally(result, load);
		result.faults.push(...faults);
		await load.end(faults);
		await cluster.nodes.stop();
	}
}

/** @returns milliseconds for which no append was acknowledged */
async function failOver(cluster: Cluster, load: Load, kind: Kind, random: Random): Promise<number> {
	load.start();
	try {
		await load.acknowledged(20 + random.below(BEFORE_MAX));
		await lose(cluster, kind, random);
		await load.acknowledged(AFTER);
	} finally {
		await load.stop();
	}
	await cluster.database.whole();
	const ended = cluster.nodes.hosts.filter((host) => !cluster.nodes.isUp(host));
	if (ended.length > 0) throw new Error(`nodes ended: ${ended.map(({ name }) => name)}`);
	await cluster.nodes.ready();
	await cluster.front.ready();
	return load.longestGapMs;
}
