/**
 * All groups of a log. What the log says of them is in memory once somebody has asked; a group is
 * loaded when its first member joins, and then stays.
 */
import { Refusal } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { OperatorLog } from "../observe/operator-log.ts";
import { tryCriterion } from "../pages/criterion.ts";
import { type Definition, groupStream } from "./definition.ts";
import { Group } from "./group.ts";
import { GroupStore, type Stored } from "./store.ts";

/** Each costs about a kilobyte, and more once it is used. */
const GROUPS_MAX = 10_000;
/** Two that change a group at the same time, over and over, would be a mistake of theirs. */
const TRIES_MAX = 10;

/** The condition under which a group is made or changed; see `http/conditions/tags.ts`. */
export type Expected = {
	readonly holds: (tag: string | undefined) => boolean;
	readonly precondition: string;
};

export class Groups {
	readonly #around: { readonly store: GroupStore; readonly operatorLog: OperatorLog };
	readonly #store: GroupStore;
	readonly #loaded = new Map<string, Promise<Group>>();
	/** What was read of groups, until the log says something new of them. */
	readonly #stored = new Map<string, Stored>();
	readonly #stopListening: () => void;
	#names: Set<string> | undefined;
	/** How often the log said something new of any group. */
	#heard = 0;
	/** Until then, members of groups that are not loaded may have got a lease. */
	#leasedMs = performance.now();
	/** Groups are made, changed and deleted one after another. */
	#changing: Promise<unknown> = Promise.resolve();
	#isClosed = false;

