/** What the leader of several nodes writes through: the log, with its number on each write. */

import type { Position, StreamName, Version } from "../../event.ts";
import type { Append, Appended, Commit, Deletion, Redaction, ScavengeStep } from "../commit.ts";
import type {
	Leadership,
	Log,
	NameRange,
	Range,
	Slice,
	Verification,
	VerifyWatch,
	VersionRange,
} from "../log.ts";
import type { Seat } from "./following/seat.ts";
import type { PostgresLog } from "./log.ts";

export class SharedLeadership implements Leadership {
	readonly log: Log;
	readonly #seat: Seat;

	constructor(log: PostgresLog, seat: Seat) {
		this.log = new LeadersLog(log, seat);
		this.#seat = seat;
	}

	get isLeading(): boolean {
		return this.#seat.isLeading;
	}

	get leader(): string | undefined {
		return this.#seat.leader;
	}

	onChange(listener: (isLeading: boolean) => void): () => void {
		return this.#seat.onChange(listener);
	}
}

/** Every write is refused `not-leader` unless this node leads. */
class LeadersLog implements Log {
	readonly incarnation: number;
	readonly #log: PostgresLog;
	readonly #seat: Seat;

	constructor(log: PostgresLog, seat: Seat) {
		this.incarnation = log.incarnation;
		this.#log = log;
		this.#seat = seat;
	}

	get erasures(): number {
		return this.#log.erasures;
	}

	incarnationAt(position: Position): number {
		return this.#log.incarnationAt(position);
	}

	async append(append: Append): Promise<Appended> {
		return this.#log.append(append, this.#seat.epoch());
	}

	async delete(deletion: Deletion): Promise<Appended> {
		return this.#log.delete(deletion, this.#seat.epoch());
	}

	async redact(redaction: Redaction): Promise<void> {
		this.#seat.epoch();
		return this.#log.redact(redaction);
	}

	/** A step erases what may be erased, whoever does it, and once. */
	async scavenge(from: number): Promise<ScavengeStep> {
		this.#seat.epoch();
		return this.#log.scavenge(from);
	}

	read(range: Range): Promise<Slice> {
		return this.#log.read(range);
	}

	last(stream: StreamName): Promise<Version> {
		return this.#log.last(stream);
	}

	locate(stream: StreamName, id: string): Promise<Version | undefined> {
		return this.#log.locate(stream, id);
	}

	names(range: NameRange): Promise<readonly StreamName[]> {
		return this.#log.names(range);
	}

	bytesOf(versions: VersionRange): Promise<number> {
		return this.#log.bytesOf(versions);
	}

	onCommit(listener: (commit: Commit) => void): () => void {
		return this.#log.onCommit(listener);
	}

	writerAnswers(): Promise<void> {
		return this.#log.writerAnswers();
	}

	verify(watch?: VerifyWatch): Promise<Verification> {
		return this.#log.verify(watch);
	}

	/** The log is closed by its owner. */
	async close(): Promise<void> {}
}
