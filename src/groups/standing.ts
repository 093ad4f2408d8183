/** How groups stand: for programs, pages and metrics. */
import type { StreamName } from "../event.ts";
import type { Lag, Lags } from "../following/lag.ts";
import type { Groups } from "./groups.ts";
import type { Stored } from "./store.ts";

export type GroupStanding = {
	readonly group: Stored;
	/** Everything up to this number is handled, whatever its partition; -1 for nothing. */
	readonly at: number;
	/** Of the partition that is furthest behind. */
	readonly lag: Lag;
	readonly members: readonly MemberStanding[];
	/** By number. */
	readonly partitions: readonly PartitionStanding[];
};

export type MemberStanding = {
	/** As it calls itself, or else a part of its id. */
	readonly name: string;
	readonly login: string;
	readonly partitions: number;
	/** Until its lease is over. */
	readonly leftMs: number;
};

export type PartitionStanding = {
	readonly partition: number;
	readonly at: number;
	/** Numbers of the stream beyond it: at most so many events, of all partitions. */
	readonly lagEvents: number;
	/** As its member is called; undefined for none. */
	readonly member: string | undefined;
	readonly generation: number;
	readonly isLeaving: boolean;
};

/** For one visitor. Each member refuses as the request for programs does. */
export interface ShownGroups {
	/** Those of streams that the visitor may read, in the order of their names. */
	list(part: Part): Promise<GroupList>;
	/** @throws Refusal `unauthorized`, `group-not-found` */
	standing(name: string): Promise<GroupStanding>;
	/** @param given as a request has it @throws Refusal `resource-changed` for one that is there */
	create(name: string, given: ReadonlyMap<string, unknown>): Promise<void>;
	/** Gives it another number of partitions. */
	change(name: string, partitions: number): Promise<void>;
	/** Sets it to another place: the first number to be handled; -1 for the end. */
	reset(name: string, startFrom: number): Promise<void>;
	remove(name: string): Promise<void>;
}

export type Part = { readonly offset: number; readonly count: number };
export type GroupList = {
	/** All, without regard to the part. */
	readonly total: number;
	readonly standings: readonly GroupStanding[];
};

type Parts = { readonly groups: Groups; readonly lags: Lags };
const ID_CHARACTERS = 8;

/** Those that somebody may see, in the order of their names. @throws Refusal as a read */
export async function listGroups(
	parts: Parts,
	may: (stream: StreamName) => boolean | Promise<boolean>,
	{ offset, count }: Part,
): Promise<GroupList> {
	const seen: Stored[] = [];
	for (const one of await parts.groups.all()) {
		if (await may(one.definition.stream)) seen.push(one);
	}
	const standings: GroupStanding[] = [];
	for (const one of seen.slice(offset, offset + count)) {
		standings.push(await groupStanding(parts, one));
	}
	return { total: seen.length, standings };
}

/** @throws Refusal as a read */
export async function groupStanding(
	{ groups, lags }: Parts,
	group: Stored,
): Promise<GroupStanding> {
	const { stream } = group.definition;
	const at = leastOf(group);
	const lag = await lags.of(stream, at);
	const last = await lags.lastOf(stream);
	const loaded = await groups.loaded(group.name);
	const now = performance.now();
	const holds = loaded?.holds() ?? [];
	const names = new Map<string, string>();
	for (const { id, name } of loaded?.members() ?? []) {
		names.set(id, name === "" ? id.slice(0, ID_CHARACTERS) : name);
	}
	const has = (id: string) => holds.filter(({ owner }) => owner === id).length;
	return {
		group,
		at,
		lag,
		members: (loaded?.members() ?? []).map(({ id, login, untilMs }) => ({
			name: names.get(id) ?? id,
			login,
			partitions: has(id),
			leftMs: Math.max(0, Math.round(untilMs - now)),
		})),
		partitions: group.checkpoints.map((at, partition) => {
			const { owner, generation = 0, isLeaving = false } = holds[partition] ?? {};
			const member = owner === undefined ? undefined : names.get(owner);
			const lagEvents = Math.max(0, last - at);
			return { partition, at, lagEvents, member, generation, isLeaving };
		}),
	};
}

/** The place of the partition that is furthest behind. */
export function leastOf({ checkpoints }: Pick<Stored, "checkpoints">): number {
	return checkpoints.reduce((least, at) => Math.min(least, at), Infinity);
}
