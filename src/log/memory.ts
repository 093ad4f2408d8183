/**
 * The log as a few arrays: the readable specification, and the oracle the other engines are tested
 * against. It keeps every promise of `log.ts` except that nothing survives the process. No append
 * waits for a disk, so the limits of the append queue do not apply.
 *
 *     append ─▶ facts ─▶ plan ─▶ write       memory/appending.ts
 *     read   ─▶ facts ─▶ plan ─▶ slice       memory/reading.ts
 *     both on                                memory/tables.ts
 */
import { Refusal } from "../errors.ts";
import type { StreamName, Version } from "../event.ts";
import type { Append, Appended, Commit, Deletion, Redaction, ScavengeStep } from "./commit.ts";
import { Listeners } from "./listening/listeners.ts";
import {
	DEFAULT_LOG_LIMITS,
	type HiddenReads,
	type Log,
	type LogLimits,
	type NameRange,
	type Range,
	type Slice,
	type Verification,
	type VerifyWatch,
	type VersionRange,
} from "./log.ts";
import { append, remove } from "./memory/appending.ts";
import { MemoryEraser } from "./memory/eraser.ts";
import { bytesIn, locate, namesIn, read } from "./memory/reading.ts";
import { MemoryTables } from "./memory/tables.ts";
import { viewOf } from "./memory/view.ts";
import { lastShown } from "./reading/plan.ts";
import { verify } from "./verify/verify.ts";

/** @param clock milliseconds since 1970; may jump, `created` will not */
export function createMemoryLog(
	limits: LogLimits = DEFAULT_LOG_LIMITS,
	clock: () => number = Date.now,
): MemoryLog {
	return new MemoryLog(limits, clock);
}

export class MemoryLog implements Log {
	readonly incarnation = 1;
	/** What `openLog` hands out beside the log. */
	readonly hidden: HiddenReads = { read: async (range) => this.#read(range, true) };
	readonly #pageBytesMax: number;
	readonly #clock: () => number;
	readonly #tables = new MemoryTables();
	readonly #listeners = new Listeners();
	readonly #tell = (commit: Commit) => this.#listeners.tell(commit);
	readonly #eraser = new MemoryEraser(this.#tables, this.#tell);
	#isClosed = false;

	constructor({ pageBytesMax }: LogLimits, clock: () => number) {
		this.#pageBytesMax = pageBytesMax;
		this.#clock = clock;
	}

	get erasures(): number {
		return this.#eraser.count;
	}

	incarnationAt(): number {
		return this.incarnation;
	}

	async append(request: Append): Promise<Appended> {
		this.#refuseClosed();
		return append(this.#tables, request, this.#clock(), this.#tell);
	}

	async delete(request: Deletion): Promise<Appended> {
		this.#refuseClosed();
		return remove(this.#tables, request, this.#clock(), this.#tell);
	}

	async redact(redaction: Redaction): Promise<void> {
		this.#refuseClosed();
		this.#eraser.redact(redaction);
	}

	async scavenge(from: number): Promise<ScavengeStep> {
		this.#refuseClosed();
		return this.#eraser.scavenge(from, this.#clock());
	}

	async read(range: Range): Promise<Slice> {
		return this.#read(range, false);
	}

	async last(stream: StreamName): Promise<Version> {
		this.#refuseClosed();
		const state = this.#tables.stateOf(stream);
		return lastShown(stream, { last: this.#tables.lastOf(stream), state });
	}

	async locate(stream: StreamName, id: string): Promise<Version | undefined> {
		this.#refuseClosed();
		return locate(this.#tables, stream, id);
	}

	async names(range: NameRange): Promise<readonly StreamName[]> {
		this.#refuseClosed();
		return namesIn(this.#tables, range);
	}

	async bytesOf(versions: VersionRange): Promise<number> {
		this.#refuseClosed();
		return bytesIn(this.#tables, versions);
	}

	async writerAnswers(): Promise<void> {
		this.#refuseClosed();
	}

	onCommit(listener: (commit: Commit) => void): () => void {
		return this.#listeners.add(listener);
	}

	async verify({ signal }: VerifyWatch = {}): Promise<Verification> {
		const found = await verify(viewOf(this.#tables));
		signal?.throwIfAborted();
		return found;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
	}

	#read(range: Range, hidden: boolean): Slice {
		this.#refuseClosed();
		const pageBytesMax = this.#pageBytesMax;
		return read(this.#tables, range, { now: this.#clock(), pageBytesMax, hidden });
	}

	#refuseClosed(): void {
		if (this.#isClosed) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
	}
}
