/**
 * One group at work: the loop around `step`. It keeps the clock, has checkpoints written before
 * members hear that they count, and wakes members whose partitions change. A group without members
 * does nothing, and costs some memory.
 *
 * Leases are in memory. After a restart, members of before are none any more, and learn that with
 * their next request; but one that does not ask may believe in its partitions for one lease. So a
 * group gives out none until so long after the start of the server.
 */
import { isRefusal, Refusal } from "../errors.ts";
import { logFault, type OperatorLog } from "../observe/operator-log.ts";
import { type Assignment, assignmentIn } from "./assignment.ts";
import { type Definition, fixedDifference } from "./definition.ts";
import { nextLayout } from "./steps/next.ts";
import { type Hold, type Member, newState, type State } from "./steps/state.ts";
import { type Input, nextDueMs, type Output, type Said, step } from "./steps/step.ts";
import { type GroupStore, type Kept, keptFrom, type Reason, type Stored } from "./store.ts";
import { MemberWaits } from "./waits.ts";
import { GroupWriter } from "./writer.ts";

/** More than a group has partitions; those beyond wait until others go. */
const MEMBERS_MAX = 1024;
/** So many changes of shares cost one write. A restart leaves a gap of so many numbers at most. */
const GENERATIONS_AT_ONCE = 100;

export type Surroundings = { readonly store: GroupStore; readonly operatorLog: OperatorLog };
/** Who joins, and as what. */
export type Joining = { readonly id: string; readonly name: string; readonly login: string };

export class Group {
	readonly name: string;
	readonly #around: Surroundings;
	readonly #state: State;
	readonly #writer: GroupWriter;
	readonly #waits = new MemberWaits();
	#definition: Definition;
	#edition: number;
	#leaseMsMax: number;
	/** What the newest write says of generations, or is to say. */
	#reservedBefore: number;
	#reserving: Promise<void> | undefined;
	#movingOn: Promise<void> | undefined;
	#timer: NodeJS.Timeout | undefined;
	#isClosed = false;

	/** @param leasedMs until then, members of before may have got a lease */
	constructor(stored: Stored, leasedMs: number, around: Surroundings) {
		const { name, version, definition, edition, leaseMsMax, generationsBefore } = stored;
		this.name = name;
		this.#around = around;
		this.#definition = definition;
		this.#edition = edition;
		this.#leaseMsMax = leaseMsMax;
		this.#writer = new GroupWriter(name, version, around.store);
		this.#reservedBefore = generationsBefore;
		// Of a group that never gave out a partition, nobody can believe to have one.
		const closedMs = generationsBefore > 1 ? leasedMs + leaseMsMax : 0;
		this.#state = newState({ ...stored, leaseMs: definition.leaseMilliseconds }, closedMs);
	}

	/** How it is now. `checkpoints` may be ahead of the log by what is being written. */
	get kept(): Kept {
		const { layout, next, holds } = this.#state;
		return {
			definition: this.#definition,
			edition: this.#edition,
			leaseMsMax: this.#leaseMsMax,
			layout,
			next,
			generationsBefore: this.#reservedBefore,
			checkpoints: holds.map(({ at }) => at),
		};
	}

	/** The number of its newest event, or of the one that it is writing. */
	get version(): number {
		return this.#writer.version;
	}

	get isClosed(): boolean {
		return this.#isClosed;
	}

