/**
 * The log in a PostgreSQL database, behind any number of nodes.
 *
 *     append ─▶ queue ─▶ one transaction a group, which takes the end of the log
 *                             └─▶ follower: tells the listeners ─▶ session: tells other nodes
 *     read ───▶ reader, of the primary or a replica ─▶ follower: the listeners have heard of it
 */
import { Refusal } from "../../errors.ts";
import type { Position, StreamName, Version } from "../../event.ts";
import type {
	FileSizes,
	LogActivity,
	MeasuredLog,
	StandbyState,
} from "../../observe/numbers/log-activity.ts";
import type { Append, Appended, Commit, Deletion, Redaction, ScavengeStep } from "../commit.ts";
import type { Listeners } from "../listening/listeners.ts";
import type {
	HiddenReads,
	History,
	Log,
	NameRange,
	Range,
	Slice,
	Verification,
	VerifyWatch,
	VersionRange,
} from "../log.ts";
import type { AppendQueue } from "./appending/queue.ts";
import type { WriterConnection } from "./appending/writer.ts";
import { Database } from "./connection/database.ts";
import { ended } from "./connection/ending.ts";
import { isUnreachable, present, refusalOr } from "./connection/failures.ts";
import type { Erased, Eraser } from "./erasure/eraser.ts";
import type { Follower } from "./following/follower.ts";
import type { Session } from "./following/session.ts";
import type { Asking, Reads } from "./replica/reads.ts";
import type { HistoryGuard } from "./start/guard.ts";
import type { StandbyWatch } from "./start/standby.ts";
import * as sql from "./statements.ts";
import { VERIFYING, verifyDatabase } from "./verify/verifier.ts";

/** The appends that wait are written within this time, or the answer is that nobody knows. */
const CLOSE_MAX_MS = 10_000;

export type Parts = WritingParts & {
	readonly incarnation: number;
	readonly histories: readonly History[];
	readonly listeners: Listeners;
	readonly session: Session;
	readonly reads: Reads;
	readonly guard: HistoryGuard;
	readonly standby: StandbyWatch;
};

type WritingParts = {
	readonly database: Database;
	readonly connection: WriterConnection;
	readonly queue: AppendQueue;
	readonly follower: Follower;
	readonly eraser: Eraser;
	readonly clock: () => number;
};

