/**
 * Everything dies at random, under the load of the crash tests: nodes, PostgreSQL, whole hosts, and
 * the network between any two. What died comes back at the end of a round.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Counts, noCounts } from "../../durability/torture/history.ts";
import { tally } from "../../durability/torture/kill.ts";
import type { Random } from "../../durability/torture/random.ts";
import { Cluster } from "../hosts/cluster.ts";
import type { Host } from "../hosts/network.ts";
import { Load } from "./load.ts";

/** How often each is chosen. */
const BLOWS = {
	killNode: 4,
	pauseNode: 2,
	killPostgres: 4,
	cutPower: 2,
	cut: 6,
	isolate: 2,
} as const;

export type Blow = keyof typeof BLOWS;

export type TortureResult = Counts & {
	rounds: number;
	readonly blows: Record<Blow, number>;
	events: number;
	readByFollowers: number;
	readonly faults: string[];
};

export type TortureOptions = {
	readonly random: Random;
	readonly goesOn: (rounds: number) => boolean;
	readonly onRound: (blows: readonly string[]) => void;
};

const PER_LIFE = 5;
const BLOWS_MAX = 4;
const PAUSE_MS_MAX = 4000;
const BEFORE_MAX = 60;
const AFTER = 40;

export async function tortureCluster(options: TortureOptions): Promise<TortureResult> {
	const { random, goesOn, onRound } = options;
	const blows = { killNode: 0, pauseNode: 0, killPostgres: 0, cutPower: 0, cut: 0, isolate: 0 };
	const faults: string[] = [];
	const result = { ...noCounts(), rounds: 0, blows, events: 0, readByFollowers: 0, faults };
	const cluster = await Cluster.start();
	try {
		while (goesOn(result.rounds) && faults.length === 0) await live();
	} catch (error) {
		faults.push(`after ${result.rounds} rounds: ${(error as Error).stack}`);
	} finally {
		cluster.close(faults.length > 0);
	}
	return result;

	async function live(): Promise<void> {
		const load = await Load.begin(cluster, await cluster.begin(), random.branch());
		const found: string[] = [];
		try {
			for (let done = 0; done < PER_LIFE && goesOn(result.rounds); done++) {
				const dealt = await round(cluster, load, random);
				for (const { blow } of dealt) blows[blow]++;
				result.rounds++;
				onRound(dealt.map(({ words }) => words));
			}
			found.push(...(await load.check()));
		} catch (error) {
			found.push(`${(error as Error).stack}`);
		}
		tally(result, load);
		faults.push(...found);
		await load.end(found);
		await cluster.nodes.stop();
	}
}

type Dealt = { readonly blow: Blow; readonly words: string; readonly heal: () => void };

async function round(cluster: Cluster, load: Load, random: Random): Promise<Dealt[]> {
	const dealt: Dealt[] = [];
	load.start();
	try {
		await load.acknowledged(10 + random.below(BEFORE_MAX));
		for (let left = 1 + random.below(BLOWS_MAX); left > 0; left--) {
			dealt.push(deal(cluster, random));
			await sleep(random.below(PAUSE_MS_MAX));
		}
		for (const { heal } of dealt.toReversed()) heal();
		for (const host of cluster.nodes.hosts) {
			if (!cluster.nodes.isUp(host)) cluster.nodes.startNode(host);
		}
		await load.acknowledged(AFTER);
	} finally {
		await load.stop();
	}
	await cluster.database.whole();
	await cluster.nodes.ready();
	await cluster.front.ready();
	return dealt;
}

function deal(cluster: Cluster, random: Random): Dealt {
	const { nodes, database, network, front } = cluster;
	const blow = random.weighed(BLOWS);
	const told = (words: string, heal: () => void = () => undefined) => ({ blow, words, heal });
	switch (blow) {
		case "killNode": {
			const host = random.pick(nodes.hosts);
			nodes.kill(host);
			return told(`${host.name} killed`);
		}
		case "pauseNode": {
			const host = random.pick(nodes.hosts);
			nodes.pause(host);
			return told(`${host.name} paused`, () => nodes.goOn(host));
		}
		case "killPostgres": {
			const host = random.pick(database.hosts);
			host.signal("SIGKILL", database.postgresOf(host));
			return told(`PostgreSQL on ${host.name} killed`);
		}
		case "cutPower": {
			const host = random.pick(database.hosts);
			database.cutPower(host);
			return told(`the power of ${host.name} cut`, () => {
				if (host.pids().length === 0) database.startHost(host);
			});
		}
		case "cut": {
			const [one, other] = pair([...network.hosts.values()], random);
			network.cut(one, other);
			return told(`${one.name} and ${other.name} cut`, () => network.mend(one, other));
		}
		default: {
			const all = [...network.hosts.values()].filter((host) => host !== front.host);
			const host = random.pick(all);
			network.isolate(host);
			return told(`${host.name} cut off`, () => network.join(host));
		}
	}
}

function pair(hosts: readonly Host[], random: Random): [Host, Host] {
	const one = random.pick(hosts);
	return [one, random.pick(hosts.filter((host) => host !== one))];
}
