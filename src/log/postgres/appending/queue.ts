/**
 * What waits for the writer's connection: appends and deletes, which go together in one transaction
 * (group commit), and work that needs one of its own, such as an erasure.
 *
 *     write()  ──▶ waiting ──▶ in flight ──▶ answered
 *                     └─ full: refused `overloaded`
 *
 * If the database cannot be reached, all that wait are refused, and nothing of it was written. If
 * the connection is lost during a commit, nobody knows; `request-timeout` says so, and a repeat
 * with the same ids tells.
 */
import type pg from "pg";
import type { Frontier } from "../../../../feeds/proof/frontier.ts";
import { isRefusal, Refusal } from "../../../errors.ts";
import { LogActivity } from "../../../observe/numbers/log-activity.ts";
import type { Append, Appended, Commit, Deletion } from "../../commit.ts";
import type { LogLimits } from "../../limits.ts";
import type { Database } from "../connection/database.ts";
import { type Answer, failureOf, isUnreachable, Unknown } from "../connection/failures.ts";
import type { Follower } from "../following/follower.ts";
import type { Heard } from "../following/heard.ts";
import { ROLLBACK } from "../statements.ts";
import { takeGroup, type Waiting, type Work } from "./gathering.ts";
import { asIfHeard, type GroupResult, writeGroup } from "./group.ts";
import { KnownLog } from "./known.ts";
import { prepared } from "./rows.ts";
import type { CommitWatch } from "./transaction.ts";
import type { WriterConnection, Writing } from "./writer.ts";

/** What an append takes in memory beside its content. */
const APPEND_BYTES = 512;
/** Work of its own that waits: erasures and imports come one by one. */
const ALONE_MAX = 100;
const RETRY_SECONDS = 1;

/** @param lost the fault of the first time, if nobody knows what came of it */
type Sent<T> = (writing: Writing, lost?: Unknown) => Promise<T>;

export type QueueParts = {
	readonly database: Database;
	readonly connection: WriterConnection;
	readonly follower: Follower;
	readonly limits: LogLimits;
	readonly clock: () => number;
	/** Called after each commit with the new end of the log, to tell other nodes. */
	readonly onCommit: () => void;
};

export class AppendQueue {
	readonly activity = new LogActivity();
	readonly #parts: QueueParts;
	readonly #known = new KnownLog();
	readonly #waiting: (Waiting | Work)[] = [];
	#running: Promise<void> | undefined;
	#settled: Promise<void> = Promise.resolve();
	#isClosing = false;

	constructor(parts: QueueParts) {
		this.#parts = parts;
	}

	/** @param epoch of a write of the leader, see `PreparedWrite` */
	async write(write: Append | Deletion, epoch?: number): Promise<Appended> {
		const given = "events" in write ? write.events : [];
		let bytes = APPEND_BYTES;
		for (const { data, metadata } of given) bytes += data.length + metadata.length + APPEND_BYTES;
		this.#refuseClosing();
		this.#refuseFull(bytes);
		this.activity.enter(bytes);
		const events = given.map(prepared);
		return new Promise((resolve, reject) => {
			const sinceMs = performance.now();
			const one = { prepared: { write, events, epoch }, bytes, sinceMs, resolve, reject };
			this.#put(one);
		});
	}

	/**
	 * Runs work in a transaction of its own, behind all that waits.
	 * @throws Refusal `overloaded`, `shutting-down`
	 */
	async alone<T>(work: (client: pg.Client, watch: CommitWatch) => Promise<T>): Promise<T> {
		this.#refuseClosing();
		if (this.#waiting.filter((one) => "run" in one).length >= ALONE_MAX) {
			throw overloaded(ALONE_MAX);
		}
		return new Promise((resolve, reject) => {
			const run = async (writing: Writing) => {
				resolve(await work(writing.client, this.#watchOf(writing)));
			};
			this.#put({ run, fail: reject });
		});
	}

	/** Lets the waiting appends be written. */
	async close(): Promise<void> {
		this.#isClosing = true;
		while (this.#running) await this.#running;
		await this.#settled;
	}

	#put(one: Waiting | Work): void {
		this.#waiting.push(one);
		this.#running ??= this.#run();
	}

	/** From the end of this turn of the event loop on, so that all its appends share a commit. */
	async #run(): Promise<void> {
		await new Promise(setImmediate);
		while (this.#waiting.length > 0) {
			const [next] = this.#waiting;
			if (next && "run" in next) {
				this.#waiting.shift();
				await this.#runWork(next);
			} else await this.#writeGroup(takeGroup(this.#waiting));
		}
		this.#running = undefined;
	}

	/** Ends when the connection is free; the answers may wait for the listeners meanwhile. */
	async #writeGroup(group: Waiting[]): Promise<void> {
		const begunMs = performance.now();
		const { database, clock, connection, follower } = this.#parts;
		const writes = () => group.map((one) => one.prepared);
		const gather = () => {
			takeGroup(this.#waiting, group);
			return writes();
		};
		const work = this.#connected(
			async (writing, lost) => {
				const heard = follower.heard.next;
				const how = { known: this.#known, watch: this.#watchOf(writing), gather, heard };
				connection.replan(writing, heard);
				const result = await writeGroup(database, writing.client, writes(), clock(), how);
				return lost ? asIfHeard(result, lost) : result;
			},
			() => writes().every(({ write }) => "events" in write),
		);
		const settled = work.then(
			(result) => this.#settle(group, result, begunMs),
			(error) => this.#fail(group, error),
		);
		follower.expect(settled);
		this.#settled = settled;
		await work.catch(() => undefined);
	}

	async #settle(group: Waiting[], result: GroupResult, begunMs: number): Promise<void> {
		const { onCommit } = this.#parts;
		const { answers, taken, commit, others, frontier, bytes, syncMs } = result;
		if (commit) {
			// What lies before it is as durable as it is.
			if (others?.commit) await this.#tell(others.taken, others.commit, others.frontier);
			const events = commit.last + 1 - taken.next;
			const commitMs = performance.now() - begunMs;
			this.activity.noteCommit({ appends: group.length, events, bytes, commitMs, syncMs });
			await this.#tell(taken, commit, frontier);
			onCommit();
		}
		for (const [index, waiting] of group.entries()) {
			const answer = answers[index] as Answer;
			this.#leave(waiting, answer);
			if (isRefusal(answer)) waiting.reject(answer);
			else waiting.resolve(answer);
		}
	}

