/** The ways in which a primary is lost, and how each ends: with another one, and all hosts back. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../durability/torture/random.ts";
import type { Cluster } from "../hosts/cluster.ts";
import type { Host } from "../hosts/network.ts";
import { until } from "../hosts/until.ts";

/** How often each is chosen. */
export const KINDS = { crash: 4, power: 3, cut: 3, switchover: 3, hang: 2, both: 1 } as const;

export const KIND_WORDS: Readonly<Record<Kind, string>> = {
	crash: "PostgreSQL killed with -9; Patroni beside it lives",
	power: "the power of its host cut: what nobody synced is gone",
	cut: "its network cut, until another one is primary",
	switchover: "an operator hands over",
	hang: "all of its host stopped, until another one is primary",
	both: "the power of its host and of the synchronous standby's cut",
};

export type Kind = keyof typeof KINDS;

/** Between two primaries that die together, nobody may take over whom both left behind. */
const BOTH_MS_MAX = 6000;

/** Loses the primary, and brings back what can be brought back once another host is primary. */
export async function lose(cluster: Cluster, kind: Kind, random: Random): Promise<void> {
	const { database, network } = cluster;
	const primary = await database.primary();
	const [standby] = await database.synchronous();
	if (!standby) throw new Error("there is no synchronous standby");
	switch (kind) {
		case "crash":
			primary.signal("SIGKILL", database.postgresOf(primary));
			return another(cluster, primary);
		case "power":
			database.cutPower(primary);
			await another(cluster, primary);
			return database.startHost(primary);
		case "cut":
			network.isolate(primary);
			await another(cluster, primary);
			return network.join(primary);
		case "switchover":
			await database.switchOver(primary, standby);
			return another(cluster, primary);
		case "hang": {
			const stopped = primary.pids();
			primary.signal("SIGSTOP", stopped);
			await another(cluster, primary);
			return primary.signal("SIGCONT", stopped);
		}
		default:
			return loseBoth(cluster, [primary, standby], random);
	}
}

async function another({ database }: Cluster, old: Host): Promise<void> {
	await until(`another primary than ${old.name}`, async () => (await database.primary()) !== old);
}

/** The third host does not have all that was acknowledged: it must wait for one of the two. */
async function loseBoth(
	{ database }: Cluster,
	both: readonly Host[],
	random: Random,
): Promise<void> {
	for (const host of both) database.cutPower(host);
	const untilMs = performance.now() + random.below(BOTH_MS_MAX);
	while (performance.now() < untilMs) {
		const taken = await database.primary().catch(() => undefined);
		if (taken) throw new Error(`${taken.name} became primary without what was acknowledged`);
		await sleep(200);
	}
	const first = random.pick(both);
	database.startHost(first);
	await sleep(random.below(BOTH_MS_MAX));
	for (const host of both) if (host !== first) database.startHost(host);
	await until("one of both is primary", async () => both.includes(await database.primary()));
}
