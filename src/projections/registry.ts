/**
 * Which projections there are, as the log says. This server or another may have changed what they
 * are: their events make them stale, and whoever asks next takes them in.
 */
import { isRefusal, Refusal } from "../errors.ts";
import { logFault } from "../observe/operator-log.ts";
import { Candidates } from "./changing/candidates.ts";
import { Deletions } from "./changing/deletions.ts";
import type { Definition } from "./definition.ts";
import { Stale } from "./keeping/stale.ts";
import { DefinitionStore } from "./keeping/store.ts";
import { Projection, type ProjectionParts } from "./projection.ts";
import { type RunningLimit, RunningRoom } from "./running/room.ts";
import { messageOf } from "./running/verdict.ts";

/** If what there is cannot be read, it is tried again after so long. */
const SYNC_AGAIN_MS = 1000;

export type Room = RunningLimit & {
	/** How many there may be. */
	readonly projectionsMax: number;
};

/** Listens to the log until it is closed. */
export class Registry {
	readonly store: DefinitionStore;
	readonly #parts: ProjectionParts;
	readonly #projectionsMax: number;
	/** For all that run, with the queries that run beside others. */
	readonly room: RunningRoom;
	readonly candidates: Candidates;
	readonly deletions: Deletions;
	readonly #all = new Map<string, Projection>();
	readonly #stale: Stale;
	/** Changes are made one after another. */
	#changing: Promise<unknown> = Promise.resolve();
	#again: NodeJS.Timeout | undefined;
	#isClosed = false;

	constructor(parts: ProjectionParts, room: Room) {
		this.#parts = { ...parts, onEnd: () => this.#fillSoon() };
		this.#projectionsMax = room.projectionsMax;
		this.room = new RunningRoom(room, () => this.#everyone());
		this.store = new DefinitionStore(parts.own);
		this.candidates = new Candidates(this.#parts, {
			start: (candidate) => this.room.start(candidate),
			takeOver: (name) => this.#soon(this.#takeOver(name)),
		});
		this.deletions = new Deletions(parts, {
			known: (name) => this.#all.get(name)?.definition,
			removeIf: (projection, holds) =>
				this.change(async () => {
					if (holds()) await this.remove(projection);
				}),
		});
		this.#stale = new Stale(parts.own.log, () => this.#syncSoon());
	}

	/** All, as far as they are known at once. */
	get known(): readonly Projection[] {
		return [...this.#all.values()];
	}

	/** All, in the order of their creation. */
	async all(): Promise<readonly Projection[]> {
		if (this.#stale.isAny) await this.change(async () => undefined);
		return this.known;
	}

	/** @throws Refusal `projection-not-found` */
	async get(name: string): Promise<Projection> {
		await this.all();
		return this.require(name);
	}

	/** As `get`, within a change. */
	require(name: string): Projection {
		const found = this.#all.get(name);
		if (found) return found;
		throw new Refusal("projection-not-found", { projection: name });
	}

	/** Makes a change when all earlier ones are over, and takes in what it wrote. */
	change<T>(work: () => Promise<T>): Promise<T> {
		return this.#inTurn(async () => {
			await this.#sync();
			const done = await work();
			await this.#sync();
			this.room.fill();
			return done;
		});
	}

	/** Within a change. @throws Refusal `projection-exists`, `too-many-projections` */
	async create(definition: Definition): Promise<void> {
		const { name, mode } = definition;
		const projectionsMax = this.#projectionsMax;
		if (this.#all.has(name)) throw new Refusal("projection-exists", { projection: name });
		if (this.#all.size >= projectionsMax) {
			throw new Refusal("too-many-projections", { projectionsMax });
		}
		if (mode === "Transient") await this.#add(definition, -1);
		else await this.store.create(definition, projectionsMax);
	}

	/** Within a change: writes a new definition, of a projection that does not run. */
	async save(projection: Projection, definition: Definition): Promise<void> {
		await this.#write(projection, definition);
		const dropped = await this.candidates.sync(projection);
		if (dropped) await this.#clearUp(dropped);
	}

	/** Within a change. */
	async remove({ definition: { name, mode } }: Projection): Promise<void> {
		if (mode !== "Transient") await this.store.remove(name);
		this.#all.delete(name);
		const candidate = await this.candidates.forget(name);
		if (candidate) await this.#clearUp(candidate);
	}

	/** Begins anew with the limit of now: what is in memory is of a time with another leader. */
	lead(): Promise<void> {
		// Nothing is read for it first: at a change of the leader, reads may fail.
		return this.#inTurn(async () => {
			if (this.#isClosed) return;
			await Promise.all(this.#everyone().map((one) => one.isRunning && one.stop(false)));
			for (const projection of this.known) await this.#startIfEnabled(projection);
			for (const candidate of this.candidates.all) this.room.start(candidate);
			this.#syncSoon();
		});
	}

	/** Stops all, each with how far it is. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#stale.close();
		await this.#changing;
		await this.candidates.close();
		await Promise.all(this.known.map((one) => one.stop(true)));
	}

	/** Lets the query that runs beside another one take its place. */
	#takeOver(name: string): Promise<void> {
		return this.change(async () => {
			const projection = this.#all.get(name);
			const { candidate, ...definition } = projection?.definition ?? {};
			if (projection === undefined || candidate === undefined) return;
			let goesOn = projection.isRunning;
			try {
				if (await this.candidates.meet(projection)) {
					const before = await projection.keeper();
					const taken = { ...(definition as Definition), ...candidate, candidate: undefined };
					await this.#write(projection, taken);
					goesOn ||= projection.state === "Faulted";
					await this.candidates.forget(name);
					await this.#clearUp(before);
				} else this.candidates.again(projection, "It has not come as far as the old one in time.");
			} catch (error) {
				this.candidates.again(projection, `It tries again to take the place: ${messageOf(error)}`);
				throw error;
			} finally {
				if (goesOn) this.room.start(projection);
			}
		});
	}

