/**
 * All webhooks of a log: in memory as the log has them, and changed one after another. Each change
 * is an event before anything follows from it.
 */
import { OneAtATime } from "../../accounts/one-at-a-time.ts";
import { isRefusal, Refusal } from "../../errors.ts";
import type { Log } from "../../log/log.ts";
import type { Ended } from "../keeping/leftovers.ts";
import { NewestByName } from "../keeping/newest-by-name.ts";
import {
	CONFIGURED,
	DELETED,
	encodeEnd,
	encodeWebhook,
	endedIn,
	takeIn,
	WEBHOOKS,
	type Webhook,
} from "./webhook.ts";

/** Each costs about a kilobyte. */
export const WEBHOOKS_MAX = 100_000;
/** Of those that ended, so many are remembered until somebody asks. */
const ENDED_MAX = 10_000;

/** What a change makes: the next webhook, or none. */
export type Changed = Omit<Webhook, "version" | "changed" | "position"> | undefined;

export class Webhooks {
	readonly #report: (error: unknown) => void;
	readonly #kept: NewestByName;
	readonly #all = new Map<string, Webhook>();
	/** The names of those that changed since somebody asked. */
	#changed = new Set<string>();
	/** Those that ended since somebody asked. */
	#ended: Ended[] = [];
	readonly #inTurn = new OneAtATime();
	readonly #stopListening: () => void;
	#isStale = true;
	#reading: Promise<void> | undefined;

	constructor(log: Log, report: (error: unknown) => void) {
		this.#report = report;
		this.#kept = new NewestByName(log, WEBHOOKS, {
			take: (event) => {
				const said = takeIn(this.#all, event);
				if (said) this.#changed.add(said.name);
				const ended = endedIn(event);
				if (ended && this.#ended.length < ENDED_MAX) this.#ended.push(ended);
				return said;
			},
			anew: () => {
				for (const name of this.#all.keys()) this.#changed.add(name);
				this.#all.clear();
			},
		});
		this.#stopListening = log.onCommit(({ streams }) => {
			if (streams.has(WEBHOOKS)) this.#isStale = true;
		});
	}

	/** All of them, in the order of their names. */
	async all(): Promise<Webhook[]> {
		await this.#read();
		return [...this.#all.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
	}

	/** The names of all that were made, changed or deleted since the last call. */
	async changed(): Promise<ReadonlySet<string>> {
		await this.#read();
		const changed = this.#changed;
		this.#changed = new Set();
		return changed;
	}

	/** Those that ended since the last call; each left streams behind. */
	async ended(): Promise<readonly Ended[]> {
		await this.#read();
		const ended = this.#ended;
		this.#ended = [];
		return ended;
	}

	async count(): Promise<number> {
		await this.#read();
		return this.#all.size;
	}

	async find(name: string): Promise<Webhook | undefined> {
		await this.#read();
		return this.#all.get(name);
	}

	async findByUid(uid: string): Promise<Webhook | undefined> {
		await this.#read();
		for (const webhook of this.#all.values()) if (webhook.uid === uid) return webhook;
		return undefined;
	}

	/** @throws Refusal `webhook-not-found` */
	async get(name: string): Promise<Webhook> {
		const found = await this.find(name);
		if (found === undefined) throw notFound(name);
		return found;
	}

	/**
	 * Changes a webhook, makes it, or deletes it.
	 * @param change decides by what there is now; it may refuse. What it returns unchanged is not
	 *   written
	 * @returns what was written, whatever comes after it; undefined if it was deleted
	 * @throws Refusal `too-many-webhooks`, those of `change`, and as an append
	 */
	change(
		name: string,
		change: (known: Webhook | undefined) => Changed | Promise<Changed>,
	): Promise<Webhook | undefined> {
		return this.#inTurn.run(async () => {
			const known = await this.find(name);
			const next = await change(known);
			if (next === known) return known;
			if (known === undefined && this.#all.size >= WEBHOOKS_MAX) {
				throw new Refusal("too-many-webhooks", { webhooksMax: WEBHOOKS_MAX });
			}
			const written = await this.#write(known, next);
			await this.#kept.shorten().catch(this.#tell);
			return written;
		});
	}

	close(): void {
		this.#stopListening();
	}

	async #write(known: Webhook | undefined, next: Changed): Promise<Webhook | undefined> {
		if (next === undefined) {
			if (known) await this.#kept.append({ type: DELETED, data: encodeEnd(known) });
			return undefined;
		}
		const data = encodeWebhook(next);
		const { first, position } = await this.#kept.append({ type: CONFIGURED, data });
		const found = await this.find(next.name).catch(this.#tell);
		// Somebody else may have changed it since.
		if (found?.version === first) return found;
		return { ...next, version: first, position, changed: Date.now() };
	}

	/** A log that refuses shortens the stream with a later change. */
	readonly #tell = (error: unknown): undefined => {
		if (!isRefusal(error)) this.#report(error);
	};

	async #read(): Promise<void> {
		// One that is being read is not there yet.
		while (this.#isStale || this.#reading) {
			this.#reading ??= this.#takeIn().finally(() => {
				this.#reading = undefined;
			});
			await this.#reading;
		}
	}

	async #takeIn(): Promise<void> {
		this.#isStale = false;
		try {
			await this.#kept.read();
		} catch (error) {
			this.#isStale = true;
			throw error;
		}
	}
}

export function notFound(name: string): Refusal<"webhook-not-found"> {
	return new Refusal("webhook-not-found", { name: name.slice(0, 64) });
}