	members(): readonly Member[] {
		return [...this.#state.members.values()];
	}

	/** By the number of the partition. */
	holds(): readonly Readonly<Hold>[] {
		return this.#state.holds;
	}

	/**
	 * Makes a member, or finds the one of this id again: its client may not have got the answer.
	 * @throws Refusal `too-many-members`, `lease-lost` if another server has the group by now, and
	 *   those of an append
	 */
	async join(joining: Joining): Promise<Assignment> {
		const { members } = this.#state;
		if (members.size >= MEMBERS_MAX && !members.has(joining.id)) {
			throw new Refusal("too-many-members", { group: this.name, membersMax: MEMBERS_MAX });
		}
		this.#requireOpen(joining.id);
		const { needsGenerations } = this.#step({ kind: "join", ...joining });
		if (needsGenerations) await this.#reserve();
		return this.assignmentOf(joining.id);
	}

	/**
	 * Takes in what a member says, and gives it more time.
	 * @returns what it has now, and which partitions it spoke of and does not have
	 * @throws Refusal `lease-lost`, and those of an append
	 */
	async renew(id: string, said: Said): Promise<Assignment & { readonly lost: readonly number[] }> {
		this.#requireOpen(id);
		const output = this.#step({ kind: "renew", id, ...said });
		if (!output.isMember) throw this.#lost(id);
		if (output.hasProgress) this.#writer.noteChange();
		// Also for a member that says it again because the first write failed, or is under way.
		if (this.#writer.isBehind) await this.#write("$GroupCheckpoint");
		if (output.needsGenerations) await this.#reserve();
		return { ...this.assignmentOf(id), lost: output.lost };
	}

	/** @returns false if it was no member */
	leave(id: string): boolean {
		return !this.#isClosed && this.#step({ kind: "leave", id }).isMember;
	}

	/** @throws Refusal `lease-lost` */
	assignmentOf(id: string): Assignment {
		const member = this.#state.members.get(id);
		if (!member || this.#isClosed) throw this.#lost(id);
		return assignmentIn(this.#state, member, performance.now());
	}

	/**
	 * Waits, for some time at most, until a member has something else than in a revision. A member
	 * waits once at a time: another wait ends the first.
	 * @throws Refusal `lease-lost`
	 */
	async changeOf(id: string, revision: number, waitMs: number, gone: AbortSignal): Promise<void> {
		if (this.assignmentOf(id).member.revision !== revision) return;
		await this.#waits.wait(id, waitMs, gone);
	}

	/**
	 * Changes the number of partitions, or the lease.
	 * @throws Refusal `group-fixed`, `lease-lost` if another server has the group by now, and those
	 *   of an append
	 */
	async define(wanted: Definition): Promise<void> {
		const setting = fixedDifference(wanted, this.#definition);
		if (setting !== undefined) throw new Refusal("group-fixed", { group: this.name, setting });
		const { partitions, leaseMilliseconds: leaseMs } = wanted;
		await this.#writer.inTurn(async () => {
			const last = await this.#around.store.lastOf(this.#definition.stream);
			const definition = { ...this.#definition, partitions, leaseMilliseconds: leaseMs };
			const next = nextLayout(this.#state, partitions, last);
			const leaseMsMax = Math.max(this.#leaseMsMax, leaseMs);
			const edition = Math.max(this.#edition + 1, Date.now());
			await this.#append("$GroupDefined", { ...this.kept, definition, edition, leaseMsMax, next });
			this.#definition = definition;
			this.#edition = edition;
			this.#leaseMsMax = leaseMsMax;
			this.#step({ kind: "defined", leaseMs, next });
		});
		await this.#movingOn;
	}

	/**
	 * Sets all partitions to a number, also back: the first that is to be handled. Their owners keep
	 * them, in a new generation.
	 * @param startFrom as of a definition
	 * @throws Refusal `reader-position-ahead`, `lease-lost` as `define`, and those of an append
	 */
	async reset(startFrom: number): Promise<void> {
		await this.#writer.inTurn(async () => {
			const from = await this.#placeAt(startFrom);
			const used = Math.max(this.#reservedBefore, this.#state.generationsBefore);
			const generationsBefore = used + GENERATIONS_AT_ONCE;
			this.#reservedBefore = generationsBefore;
			await this.#append("$GroupReset", keptFrom(this.kept, from));
			this.#step({ kind: "reset", from, generationsBefore });
		});
		await this.#movingOn;
	}

	/** Lets go of everything. Members learn that they are none, and join again. */
	async close(): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		clearTimeout(this.#timer);
		this.#waits.wakeAll();
		await this.#writer.written();
	}

	/** @throws Refusal `reader-position-ahead` */
	async #placeAt(startFrom: number): Promise<number> {
		const { stream } = this.#definition;
		const last = await this.#around.store.lastOf(stream);
		if (startFrom <= last + 1) return startFrom === -1 ? last + 1 : startFrom;
		const at = startFrom - 1;
		throw new Refusal("reader-position-ahead", { name: this.name, stream, at, last });
	}

	#step(input: Input): Output {
		const now = performance.now();
		const output = step(this.#state, input, now);
		for (const id of output.changed) this.#waits.wake(id);
		if (output.isDrained) this.#moveOn();
		this.#plan(now);
		return output;
	}

	#plan(nowMs: number): void {
		clearTimeout(this.#timer);
		const due = nextDueMs(this.#state, nowMs);
		if (this.#isClosed || due === Infinity) return;
		this.#timer = setTimeout(() => this.#tick(), Math.max(0, Math.ceil(due - nowMs)));
		this.#timer.unref();
	}

	#tick(): void {
		const { needsGenerations } = this.#step({ kind: "tick" });
		if (needsGenerations) this.#reserve().catch((error) => this.#tell(error));
	}

	/** Has it written that more generations may be given out, and gives them out. */
	#reserve(): Promise<void> {
		this.#reserving ??= this.#reserveMore().finally(() => {
			this.#reserving = undefined;
		});
		return this.#reserving;
	}

	async #reserveMore(): Promise<void> {
		const before = this.#state.generation + 1 + GENERATIONS_AT_ONCE;
		this.#reservedBefore = Math.max(this.#reservedBefore, before);
		await this.#write("$GroupDefined");
		if (!this.#isClosed) this.#step({ kind: "reserved", before });
	}

	/** Nobody has a partition of the layout that has ended: the next one begins with a write. */
	#moveOn(): void {
		this.#movingOn ??= this.#writer
			.inTurn(() => this.#writeNext())
			.then((needsGenerations) => (needsGenerations ? this.#reserve() : undefined))
			.catch((error) => this.#tell(error))
			.finally(() => {
				this.#movingOn = undefined;
			});
	}

	/** @returns whether its partitions wait for generations */
	async #writeNext(): Promise<boolean> {
		const { next } = this.#state;
		// Somebody may have thought better of it.
		if (!next) return false;
		const checkpoints = new Array<number>(next.partitions).fill(next.from - 1);
		const kept = { ...this.kept, layout: next, next: undefined, checkpoints };
		await this.#append("$GroupDefined", kept);
		return this.#step({ kind: "moved-on", layout: next }).needsGenerations;
	}

	#write(reason: Reason): Promise<void> {
		return this.#writer.write(() => this.#append(reason, this.kept));
	}

	async #append(reason: Reason, kept: Kept): Promise<void> {
		if (!this.#isClosed && (await this.#writer.append(reason, kept))) return;
		void this.close();
		throw this.#lost("");
	}

	#requireOpen(id: string): void {
		if (this.#isClosed) throw this.#lost(id);
	}

	#lost(member: string): Refusal {
		return new Refusal("lease-lost", { group: this.name, member });
	}

	#tell(error: unknown): void {
		if (isRefusal(error, "lease-lost")) return;
		const { operatorLog } = this.#around;
		if (!isRefusal(error)) logFault(operatorLog, error);
		else {
			const facts = { group: this.name, reason: error.word };
			operatorLog.warn("the state of a group was not written", facts);
		}
	}
}
