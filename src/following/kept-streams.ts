/**
 * A read model of small streams: what the newest event of each stream with a prefix makes, in
 * memory. The commits of the log keep it. From the moment a commit is heard of until its event was
 * read, nobody gets the value of before: `get` then promises the new one.
 */
import { isRefusal } from "../errors.ts";
import type { RecordedEvent, StreamName } from "../event.ts";
import type { Commit, Log } from "../log/log.ts";

/** Which streams: names from `from` on and before `before`, and what an event of one makes. */
export type Kind<T> = {
	readonly from: string;
	readonly before: string;
	readonly decode: (newest: RecordedEvent) => T | undefined;
};

const NAMES_A_READ = 500;
const NEWEST = { from: "head", limit: 1, direction: "backward", content: true } as const;

/** Listens to the log until it is closed. */
export class KeptStreams<T> {
	readonly #log: Log;
	readonly #kind: Kind<T>;
	readonly #report: (error: unknown) => void;
	readonly #stopListening: () => void;
	readonly #kept = new Map<StreamName, T>();
	readonly #reading = new Map<StreamName, Promise<T | undefined>>();
	/** The streams whose last read failed: the next one who asks reads again. */
	readonly #unread = new Set<StreamName>();
	#isLoaded = false;
	#revision = 0;

	/** @param report is told why a stream could not be read */
	constructor(log: Log, kind: Kind<T>, report: (error: unknown) => void) {
		this.#log = log;
		this.#kind = kind;
		this.#report = report;
		this.#stopListening = log.onCommit((commit) => this.#follow(commit));
	}

	/** Another number whenever `get` or `isEmpty` may say something else than before. */
	get revision(): number {
		return this.#revision;
	}

	/** Reads all streams. One that cannot be read is read again when somebody asks for it. */
	async load(): Promise<void> {
		const { before } = this.#kind;
		for (let from = this.#kind.from; ; ) {
			const names = await this.#log.names({ from, before, limit: NAMES_A_READ });
			for (const name of names) if (!this.#reading.has(name)) this.#read(name);
			await Promise.all(this.#reading.values());
			const last = names.at(-1);
			if (last === undefined || names.length < NAMES_A_READ) break;
			// Nothing is between a name and the same name with NUL behind it.
			from = `${last}\0`;
		}
		this.#isLoaded = true;
		this.#revision++;
	}

	/** Whether no stream makes anything, at once if no read is under way. False if one failed. */
	isEmpty(): boolean | Promise<boolean> {
		if (this.#kept.size > 0 || this.#unread.size > 0 || !this.#isLoaded) return false;
		if (this.#reading.size === 0) return true;
		return Promise.all(this.#reading.values()).then(() => this.isEmpty());
	}

	/** At once if it is known. */
	get(stream: StreamName): T | undefined | Promise<T | undefined> {
		const reading = this.#reading.get(stream);
		if (reading !== undefined) return reading;
		const kept = this.#kept.get(stream);
		if (kept !== undefined) return kept;
		return this.#isLoaded && !this.#unread.has(stream) ? undefined : this.#read(stream);
	}

	/** All that there are, in no order. */
	async all(): Promise<T[]> {
		if (!this.#isLoaded) await this.load();
		for (const stream of this.#unread) this.#read(stream);
		await Promise.all(this.#reading.values());
		return [...this.#kept.values()];
	}

	close(): void {
		this.#stopListening();
	}

	#follow({ streams, marked }: Commit): void {
		for (const stream of streams.keys()) this.#hear(stream);
		for (const stream of marked) this.#hear(stream);
	}

	#hear(stream: StreamName): void {
		const { from, before } = this.#kind;
		if (!(stream.startsWith("$") && stream >= from && stream < before)) return;
		this.#read(stream);
	}

	#read(stream: StreamName): Promise<T | undefined> {
		const reading: Promise<T | undefined> = this.#newest(stream).then(
			(value) => this.#settle(stream, reading, value, true),
			(error) => {
				if (!isRefusal(error, "shutting-down")) this.#report(error);
				return this.#settle(stream, reading, undefined, false);
			},
		);
		this.#reading.set(stream, reading);
		this.#revision++;
		return reading;
	}

	/** A value counts if no later commit made it old while it was read. */
	#settle(
		stream: StreamName,
		reading: Promise<T | undefined>,
		value: T | undefined,
		isRead: boolean,
	): T | undefined | Promise<T | undefined> {
		const newest = this.#reading.get(stream);
		if (newest !== reading) return newest ?? this.#kept.get(stream);
		this.#reading.delete(stream);
		this.#revision++;
		if (value === undefined) this.#kept.delete(stream);
		else this.#kept.set(stream, value);
		if (isRead) this.#unread.delete(stream);
		else this.#unread.add(stream);
		return value;
	}

	async #newest(stream: StreamName): Promise<T | undefined> {
		try {
			const [entry] = (await this.#log.read({ stream, ...NEWEST })).entries;
			return entry && !entry.event.isRedacted ? this.#kind.decode(entry.event) : undefined;
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) return undefined;
			throw error;
		}
	}
}
