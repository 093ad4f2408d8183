/**
 * The connection that writes, made anew when it is lost. While the database cannot be reached,
 * it is not asked for every append, but after a pause that grows.
 */
import type pg from "pg";
import { isRefusal } from "../../../errors.ts";
import type { Database } from "../connection/database.ts";
import { cut, hangUp } from "../connection/ending.ts";
import { unreachable } from "../connection/failures.ts";
import { checkServer } from "../start/checks.ts";
import type { Demands } from "./transaction.ts";

const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 2000;

export type Writing = {
	readonly client: pg.Client;
	readonly warnings: string[];
	/** The size that the log had when its statements were planned. */
	plannedAt: number;
};

/** Planning a statement anew for each group took longer than running it. */
const PLAN_ONCE = "SET plan_cache_mode = force_generic_plan";
/** A plan for a table that was small may go by another index than one for a large table. */
const PLAN_ANEW = "DISCARD PLANS";
const REPLAN_EVENTS_MIN = 1000;

export class WriterConnection {
	readonly #database: Database;
	readonly demands: Demands;
	#open: Writing | undefined;
	#pauseMs = PAUSE_MIN_MS;
	#notBeforeMs = Number.NEGATIVE_INFINITY;
	#lastError: unknown;
	#isClosed = false;

	constructor(database: Database, demands: Demands) {
		this.#database = database;
		this.demands = demands;
	}

	/** @throws Refusal `database-unreachable` */
	async get(): Promise<Writing> {
		if (this.#open) return this.#open;
		if (this.#isClosed) throw unreachable(new Error("this server is shutting down"));
		if (performance.now() < this.#notBeforeMs) throw unreachable(this.#lastError);
		try {
			const open = await this.#connect();
			this.#open = open;
			this.#pauseMs = PAUSE_MIN_MS;
			return open;
		} catch (error) {
			this.#lastError = error;
			this.#notBeforeMs = performance.now() + this.#pauseMs;
			this.#pauseMs = Math.min(2 * this.#pauseMs, PAUSE_MAX_MS);
			throw unreachable(error);
		}
	}

	/** Has the statements planned anew if the log has doubled, in front of what is sent next. */
	replan(writing: Writing, size: number): void {
		if (size < 2 * writing.plannedAt + REPLAN_EVENTS_MIN) return;
		writing.plannedAt = size;
		// If that fails, so does what follows on the connection.
		void writing.client.query(PLAN_ANEW).catch(() => undefined);
	}

	/** Lets go of a connection that failed, or whose transaction cannot be undone. */
	discard(client: pg.Client): void {
		if (this.#open?.client === client) this.#open = undefined;
		// A commit may hang there; nobody waits for its end.
		cut(client);
	}

	/** Whatever waits for an answer there is refused. */
	cut(): void {
		if (this.#open) this.discard(this.#open.client);
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		const open = this.#open;
		this.#open = undefined;
		if (open) await hangUp(open.client);
	}

	async #connect(): Promise<Writing> {
		const client = await this.#database.connect("writer", true);
		try {
			const { allowsUnsafe } = this.demands;
			await checkServer(client, this.#database.address.shown, allowsUnsafe);
			await client.query(PLAN_ONCE);
		} catch (error) {
			void hangUp(client);
			if (isRefusal(error, "database-unusable")) throw new Error(error.facts.reason);
			throw error;
		}
		const warnings: string[] = [];
		// Below warnings, the session sends none.
		client.on("notice", ({ message }) => warnings.push(String(message)));
		const open = { client, warnings, plannedAt: 0 };
		client.on("end", () => {
			if (this.#open === open) this.#open = undefined;
		});
		return open;
	}
}
