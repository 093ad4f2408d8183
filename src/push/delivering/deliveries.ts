/**
 * All pushes of a server. One that has nothing to send is a name in an index; it is loaded when a
 * commit wakes it, and let go of when it was idle for a while.
 */
import { setImmediate } from "node:timers/promises";
import { isRefusal } from "../../errors.ts";
import { ALL } from "../../event.ts";
import { lastOf } from "../../subscriptions/last.ts";
import { firstOpen } from "../../subscriptions/steps/checkpoint.ts";
import { Subscription } from "../../subscriptions/subscription.ts";
import { AttemptLogs } from "../keeping/attempt-logs.ts";
import type { AttemptLog } from "../keeping/attempts.ts";
import type { Around } from "./around.ts";
import { Delivery } from "./delivery.ts";
import type { Mark } from "./mark.ts";
import { settingsOf } from "./source-settings.ts";
import type { Subject } from "./subject.ts";
import { Wakeups } from "./wakeups.ts";

/** Each has as many messages in memory as `source-settings.ts` says. */
const LOADED_MAX = 1000;
/** Whoever appends to a stream often does it again soon. */
const IDLE_MS = 30_000;
/** When all that are loaded have something to do, the others are tried again. */
const CROWDED_MS = 1000;

/** Its owner is told of what ends deliveries, or holds them up. */
export type Told = {
	stopped(key: string, reason: string): void;
	unauthorized(key: string): void;
};

export class Deliveries {
	readonly #around: Around;
	readonly #mark: Mark;
	readonly #told: Told;
	readonly #subjects = new Map<string, Subject>();
	readonly #wakeups = new Wakeups();
	readonly #loaded = new Map<string, Promise<Delivery>>();
	readonly #closing = new Map<string, Promise<void>>();
	readonly #idle = new Map<string, NodeJS.Timeout>();
	readonly #woken = new Set<string>();
	/** Those that are woken by and by: they may have something to send. */
	readonly #later = new Map<string, NodeJS.Timeout>();
	readonly #attempts: AttemptLogs;
	readonly #stopListening: () => void;
	#waking: string | undefined;
	#working: Promise<void> | undefined;
	#crowded: NodeJS.Timeout | undefined;
	#isClosed = false;

