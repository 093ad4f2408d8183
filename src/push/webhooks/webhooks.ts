/**
 * All webhooks of a log: in memory as the log has them, and changed one after another. Each change
 * is an event before anything follows from it.
 */
import { OneAtATime } from "../../accounts/one-at-a-time.ts";
import { appendOwn, closeStream } from "../../accounts/own-streams.ts";
import { isRefusal, Refusal } from "../../errors.ts";
import type { Log } from "../../log/log.ts";
import { CONFIGURED, DELETED, encodeWebhook, takeIn, WEBHOOKS, type Webhook } from "./webhook.ts";

/** Each costs about a kilobyte. */
export const WEBHOOKS_MAX = 100_000;
const PAGE = 500;

/** What a change makes: the next webhook, or none. */
export type Changed = Omit<Webhook, "version" | "changed" | "position"> | undefined;

export class Webhooks {
	readonly #log: Log;
	readonly #all = new Map<string, Webhook>();
	/** The names of those that changed since somebody asked. */
	#changed = new Set<string>();
	readonly #inTurn = new OneAtATime();
	readonly #stopListening: () => void;
	#readTo = 0;
	#isStale = true;
	#reading: Promise<void> | undefined;

	constructor(log: Log) {
		this.#log = log;
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
	 * @param change decides by what there is now; it may refuse
	 * @returns what there is then; undefined if it was deleted
	 * @throws Refusal `too-many-webhooks`, those of `change`, and as an append
	 */
	change(
		name: string,
		change: (known: Webhook | undefined) => Changed | Promise<Changed>,
	): Promise<Webhook | undefined> {
		return this.#inTurn.run(async () => {
			const known = await this.find(name);
			const next = await change(known);
			if (known === undefined && next !== undefined && this.#all.size >= WEBHOOKS_MAX) {
				throw new Refusal("too-many-webhooks", { webhooksMax: WEBHOOKS_MAX });
			}
			if (known === undefined && next === undefined) return undefined;
			await closeStream(this.#log, WEBHOOKS);
			const event =
				next === undefined
					? { type: DELETED, data: Buffer.from(JSON.stringify({ name })) }
					: { type: CONFIGURED, data: encodeWebhook(next) };
			await appendOwn(this.#log, WEBHOOKS, event);
			return this.find(name);
		});
	}

	close(): void {
		this.#stopListening();
	}

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
			for (;;) {
				const range = { stream: WEBHOOKS, from: this.#readTo, limit: PAGE } as const;
				const slice = await this.#log
					.read({ ...range, direction: "forward", content: true })
					.catch(noneIfDeleted);
				for (const { event } of slice?.entries ?? []) {
					const name = takeIn(this.#all, event);
					if (name !== undefined) this.#changed.add(name);
				}
				const last = slice?.last ?? -1;
				this.#readTo = Math.max(this.#readTo, Math.min(this.#readTo + PAGE, last + 1));
				if (this.#readTo > last) return;
			}
		} catch (error) {
			this.#isStale = true;
			throw error;
		}
	}
}

export function notFound(name: string): Refusal<"webhook-not-found"> {
	return new Refusal("webhook-not-found", { name: name.slice(0, 64) });
}

function noneIfDeleted(error: unknown): undefined {
	if (isRefusal(error, "stream-deleted")) return undefined;
	throw error;
}