	async #write(projection: Projection, definition: Definition): Promise<void> {
		const { name, mode } = definition;
		const isKept = mode !== "Transient";
		const at = isKept ? await this.store.save(definition, projection.at) : projection.at;
		projection.redefine(definition, at);
		this.#stale.isKnown(name);
	}

	/** What nothing refers to any more is in nobody's way: a change that is made stays made. */
	async #clearUp(kept: { clear(): Promise<void> }): Promise<void> {
		await kept.clear().catch((error: unknown) => logFault(this.#parts.operatorLog, error));
	}

	#inTurn<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#changing.then(work);
		this.#changing = done.catch(() => undefined);
		return done;
	}

	#everyone(): readonly Projection[] {
		return [...this.#all.values(), ...this.candidates.all];
	}

	#fillSoon(): void {
		if (this.#isClosed || !this.room.isAwaited) return;
		this.#soon(this.change(async () => undefined));
	}

	/** Nobody waits for it: what is refused is seen where it is missing. */
	#soon(work: Promise<unknown>): void {
		work.catch((error: unknown) => isRefusal(error) || logFault(this.#parts.operatorLog, error));
	}

	#syncSoon(): void {
		queueMicrotask(() => {
			if (!this.#isClosed && this.#stale.isAny) this.#soon(this.all());
		});
	}

	async #sync(): Promise<void> {
		if (this.#isClosed) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		while (this.#stale.isAny) {
			try {
				await this.#takeIn(this.#stale.take());
			} catch (error) {
				// It is asked for again, even if nothing is written meanwhile.
				this.#stale.giveBack();
				clearTimeout(this.#again);
				this.#again = setTimeout(() => this.#syncSoon(), SYNC_AGAIN_MS).unref();
				throw error;
			}
		}
	}

	/** @param stale undefined for all */
	async #takeIn(stale: readonly string[] | undefined): Promise<void> {
		const names = await this.store.names();
		for (const [name, one] of this.#all) {
			if (names.has(name) || one.definition.mode === "Transient") continue;
			await one.stop(false);
			this.#all.delete(name);
			await this.candidates.forget(name);
		}
		for (const name of stale ?? names) if (names.has(name)) await this.#syncOne(name);
	}

	async #syncOne(name: string): Promise<void> {
		const known = this.#all.get(name);
		const kept = await this.store.get(name);
		if (kept === undefined || kept.at === known?.at) return;
		if (known === undefined) await this.#add(kept.definition, kept.at);
		else await this.#adopt(known, kept.definition, kept.at);
	}

	async #add(definition: Definition, at: number): Promise<void> {
		const projection = new Projection(definition, at, this.#parts);
		const { name, mode } = definition;
		this.#all.set(name, projection);
		if (mode === "Continuous") await this.#startIfEnabled(projection);
		else this.#soon(this.#startLater(projection));
		await this.candidates.sync(projection);
	}

	/** Others have their turn while the states are loaded of one that may have come to its end. */
	async #startLater(projection: Projection): Promise<void> {
		// If that fails, it does so again below.
		await projection.keeper().catch(() => undefined);
		await this.change(async () => {
			const isThere = this.#all.get(projection.definition.name) === projection;
			if (isThere) await this.#startIfEnabled(projection);
		});
	}

	/** Lets one go on, unless it had come to its end before. */
	async #startIfEnabled(projection: Projection): Promise<void> {
		const isOver = projection.definition.deletes !== undefined;
		if (isOver && this.room.isAny) this.#soon(this.deletions.finish(projection));
		if (projection.isRunning || !projection.definition.isEnabled) return;
		try {
			if (!(await projection.noteCompleted())) this.room.start(projection);
		} catch (error) {
			projection.hold(messageOf(error), false);
			if (!isRefusal(error)) logFault(this.#parts.operatorLog, error);
		}
	}

	/** Lets a projection go on as another server has defined it. */
	async #adopt(projection: Projection, definition: Definition, at: number): Promise<void> {
		const { id, epoch } = projection.definition;
		const isSame = id === definition.id && epoch === definition.epoch;
		await projection.stop(isSame);
		projection.redefine(definition, at);
		await this.candidates.sync(projection);
		await this.#startIfEnabled(projection);
	}
}
