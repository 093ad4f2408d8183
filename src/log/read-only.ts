/** A log that is only read: it refuses every write, always for the same reason. */
import type { Refusal } from "../errors.ts";
import type { Position, StreamName, Version } from "../event.ts";
import type {
	Commit,
	Log,
	NameRange,
	Range,
	Slice,
	Verification,
	VerifyWatch,
	VersionRange,
} from "./log.ts";

export class ReadOnlyLog implements Log {
	readonly incarnation: number;
	readonly #log: Log;
	readonly #refusal: Refusal;

	constructor(log: Log, refusal: Refusal) {
		this.incarnation = log.incarnation;
		this.#log = log;
		this.#refusal = refusal;
	}

	incarnationAt(position: Position): number {
		return this.#log.incarnationAt(position);
	}

	get erasures(): number {
		return this.#log.erasures;
	}

	append = (): Promise<never> => this.#refuse();
	delete = (): Promise<never> => this.#refuse();
	redact = (): Promise<never> => this.#refuse();
	scavenge = (): Promise<never> => this.#refuse();
	writerAnswers = (): Promise<never> => this.#refuse();

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
		return this.#log.close();
	}

	#refuse(): Promise<never> {
		return Promise.reject(this.#refusal);
	}
}
