/**
 * All subscriptions of a log. Their settings are in memory; a subscription is loaded when somebody
 * first asks for it, and then stays.
 */
import { isRefusal, Refusal } from "../errors.ts";
import { ALL } from "../event.ts";
import { tryCriterion } from "../pages/criterion.ts";
import { type Configured, SubscriptionStore } from "./keeping/store.ts";
import { lastOf } from "./last.ts";
import { keyOf, SETTINGS_STREAM, type SubscriptionName } from "./names.ts";
import type { Settings } from "./settings.ts";
import { Subscription } from "./subscription.ts";
import type { Surroundings } from "./surroundings.ts";

/** Each costs about a kilobyte, and more once it is used. */
const SUBSCRIPTIONS_MAX = 100_000;

export class Subscriptions {
	readonly #around: Surroundings;
	readonly #store: SubscriptionStore;
	readonly #loaded = new Map<string, Promise<Subscription>>();
	readonly #closing = new Map<string, Promise<void>>();
	readonly #stopListening: () => void;
	/** By `keyOf`, as the log has them up to a number. */
	readonly #configured = new Map<string, Configured>();
	#readTo = 0;
	#isStale = true;
	#reading: Promise<void> | undefined;
	/** Changes are made one after another. */
	#changing: Promise<unknown> = Promise.resolve();
	#isClosed = false;