	constructor(around: Around, mark: Mark, told: Told) {
		this.#around = around;
		this.#mark = mark;
		this.#told = told;
		this.#attempts = new AttemptLogs(around.log, around.report);
		this.#stopListening = around.log.onCommit((commit) => {
			this.#wakeups.follow(commit, this.#hear);
		});
	}

	/** Whether there is nothing to deliver to. */
	get isEmpty(): boolean {
		return this.#subjects.size === 0;
	}

	/** The keys that may have something to send: no mark passes them over. */
	busy(): string[] {
		const waking = this.#waking === undefined ? [] : [this.#waking];
		const later = this.#later.keys();
		const those = [this.#woken, waking, later, this.#loaded.keys(), this.#closing.keys()];
		return [...new Set(those.flatMap((keys) => [...keys]))];
	}

	/** Whether a push has nothing to send until an event comes. */
	isIdle(key: string): boolean {
		if (!this.#subjects.has(key) || this.#woken.has(key) || this.#waking === key) return false;
		return !this.#loaded.has(key) || this.#idle.has(key);
	}

	/** How many are loaded. */
	get loadedCount(): number {
		return this.#loaded.size;
	}

	/** Begins to deliver, from where the subject's checkpoint is. */
	add(subject: Subject): void {
		this.#subjects.set(subject.key, subject);
		this.#wakeups.add(subject.key, subject.source);
		this.#hear(subject.key);
	}

	/** Ends deliveries. What is under way is no try. */
	async remove(key: string): Promise<void> {
		const subject = this.#subjects.get(key);
		if (!subject) return;
		this.#subjects.delete(key);
		this.#wakeups.remove(key, subject.source);
		this.#woken.delete(key);
		clearTimeout(this.#later.get(key));
		this.#later.delete(key);
		await this.#unload(key);
	}

	/** Ends deliveries for good: nothing more is written of its attempts. */
	async end(key: string): Promise<void> {
		await this.remove(key);
		await this.#attempts.end(key);
	}

	/** The delivery of a subject that is being delivered; it is loaded for that. */
	async get(key: string): Promise<Delivery | undefined> {
		const subject = this.#subjects.get(key);
		if (!subject || this.#isClosed) return undefined;
		return this.#load(subject);
	}

	/** The same, if it is loaded. */
	known(key: string): Promise<Delivery> | undefined {
		return this.#loaded.get(key);
	}

	/** The attempts of a push, from memory if it was loaded lately, else those that failed. */
	attemptsOf(key: string): Promise<AttemptLog> {
		return this.#attempts.of(key, this.#subjects.has(key), (one) => this.#loaded.has(one));
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#stopListening();
		clearTimeout(this.#crowded);
		for (const timer of this.#later.values()) clearTimeout(timer);
		await this.#working;
		await Promise.all([...this.#loaded.keys()].map((key) => this.#unload(key)));
		await Promise.all(this.#closing.values());
		await this.#attempts.close();
	}

	#hearLater(key: string, ms: number): void {
		clearTimeout(this.#later.get(key));
		const timer = setTimeout(() => {
			this.#hear(key);
		}, ms);
		timer.unref();
		this.#later.set(key, timer);
	}

	readonly #hear = (key: string): void => {
		clearTimeout(this.#later.get(key));
		this.#later.delete(key);
		this.#woken.add(key);
		this.#work();
	};

	#work(): void {
		if (this.#isClosed) return;
		this.#working ??= this.#wakeAll()
			.catch(this.#around.report)
			.finally(() => {
				this.#working = undefined;
				if (this.#woken.size > 0 && this.#crowded === undefined) this.#work();
			});
	}

	async #wakeAll(): Promise<void> {
		// Behind the commit that it hears of, so that no append waits for this.
		await setImmediate();
		for (const key of this.#woken) {
			if (this.#isClosed) return;
			const subject = this.#subjects.get(key);
			const loaded = this.#loaded.get(key);
			if (!loaded && subject && this.#loaded.size >= LOADED_MAX && !(await this.#evict())) {
				this.#crowded = setTimeout(() => {
					this.#crowded = undefined;
					this.#work();
				}, CROWDED_MS);
				this.#crowded.unref();
				return;
			}
			this.#woken.delete(key);
			if (!subject) continue;
			this.#waking = key;
			await this.#wake(subject).catch((error: unknown) => {
				if (!isRefusal(error)) this.#around.report(error);
				this.#hearLater(key, CROWDED_MS);
			});
			this.#waking = undefined;
		}
	}

	async #wake(subject: Subject): Promise<void> {
		clearTimeout(this.#idle.get(subject.key));
		this.#idle.delete(subject.key);
		await this.#closing.get(subject.key);
		if (!this.#loaded.has(subject.key) && !(await this.#hasNews(subject))) return;
		(await this.#load(subject)).pump();
	}

	/**
	 * Whether its stream has something behind its checkpoint: most have nothing when a server starts.
	 */
	async #hasNews(subject: Subject): Promise<boolean> {
		const { name } = subject.source;
		const saved = await this.#around.store.checkpoint(name);
		const first = saved ? firstOpen(saved) : subject.source.start;
		const passed =
			name.stream === ALL ? this.#mark.passed(subject.key, subject.source.configuredAt) : -1;
		const next = saved?.open.length ? first : Math.max(first, passed + 1);
		return next <= (await lastOf(this.#around.log, name.stream));
	}

	#load(subject: Subject): Promise<Delivery> {
		const { key } = subject;
		const known = this.#loaded.get(key);
		if (known) return known;
		const loading = this.#loadAnew(subject);
		this.#loaded.set(key, loading);
		loading.catch(() => this.#loaded.get(key) === loading && this.#loaded.delete(key));
		return loading;
	}

	async #loadAnew(subject: Subject): Promise<Delivery> {
		const { key, source } = subject;
		await this.#closing.get(key);
		const { log, store, operatorLog } = this.#around;
		const saved = await store.checkpoint(source.name);
		const passed = source.name.stream === ALL ? this.#mark.passed(key, source.configuredAt) : -1;
		const start = Math.max(source.start, passed + 1);
		const from = saved && { next: Math.max(saved.next, passed + 1), open: saved.open };
		const configured = { name: source.name, settings: settingsOf(source), start };
		const subscription = new Subscription(configured, from, { log, store, operatorLog });
		const attempts = await this.attemptsOf(key);
		return new Delivery(subject, subscription, attempts, this.#around, {
			stopped: (reason) => this.#told.stopped(key, reason),
			unauthorized: () => this.#told.unauthorized(key),
			idle: () => this.#letGoLater(key),
		});
	}

	#letGoLater(key: string): void {
		clearTimeout(this.#idle.get(key));
		const timer = setTimeout(() => {
			this.#idle.delete(key);
			// A commit may have woken it meanwhile.
			if (!this.#woken.has(key) && this.#waking !== key) void this.#unload(key);
		}, IDLE_MS);
		timer.unref();
		this.#idle.set(key, timer);
	}

	/** Makes room: one whose circuit is open goes first, and comes back when its time is over. */
	async #evict(): Promise<boolean> {
		for (const [key, loading] of this.#loaded) {
			const { circuit, running } = await loading;
			const isIdle = this.#idle.has(key);
			if (!isIdle && (circuit.is !== "open" || running > 0)) continue;
			await this.#unload(key);
			if (circuit.is === "open") {
				this.#hearLater(key, circuit.untilMs - performance.now());
			}
			return true;
		}
		return false;
	}

	/** Whoever loads it again waits until it has written where it is. */
	async #unload(key: string): Promise<void> {
		clearTimeout(this.#idle.get(key));
		this.#idle.delete(key);
		const loading = this.#loaded.get(key);
		if (!loading) return this.#closing.get(key);
		this.#loaded.delete(key);
		const closing = loading
			.then((delivery) => delivery.close())
			.catch(this.#around.report)
			.finally(() => this.#closing.delete(key));
		this.#closing.set(key, closing);
		await closing;
	}
}
