/**
 * Erases content of the log, in the writer's thread and on its connection. Its transactions run
 * between those of the appends.
 *
 * Erased bytes are overwritten, not only unlinked: the connection's `secure_delete` writes zeros
 * over them in the database. The WAL holds older copies of these pages. So after a run or a
 * redaction a WAL checkpoint moves it into the database and cuts it to nothing. A read of an old
 * snapshot can block that; then the eraser tries again until it is done. If the process ends
 * before, the next start does it: its migration is the only connection, and so removes the WAL.
 */
import type Database from "better-sqlite3";
import { isRefusal } from "../../../errors.ts";
import type { StreamName } from "../../../event.ts";
import { isIndexStream } from "../../../indexes/joins.ts";
import { isErasable } from "../../../retention/erasable.ts";
import { FLAG_REDACTED, FLAG_SCAVENGED } from "../../appending/flags.ts";
import type { Redaction, ScavengeStep } from "../../log.ts";
import { isRedactionDue } from "../../redaction.ts";
import { Contradiction, failureOf, isDiskFull, isSyncFailure, present } from "../failures.ts";
import type { Denied } from "../protocol.ts";
import * as sql from "../statements.ts";
import type { StreamRow } from "../streams/rows.ts";
import { StreamStates } from "../streams/stream-states.ts";
import { Gaps } from "./gaps.ts";
import { Packing } from "./packing.ts";

export type ErasureRequest =
	| { readonly redact: Redaction }
	/** @param now the time by the log's clock, which `$maxAge` goes by */
	| { readonly scavenge: number; readonly now: number };

/** The answer to an erasure. */
export type ErasureResult = {
	readonly step?: ScavengeStep | undefined;
	readonly denied?: Denied | undefined;
	/** The last position of the log. */
	readonly last: number;
	/** The streams whose events were erased. */
	readonly marked: readonly StreamName[];
	/** The new count, if anything was erased. */
	readonly erasures?: number | undefined;
};

/**
 * An append that comes meanwhile waits for one step: some 10 ms. Most of that is the fsync, which
 * appends also have.
 */
const STEP_EVENTS_MAX = 500;
/** Overwriting is as slow as writing: a step of large events takes no longer than one of small. */
const STEP_BYTES_MAX = 4 * 1024 * 1024;
/** Streams a step looks at, nearly all of which have nothing to erase. */
const STEP_STREAMS_MAX = 1000;
/** How long appends may wait for a read that blocks the cutting of the WAL. */
const CUT_WAIT_MS = 100;
/** A verify or a backup reads for minutes. */
const CUT_AGAIN_MS = 5000;

/** A step from here on is one of packing, and the rest of the number a position. */
const PACKING_FROM = 2 ** 40;

const SCAVENGED_BEFORE = "an event was scavenged, and is noted as one that was not";

type ScavengeRow = {
	position: number;
	version: number;
	created: number;
	flags: number;
	bytes: number;
};
type ErasureWork = {
	readonly marked: StreamName[];
	/** Whether there is something to commit although nothing was erased. */
	readonly changed?: boolean;
	readonly step?: ScavengeStep;
};
type StepBudget = { events: number; bytes: number };

export class Eraser {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #states: StreamStates;
	readonly #gaps: Gaps;
	readonly #packing: Packing;
	#cutting: NodeJS.Timeout | undefined;

	/** @param database the appender's */
	constructor(database: Database.Database) {
		this.#database = database;
		this.#statements = prepare(database);
		this.#states = new StreamStates(database);
		this.#gaps = new Gaps(database);
		this.#packing = new Packing(database);
	}

	/** @throws where a sync failed: nothing may be committed after that */
	erase(erasure: ErasureRequest): ErasureResult {
		return "redact" in erasure
			? this.#transact(() => this.#redact(erasure.redact))
			: this.#transact(() => this.#scavenge(erasure.scavenge, erasure.now));
	}

	/**
	 * Removes older copies of the erased bytes from the WAL, at once or later.
	 * @throws if that fails for another reason than a full disk: as above
	 */
	clean({ denied, step, erasures }: ErasureResult): void {
		if (denied) return;
		if (step?.next === undefined) this.#cutWal();
		// A run may be stopped or fail, and no later step may come.
		else if (erasures !== undefined) this.#cutWalLater();
	}

