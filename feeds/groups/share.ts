/**
 * The share of a member: its partitions, how far it is in them, and what the server is to be told.
 * It knows the clock and no network; `member.ts` asks and tells.
 */
import {
	type AssignedGroup,
	type Assignment,
	type Holding,
	Membership,
	type Sent,
} from "./membership.ts";
import type { GroupHabits } from "./options.ts";
import { type Gained, Progress } from "./progress.ts";
import type { Checkpoint, Said } from "./requests.ts";

/** Called when there is something to tell the server, and when partitions or their end change. */
export type ShareNews = { readonly toTell: () => void; readonly changed: () => void };

export class Share {
	readonly progress = new Progress();
	/** The partition whose event the caller has. */
	inHand: number | undefined;
	/** What the server last said of the end of the stream. */
	head = { number: -1, heardMs: 0 };
	#membership: Membership | undefined;
	readonly #habits: GroupHabits;
	readonly #news: ShareNews;
	/** By the number of the partition: aborted when it is lost. */
	readonly #signals = new Map<number, AbortController>();
	/** Partitions that have come, and are not taken up yet. */
	#waiting: Holding[] = [];
	/** The last checkpoints of partitions that were given back. */
	#last: Checkpoint[] = [];

	constructor(habits: GroupHabits, news: ShareNews) {
		this.#habits = habits;
		this.#news = news;
	}

	get group(): AssignedGroup | undefined {
		return this.#membership?.group;
	}

	get revision(): number {
		return this.#membership?.revision ?? -1;
	}

	get hasNew(): boolean {
		return this.#waiting.length > 0;
	}

	/** Whether the server waits for partitions that were given up. */
	get hasReleases(): boolean {
		return (this.#membership?.releases().length ?? 0) > 0;
	}

	/** Begins anew, as a member that has just joined. */
	begin(joined: Assignment, sentMs: number): void {
		this.#membership = new Membership(joined);
		this.take(joined, { sentMs, isRenewal: true });
	}

	/** Takes in an answer of the server. */
	take(answer: Assignment, sent: Sent): void {
		const membership = this.#membership;
		if (!membership) return;
		const { end } = membership.group;
		const { gained, lost } = membership.take(answer, sent, performance.now());
		this.head = { number: answer.group.head, heardMs: performance.now() };
		for (const holding of lost) this.#lose(holding);
		for (const { partition } of gained) this.#signals.set(partition, new AbortController());
		this.#waiting.push(...gained);
		this.#tell(gained, lost);
		this.giveBack();
		if (gained.length > 0 || end !== membership.group.end) this.#news.changed();
	}

	/** Takes up the partitions that have come, from where the caller or the server says. */
	async takeUp(): Promise<void> {
		const waiting = this.#waiting.filter((one) => this.#has(one));
		this.#waiting = [];
		if (waiting.length === 0) return;
		const starts = await this.#habits.startsOf?.(waiting.map(shown));
		const gained: Gained[] = [];
		for (const holding of waiting) {
			// All before this division of the stream is handled, whatever the caller has of another one.
			const least = (this.group?.from ?? 0) - 1;
			const start = Math.max(starts?.get(holding.partition) ?? holding.at, least);
			// It may be lost by now.
			if (this.#has(holding)) gained.push({ holding, start });
		}
		if (gained.length > 0) this.progress.gain(gained);
	}

	/** What it has of a partition, if that may be handed out now. */
	holdingOf(partition: number): Holding | undefined {
		const holding = this.#membership?.holdings.get(partition);
		if (holding && holding.untilMs > performance.now()) return holding;
		// The event is passed: no checkpoint of a partition that is over may know of that.
		if (holding) this.expire();
		return undefined;
	}

	signalOf(partition: number): AbortSignal {
		return (this.#signals.get(partition) ?? new AbortController()).signal;
	}

	/**
	 * Gives up what is asked back, unless the caller has an event of it. Its last checkpoint is that
	 * of now: what is read from now on is not handed out.
	 */
	giveBack(): void {
		const membership = this.#membership;
		if (!membership) return;
		const leaving = [...membership.holdings.values()].filter(
			({ isLeaving, partition }) => isLeaving && partition !== this.inHand,
		);
		if (leaving.length === 0) return;
		this.#last.push(...this.progress.checkpoints(leaving));
		for (const holding of leaving) {
			membership.drop(holding.partition);
			this.#lose(holding);
		}
		this.#tell([], leaving);
		this.#news.toTell();
	}

	/** Gives up what is over, by the clock. @returns when the next one is; Infinity for never */
	expire(): number {
		const lost = this.#membership?.expire(performance.now()) ?? [];
		for (const holding of lost) this.#lose(holding);
		this.#tell([], lost);
		return this.#membership?.dueMs() ?? Infinity;
	}

	loseAll(): void {
		const lost = [...(this.#membership?.holdings.values() ?? [])];
		this.#membership?.holdings.clear();
		this.#last = [];
		for (const holding of lost) this.#lose(holding);
		this.#tell([], lost);
	}

	/** What the server does not know: how far the member is, and what it gave up. */
	toSay(): Said {
		const membership = this.#membership;
		if (!membership) return { checkpoints: [], released: [] };
		const checkpoints = this.progress.checkpoints(membership.holdings.values());
		return { checkpoints: [...this.#last, ...checkpoints], released: membership.releases() };
	}

	/** The server has heard that. @param handled how many events were handled when it was said */
	told({ checkpoints, released }: Said, handled: number): void {
		this.#membership?.released(released);
		this.#last = this.#last.filter((one) => !checkpoints.includes(one));
		this.progress.sent(checkpoints, handled);
	}

	#has({ partition, generation }: Holding): boolean {
		return this.#membership?.holdings.get(partition)?.generation === generation;
	}

	#lose({ partition }: Holding): void {
		this.#signals.get(partition)?.abort();
		this.#signals.delete(partition);
		this.progress.lose(partition);
	}

	#tell(gained: readonly Holding[], lost: readonly Holding[]): void {
		if (gained.length + lost.length === 0) return;
		const has = [...(this.#membership?.holdings.keys() ?? [])];
		this.#habits.onPartitions?.({ gained: gained.map(shown), lost: lost.map(shown), has });
	}
}

function shown({ partition, generation, at }: Holding) {
	return { partition, generation, at };
}