	constructor(around: Omit<Surroundings, "store">) {
		this.#store = new SubscriptionStore(around.log);
		this.#around = { ...around, store: this.#store };
		this.#stopListening = around.log.onCommit(({ streams }) => {
			if (streams.has(SETTINGS_STREAM)) this.#isStale = true;
		});
	}

	/**
	 * Makes a subscription. Its stream need not exist, and nothing is written to it.
	 * @throws Refusal `subscription-exists`, `too-many-subscriptions`, `invalid-filter`, and those
	 *   of an append
	 */
	create(name: SubscriptionName, settings: Settings): Promise<void> {
		return this.#change(async (all) => {
			tryCriterion(settings.filter);
			if (all.has(keyOf(name))) throw new Refusal("subscription-exists", { ...name });
			if (all.size >= SUBSCRIPTIONS_MAX) {
				throw new Refusal("too-many-subscriptions", { subscriptionsMax: SUBSCRIPTIONS_MAX });
			}
			const { startFrom } = settings;
			const start =
				startFrom === -1 ? (await lastOf(this.#around.log, name.stream)) + 1 : startFrom;
			// Where one of that name had come is nothing to this one, also if its end was cut short.
			await this.#store.hideStreams(name);
			await this.#store.configure({ name, settings, start });
		});
	}

	/**
	 * Replaces the settings. It goes on from its checkpoint; what is with consumers comes again.
	 * @throws Refusal `subscription-not-found`, `invalid-filter`, and those of an append
	 */
	update(name: SubscriptionName, settings: Settings): Promise<void> {
		return this.#change(async (all) => {
			const { start } = this.#require(all, name);
			tryCriterion(settings.filter);
			await this.#store.configure({ name, settings, start });
			await this.#unload(keyOf(name));
		});
	}

	/**
	 * Sets it to another place, also back. What is with consumers is void: they get it again, if it
	 * is to come. Parked messages stay.
	 * @param startFrom the first number that is delivered; -1 for what comes from now on
	 * @throws Refusal `subscription-not-found`, `reader-position-ahead`, and those of an append
	 */
	reset(name: SubscriptionName, startFrom: number): Promise<void> {
		return this.#change(async (all) => {
			this.#require(all, name);
			const { stream, group } = name;
			const last = await lastOf(this.#around.log, stream);
			const next = startFrom === -1 ? last + 1 : startFrom;
			if (next > last + 1) {
				throw new Refusal("reader-position-ahead", { name: group, stream, at: next - 1, last });
			}
			// Nobody loads it between its own last checkpoint and this one.
			await this.#unload(keyOf(name), () => this.#store.saveCheckpoint(name, { next, open: [] }));
		});
	}

	/** @throws Refusal `subscription-not-found`, and those of an append */
	delete(name: SubscriptionName): Promise<void> {
		return this.#change(async (all) => {
			this.#require(all, name);
			await this.#store.remove(name);
			await this.#unload(keyOf(name));
			await this.#store.hideStreams(name);
		});
	}

	/** @throws Refusal `subscription-not-found`, `shutting-down`, and those of a read */
	async get(name: SubscriptionName): Promise<Subscription> {
		const configured = this.#require(await this.#all(), name);
		const key = keyOf(name);
		const loaded = await this.#loaded.get(key);
		if (loaded && loaded.settings === configured.settings) return loaded;
		// Another server over this log has changed it.
		if (loaded) await this.#unload(key);
		const known = this.#loaded.get(key);
		if (known) return known;
		const loading = this.#load(configured);
		this.#loaded.set(key, loading);
		loading.catch(() => this.#loaded.get(key) === loading && this.#loaded.delete(key));
		return loading;
	}

	/** As `get`; undefined if it is not there, or not any more. */
	async find(name: SubscriptionName): Promise<Subscription | undefined> {
		try {
			return await this.get(name);
		} catch (error) {
			if (isRefusal(error, "subscription-not-found")) return undefined;
			throw error;
		}
	}

	/** The names of all, in the order of their streams and groups. */
	async names(): Promise<SubscriptionName[]> {
		const all = [...(await this.#all()).values()].map(({ name }) => name);
		return all.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
	}

	/** How many there are; of one stream, if it is named. */
	async countOf(stream?: string): Promise<number> {
		const all = await this.#all();
		if (stream === undefined) return all.size;
		let count = 0;
		for (const { name } of all.values()) if (name.stream === stream) count++;
		return count;
	}

	/** The groups of a stream; none for `$all`, whose feed has no description. */
	async groupsOf(stream: string): Promise<string[]> {
		if (stream === ALL) return [];
		const names = await this.names();
		return names.filter((name) => name.stream === stream).map(({ group }) => group);
	}

	/** Loads every subscription anew: each goes on from its checkpoint. */
	restart(): Promise<void> {
		return this.#change(() => this.#unloadAll());
	}

	/** Those that are loaded, for numbers; without those whose loading failed. */
	async loaded(): Promise<Subscription[]> {
		const all = await Promise.allSettled(this.#loaded.values());
		return all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
	}

	/** Writes the checkpoints, and answers the consumers that wait. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#stopListening();
		await this.#changing.catch(() => undefined);
		await this.#unloadAll();
	}

	#change(work: (all: ReadonlyMap<string, Configured>) => Promise<void>): Promise<void> {
		const changed = this.#changing.then(async () => work(await this.#all()));
		this.#changing = changed.catch(() => undefined);
		return changed;
	}

	async #all(): Promise<ReadonlyMap<string, Configured>> {
		// While it is being read, what is there so far is no answer.
		while (this.#isStale || this.#reading) {
			if (this.#isClosed) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
			this.#reading ??= this.#takeIn().finally(() => {
				this.#reading = undefined;
			});
			await this.#reading;
		}
		return this.#configured;
	}

	async #takeIn(): Promise<void> {
		this.#isStale = false;
		try {
			this.#readTo = await this.#store.takeIn(this.#configured, this.#readTo);
		} catch (error) {
			this.#isStale = true;
			throw error;
		}
	}

	#require(all: ReadonlyMap<string, Configured>, name: SubscriptionName): Configured {
		const found = all.get(keyOf(name));
		if (!found) throw new Refusal("subscription-not-found", { ...name });
		return found;
	}

	async #load(configured: Configured): Promise<Subscription> {
		// One of before may still write its checkpoint.
		await this.#closing.get(keyOf(configured.name))?.catch(() => undefined);
		const saved = await this.#store.checkpoint(configured.name);
		return new Subscription(configured, saved, this.#around);
	}

	async #unloadAll(): Promise<void> {
		await Promise.all([...this.#loaded.keys()].map((key) => this.#unload(key)));
	}

	/** @param then what is to be done before it is loaded again */
	async #unload(key: string, then: () => Promise<void> = async () => undefined): Promise<void> {
		const loaded = this.#loaded.get(key)?.catch(() => undefined);
		this.#loaded.delete(key);
		const before = this.#closing.get(key)?.catch(() => undefined);
		const closing = Promise.all([loaded, before])
			.then(([subscription]) => subscription?.close())
			.then(then);
		this.#closing.set(key, closing);
		try {
			await closing;
		} finally {
			if (this.#closing.get(key) === closing) this.#closing.delete(key);
		}
	}
}