	constructor({ log, operatorLog }: { readonly log: Log; readonly operatorLog: OperatorLog }) {
		this.#store = new GroupStore(log);
		this.#around = { store: this.#store, operatorLog };
		const prefix = groupStream("");
		this.#stopListening = log.onCommit(({ streams, marked }) => {
			for (const [stream, version] of streams) {
				if (stream.startsWith(prefix)) this.#hear(stream.slice(prefix.length), version);
			}
			for (const stream of marked) {
				if (stream.startsWith(prefix)) this.#hear(stream.slice(prefix.length), -1);
			}
		});
	}

	/**
	 * Makes a group, or changes one.
	 * @returns how it is now, and whether it was made
	 * @throws Refusal `invalid-filter`, `resource-changed`, `group-fixed`, `too-many-groups`, and
	 *   those of an append
	 */
	define(
		name: string,
		definition: Definition,
		expected: Expected | undefined,
	): Promise<{ stored: Stored; isNew: boolean }> {
		return this.#change(async () => {
			const known = await this.find(name);
			checkExpected(name, known, expected);
			if (!known) tryCriterion(definition.filter);
			if (!known) await this.#make(name, definition);
			else await (await this.get(name)).define(definition);
			return { stored: await this.require(name), isNew: !known };
		});
	}

	/**
	 * Sets a group to another place.
	 * @returns how it is now
	 * @throws Refusal `group-not-found`, `resource-changed`, and as `Group.reset`
	 */
	reset(name: string, startFrom: number, expected: Expected | undefined): Promise<Stored> {
		return this.#change(async () => {
			checkExpected(name, await this.require(name), expected);
			await (await this.get(name)).reset(startFrom);
			return this.require(name);
		});
	}

	/** @throws Refusal `group-not-found`, `resource-changed`, and those of an append */
	remove(name: string, expected: Expected | undefined): Promise<void> {
		return this.#change(async () => {
			checkExpected(name, await this.require(name), expected);
			await this.#store.remove(name);
			await this.#unload(name);
		});
	}

	/** @throws Refusal `group-not-found`, `shutting-down`, and those of a read */
	async get(name: string): Promise<Group> {
		for (let tries = 1; ; tries++) {
			if (this.#isClosed) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
			const group = await (this.#loaded.get(name) ?? this.#load(name));
			if (!group.isClosed || tries === TRIES_MAX) return group;
			// Another server over this log has changed it.
			await this.#unload(name);
		}
	}

	/** @throws Refusal `group-not-found`, and those of a read */
	async require(name: string): Promise<Stored> {
		const found = await this.find(name);
		if (found) return found;
		throw new Refusal("group-not-found", { group: name });
	}

	/** How a group is, without loading it. @throws Refusal as a read */
	async find(name: string): Promise<Stored | undefined> {
		const group = await this.#loaded.get(name)?.catch(() => undefined);
		if (group && !group.isClosed) return { ...group.kept, name, version: group.version };
		const stored = this.#stored.get(name);
		if (stored) return stored;
		const heard = this.#heard;
		const found = await this.#store.read(name);
		// What was heard of meanwhile may be newer.
		if (found && heard === this.#heard) this.#stored.set(name, found);
		return found;
	}

	/** All, in the order of their names. @throws Refusal as a read */
	async all(): Promise<Stored[]> {
		const names = this.#names ?? new Set(await this.#store.names());
		this.#names = names;
		const all: Stored[] = [];
		for (const name of [...names].sort()) {
			const found = await this.find(name);
			if (found) all.push(found);
			// It comes back with its next event.
			else names.delete(name);
		}
		return all;
	}

	/** A group that has or had members since the server started; undefined for others. */
	async loaded(name: string): Promise<Group | undefined> {
		const group = await this.#loaded.get(name)?.catch(() => undefined);
		return group?.isClosed ? undefined : group;
	}

	/** Forgets all members: of several servers over the log, another one leads now, or this one. */
	async restart(): Promise<void> {
		this.#leasedMs = performance.now();
		await Promise.all([...this.#loaded.keys()].map((name) => this.#unload(name)));
	}

	/** Ends all waits. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#stopListening();
		await this.#changing.catch(() => undefined);
		await this.restart();
	}

	async #make(name: string, definition: Definition): Promise<void> {
		if ((await this.all()).length >= GROUPS_MAX) {
			throw new Refusal("too-many-groups", { groupsMax: GROUPS_MAX });
		}
		const { stream, partitions, startFrom, leaseMilliseconds } = definition;
		const from = startFrom === -1 ? (await this.#store.lastOf(stream)) + 1 : startFrom;
		const kept = {
			definition,
			edition: Date.now(),
			leaseMsMax: leaseMilliseconds,
			layout: { partitions, from },
			next: undefined,
			// Members of one of that name that was deleted may not know it yet.
			generationsBefore: (await this.#store.describe(name)) ? 1 : 2,
			checkpoints: new Array<number>(partitions).fill(from - 1),
		};
		await this.#store.write(name, kept, await this.#store.last(name), "$GroupDefined");
	}

	#change<T>(work: () => Promise<T>): Promise<T> {
		const changed = this.#changing.then(work);
		this.#changing = changed.catch(() => undefined);
		return changed;
	}

	#hear(name: string, version: number): void {
		this.#heard++;
		this.#names?.add(name);
		this.#stored.delete(name);
		const loading = this.#loaded.get(name);
		loading?.then(
			(group) => {
				if (version > group.version) void this.#unload(name);
			},
			() => undefined,
		);
	}

	#load(name: string): Promise<Group> {
		const loading = this.#store.read(name).then((stored) => {
			if (!stored) throw new Refusal("group-not-found", { group: name });
			return new Group(stored, this.#leasedMs, this.#around);
		});
		this.#loaded.set(name, loading);
		loading.catch(() => this.#loaded.get(name) === loading && this.#loaded.delete(name));
		return loading;
	}

	async #unload(name: string): Promise<void> {
		const loading = this.#loaded.get(name);
		if (!loading) return;
		this.#loaded.delete(name);
		const group = await loading.catch(() => undefined);
		this.#leasedMs = performance.now();
		await group?.close();
	}
}

/** The tag of a group in an edition of its definition. */
export function groupTag({ edition }: Pick<Stored, "edition">): string {
	return `"${edition}"`;
}

function checkExpected(
	name: string,
	known: Stored | undefined,
	expected: Expected | undefined,
): void {
	if (!expected || expected.holds(known && groupTag(known))) return;
	const { precondition } = expected;
	const current = known ? groupTag(known) : "";
	throw new Refusal("resource-changed", { resource: `group ${name}`, precondition, current });
}