	close(): void {
		clearTimeout(this.#cutting);
	}

	/**
	 * Runs `work`, which returns the streams it erased from, as one transaction.
	 * @throws where a sync failed: nothing may be committed after that
	 */
	#transact(work: () => ErasureWork): ErasureResult {
		const { begin, commit, rollback, raise, end } = this.#statements;
		const lastOf = () => (end.get() as { position: number } | undefined)?.position ?? -1;
		try {
			begin.run();
			const { marked, changed, step } = work();
			const erasures = marked.length > 0 ? Number(raise.get()) : undefined;
			const last = lastOf();
			(erasures === undefined && !changed ? rollback : commit).run();
			return { step, last, marked, erasures };
		} catch (error) {
			if (isSyncFailure(error)) throw error;
			if (this.#database.inTransaction) rollback.run();
			const { word, facts } = isRefusal(error) ? error : ({} as never);
			const denied = isRefusal(error) ? { word, facts } : failureOf(error, this.#database.name);
			return { denied: denied as Denied, last: lastOf(), marked: [] };
		}
	}

	#redact(redaction: Redaction): ErasureWork {
		const { stream, version, metadata } = redaction;
		type Found = { position: number; type: string; flags: number; metadataBytes: number };
		const row = this.#states.find(stream);
		const found =
			row && (this.#statements.toRedact.get({ stream: row.id, version }) as Found | undefined);
		const isErased = ((found?.flags ?? 0) & (FLAG_SCAVENGED | FLAG_REDACTED)) !== 0;
		const event = found && { ...found, isErased };
		const facts = { last: row?.last ?? -1, event };
		if (!isRedactionDue(redaction, facts) || !found) return { marked: [] };
		this.#statements.keepDigests.run(found.position);
		this.#statements[metadata ? "redactWhole" : "redactData"].run(found.position);
		return { marked: [stream] };
	}

	#scavenge(from: number, now: number): ErasureWork & { step: ScavengeStep } {
		const { markedStreams, lastStream } = this.#statements;
		const end = Number(lastStream.get()) + 1;
		if (from >= PACKING_FROM) {
			const packed = this.#packing.step(from - PACKING_FROM);
			const next = packed === undefined ? undefined : PACKING_FROM + packed;
			return { marked: [], changed: next !== undefined, step: { next, end, events: 0, bytes: 0 } };
		}
		const left: StepBudget = { events: STEP_EVENTS_MAX, bytes: STEP_BYTES_MAX };
		const marked: StreamName[] = [];
		let next: number | undefined = from + STEP_STREAMS_MAX;
		type Marked = { id: number; name: StreamName };
		for (const { id, name } of markedStreams.all(from, next - 1) as Marked[]) {
			const before = left.events;
			const row = present(this.#states.find(name), "the name of a stream");
			const isThrough = this.#scavengeStream(name, row, now, left);
			if (left.events < before) marked.push(name);
			if (isThrough) continue;
			next = id;
			break;
		}
		if (next >= end) next = this.#packing.isDue() ? PACKING_FROM : undefined;
		const events = STEP_EVENTS_MAX - left.events;
		return { marked, step: { next, end, events, bytes: STEP_BYTES_MAX - left.bytes } };
	}

	/** @returns whether it came to the end of what may be erased, within the bounds */
	#scavengeStream(name: StreamName, row: StreamRow, now: number, left: StepBudget): boolean {
		const state = isIndexStream(name) ? undefined : this.#states.of(name, row);
		if (!state) return true;
		const { keepDigests, scavengeEvent, toScavenge, markScavenged } = this.#statements;
		const erased: number[] = [];
		let first = state.scavenged;
		let isThrough = false;
		const sought = { stream: row.id, from: first, limit: left.events + 1 };
		for (const event of toScavenge.iterate(sought) as Iterable<ScavengeRow>) {
			const { position, version, created, flags, bytes } = event;
			if (flags & FLAG_SCAVENGED) throw new Contradiction(SCAVENGED_BEFORE);
			isThrough = !isErasable(name, state, version, created, now);
			if (isThrough || left.events === erased.length || left.bytes <= 0) break;
			erased.push(position);
			left.bytes -= bytes;
			first = version + 1;
		}
		if (first > state.last) isThrough = true;
		for (const position of erased) {
			keepDigests.run(position);
			scavengeEvent.run(position);
		}
		left.events -= erased.length;
		if (erased.length > 0) markScavenged.run(row.id, first);
		this.#gaps.add(erased);
		return isThrough;
	}

	#cutWalLater(): void {
		clearTimeout(this.#cutting);
		this.#cutting = setTimeout(() => this.#cutWal(), CUT_AGAIN_MS);
	}

	#cutWal(): void {
		clearTimeout(this.#cutting);
		const before = this.#database.pragma("busy_timeout", { simple: true });
		this.#database.pragma(`busy_timeout = ${CUT_WAIT_MS}`);
		try {
			const [{ busy }] = this.#database.pragma("wal_checkpoint(TRUNCATE)") as [{ busy: number }];
			if (busy !== 0) this.#cutWalLater();
		} catch (error) {
			// A full disk may get room. Any other failure would also fail the appends, and ends the
			// thread.
			if (!isDiskFull(error, this.#database.name)) throw error;
			this.#cutWalLater();
		} finally {
			this.#database.pragma(`busy_timeout = ${before}`);
		}
	}
}

function prepare(database: Database.Database) {
	return {
		begin: database.prepare(sql.BEGIN_WRITE),
		commit: database.prepare(sql.COMMIT),
		rollback: database.prepare(sql.ROLLBACK),
		end: database.prepare(sql.SELECT_END),
		raise: database.prepare(sql.RAISE_ERASURES).pluck(),
		markedStreams: database.prepare(sql.SELECT_MARKED_STREAMS),
		lastStream: database.prepare(sql.SELECT_LAST_STREAM).pluck(),
		toScavenge: database.prepare(sql.SELECT_TO_SCAVENGE),
		keepDigests: database.prepare(sql.INSERT_DIGESTS),
		scavengeEvent: database.prepare(sql.SCAVENGE_EVENT),
		markScavenged: database.prepare(sql.MARK_SCAVENGED),
		toRedact: database.prepare(sql.SELECT_TO_REDACT),
		redactData: database.prepare(sql.REDACT_DATA),
		redactWhole: database.prepare(sql.REDACT_WHOLE),
	};
}
