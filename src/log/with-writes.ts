/** The reads of a log, and other writes: those of a log that is only read, or of a leader. */
import type { Position, StreamName, Version } from "../event.ts";
import type {
	Append,
	Appended,
	Commit,
	Deletion,
	Log,
	NameRange,
	Range,
	Redaction,
	ScavengeStep,
	Slice,
	Verification,
	VerifyWatch,
	VersionRange,
} from "./log.ts";

export type Writes = Pick<Log, "append" | "delete" | "redact" | "scavenge" | "writerAnswers">;

export class LogWithWrites implements Log {
	readonly #log: Log;
	readonly #writes: Writes;
	readonly #onClose: () => Promise<void>;

	constructor(log: Log, writes: Writes, onClose: () => Promise<void>) {
		this.#log = log;
		this.#writes = writes;
		this.#onClose = onClose;
	}

	append(append: Append): Promise<Appended> {
		return this.#writes.append(append);
	}

	delete(deletion: Deletion): Promise<Appended> {
		return this.#writes.delete(deletion);
	}

	redact(redaction: Redaction): Promise<void> {
		return this.#writes.redact(redaction);
	}

	scavenge(from: number): Promise<ScavengeStep> {
		return this.#writes.scavenge(from);
	}

	writerAnswers(): Promise<void> {
		return this.#writes.writerAnswers();
	}

	get incarnation(): number {
		return this.#log.incarnation;
	}

	get erasures(): number {
		return this.#log.erasures;
	}

	incarnationAt(position: Position): number {
		return this.#log.incarnationAt(position);
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

	verify(watch?: VerifyWatch): Promise<Verification> {
		return this.#log.verify(watch);
	}

	close(): Promise<void> {
		return this.#onClose();
	}
}