export class PostgresLog implements Log, MeasuredLog {
	readonly incarnation: number;
	/** What `openLog` hands out beside the log. */
	readonly hidden: HiddenReads = { read: (range) => this.#read(range, true) };
	readonly #parts: Parts;
	#closing: Promise<void> | undefined;
	#probing: Promise<void> | undefined;

	constructor(parts: Parts) {
		this.incarnation = parts.incarnation;
		this.#parts = parts;
	}

	get activity(): LogActivity {
		return this.#parts.queue.activity;
	}

	standby(): StandbyState {
		return this.#parts.standby.state;
	}

	/** Of the tables of the log; its write-ahead log is that of the whole server. */
	async fileSizes(): Promise<FileSizes> {
		const { database } = this.#parts;
		try {
			const [row] = await database.rows(sql.SELECT_SIZE, [database.schema]);
			return { database: Number(present(row, "the size of the log").bytes), wal: undefined };
		} catch (error) {
			// Whoever measures goes on with the rest; what cannot be read is told where it is read.
			if (!isUnreachable(error)) throw refusalOr(error, "the size of its tables");
			return { database: undefined, wal: undefined };
		}
	}

	get erasures(): number {
		return this.#parts.follower.heard.erasures;
	}

	incarnationAt(position: Position): number {
		return this.#parts.histories.find(({ first }) => first <= position)?.incarnation ?? 1;
	}

	/** @param epoch of a write of the leader, see `leading.ts` */
	async append(append: Append, epoch?: number): Promise<Appended> {
		this.#refuse();
		return this.#parts.queue.write(append, epoch);
	}

	/** @param epoch as of `append` */
	async delete(deletion: Deletion, epoch?: number): Promise<Appended> {
		this.#refuse();
		return this.#parts.queue.write(deletion, epoch);
	}

	/** @param epoch as of `append` */
	async redact(redaction: Redaction, epoch?: number): Promise<void> {
		const { eraser, queue } = this.#parts;
		this.#refuse();
		const erased = await queue.alone((client, watch) => {
			return eraser.redact(client, { ...watch, epoch }, redaction);
		});
		await this.#erased(erased);
	}

	/** @param epoch as of `append` */
	async scavenge(from: number, epoch?: number): Promise<ScavengeStep> {
		const { eraser, queue, clock } = this.#parts;
		this.#refuse();
		const erased = await queue.alone((client, watch) => {
			return eraser.scavenge(client, { ...watch, epoch }, from, clock());
		});
		await this.#erased(erased);
		return erased.step;
	}

	read(range: Range): Promise<Slice> {
		return this.#read(range, false);
	}

	last(stream: StreamName): Promise<Version> {
		return this.#reading(`${stream} at its head`, (reader, onSeen) => reader.last(stream, onSeen));
	}

	locate(stream: StreamName, id: string): Promise<Version | undefined> {
		const part = `${stream} at ${id}`;
		return this.#reading(part, (reader, onSeen) => reader.locate(stream, id, onSeen));
	}

	names(range: NameRange): Promise<readonly StreamName[]> {
		const part = `the names of streams from '${range.from}' on`;
		return this.#reading(part, (reader, onSeen) => reader.names(range, onSeen));
	}

	bytesOf(versions: VersionRange): Promise<number> {
		const part = `events of stream '${versions.stream}'`;
		return this.#reading(part, (reader, onSeen) => reader.bytesOf(versions, onSeen));
	}

	/** Probes that come while one waits for its turn share its answer. */
	async writerAnswers(): Promise<void> {
		const { queue, database } = this.#parts;
		this.#refuse();
		this.#probing ??= queue.alone(async (client) => {
			this.#probing = undefined;
			await client.query(database.statement(sql.SELECT_END, []));
		});
		const probing = this.#probing;
		try {
			await probing;
		} finally {
			if (this.#probing === probing) this.#probing = undefined;
		}
	}

	onCommit(listener: (commit: Commit) => void): () => void {
		return this.#parts.listeners.add(listener);
	}

	/** On connections of its own: a read of everything keeps no request waiting. */
	async verify(watch?: VerifyWatch): Promise<Verification> {
		const database = new Database(this.#parts.database.address, VERIFYING);
		try {
			return await verifyDatabase(database, watch);
		} finally {
			await database.close();
		}
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #read(range: Range, hidden: boolean): Promise<Slice> {
		const begunMs = performance.now();
		const part = `${range.stream} at ${range.from}`;
		const slice = await this.#reading(part, (reader, onSeen) => {
			return reader.read(range, hidden, onSeen);
		});
		this.activity.readSeconds.observe((performance.now() - begunMs) / 1000);
		return slice;
	}

	/** @param part of the log that is read, in words for the operator */
	async #reading<T>(part: string, asking: Asking<T>): Promise<T> {
		this.#refuse();
		try {
			return await this.#parts.reads.ask(asking);
		} catch (error) {
			throw refusalOr(error, part);
		}
	}

	/** The listeners know of an erasure before its caller does. */
	async #erased({ taken, commit }: Erased): Promise<void> {
		if (!commit) return;
		const { follower, session } = this.#parts;
		// It stands: whoever reads hears of it, even if what lies between cannot be fetched.
		await follower.committed(taken, commit).catch(() => undefined);
		session.tell(follower.heard);
	}

	#refuse(): void {
		if (this.#closing) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		this.#parts.guard.refuseReplaced();
	}

	async #close(): Promise<void> {
		const { queue, connection, session, database, guard, reads } = this.#parts;
		await ended(queue.close(), () => void connection.close(), CLOSE_MAX_MS);
		await guard.note().catch(() => undefined);
		await Promise.all([session.close(), connection.close()]);
		await Promise.all([database.close(), reads.close()]);
	}
}