	/** It is on disk: whoever reads hears of it, even if what lies between cannot be fetched. */
	async #tell(taken: Heard, commit: Commit, frontier: Frontier): Promise<void> {
		await this.#parts.follower.committed(taken, commit, frontier).catch(() => undefined);
	}

	#fail(group: readonly Waiting[], cause: unknown): void {
		const error = failureOf(cause, group[0]?.sinceMs);
		for (const waiting of group) {
			this.#leave(waiting, undefined);
			waiting.reject(error);
		}
		if (isRefusal(error, "database-unreachable")) this.#refuseWaiting(error);
	}

	/** Nobody knows for how long; clients ask again. */
	#refuseWaiting(error: Refusal): void {
		for (const one of this.#waiting.splice(0)) {
			if ("run" in one) one.fail(error);
			else {
				this.#leave(one, undefined);
				one.reject(error);
			}
		}
	}

	async #runWork(work: Work): Promise<void> {
		const begunMs = performance.now();
		try {
			await this.#connected((writing) => {
				const running = work.run(writing);
				this.#parts.follower.expect(running);
				return running;
			});
		} catch (error) {
			work.fail(failureOf(error, begunMs));
		}
	}

	/**
	 * If the connection is lost before the commit, nothing was written, and the work is done again on
	 * a new one: a server that has started anew has ended the old one. The same with appends if it is
	 * lost during the commit: they have ids, so those that stand are found, and answered as if the
	 * commit had been heard of. The old server may still be at it, and holds the end of the log until
	 * it is through.
	 */
	async #connected<T>(work: Sent<T>, repeats = () => false): Promise<T> {
		try {
			return await this.#once(work);
		} catch (error) {
			const isUnknown = error instanceof Unknown;
			const isFound = isUnknown ? repeats() && error.isLost : isUnreachable(error);
			if (!isFound) throw error;
			try {
				return await this.#once((writing) => work(writing, isUnknown ? error : undefined));
			} catch (again) {
				// What came of the first time is as unknown as before.
				const isAway = isUnreachable(again) || isRefusal(again, "database-unreachable");
				throw isUnknown && isAway ? error : again;
			}
		}
	}

	/** Whatever fails, the connection is free of a transaction afterwards, or let go. */
	async #once<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
		const { connection, follower } = this.#parts;
		const writing = await connection.get();
		try {
			return await work(writing);
		} catch (error) {
			// A standby was waited for, and what was written may be visible without it.
			if (error instanceof Unknown && !error.isLost) follower.replication.isAwaited = true;
			if (error instanceof Unknown || isUnreachable(error)) connection.discard(writing.client);
			else await writing.client.query(ROLLBACK).catch(() => connection.discard(writing.client));
			throw error;
		}
	}

	#watchOf({ warnings }: Writing): CommitWatch {
		return { ...this.#parts.connection.demands, takeWarnings: () => warnings.splice(0) };
	}

	#leave({ bytes, sinceMs }: Waiting, answer: Appended | Refusal | undefined): void {
		const { waiting, appends, appendSeconds } = this.activity;
		waiting.appends--;
		waiting.bytes -= bytes;
		appendSeconds.observe((performance.now() - sinceMs) / 1000);
		if (answer === undefined || isRefusal(answer)) appends.refused++;
		else appends[answer.repeated ? "repeated" : "written"]++;
	}

	#refuseClosing(): void {
		if (this.#isClosing) throw new Refusal("shutting-down", { retryAfterSeconds: RETRY_SECONDS });
	}

	/** An append that would wait alone is never too large: the limit of a request bounds it. */
	#refuseFull(bytes: number): void {
		const { appendQueueMax, appendQueueBytesMax } = this.#parts.limits;
		const held = this.activity.waiting;
		const isLong = held.appends >= appendQueueMax;
		if (!isLong && (held.appends === 0 || held.bytes + bytes <= appendQueueBytesMax)) return;
		const limit = isLong ? appendQueueMax : appendQueueBytesMax;
		throw overloaded(limit);
	}
}

function overloaded(limit: number): Refusal {
	return new Refusal("overloaded", { queue: "append", limit, retryAfterSeconds: RETRY_SECONDS });
}
