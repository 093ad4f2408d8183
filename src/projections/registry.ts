/**
 * Which projections there are, as the log says. This server or another may have changed what they
 * are: their events make them stale, and whoever asks next takes them in.
 */
import { isRefusal, Refusal } from "../errors.ts";
import { logFault } from "../observe/operator-log.ts";
import { Candidates } from "./candidates.ts";
import type { Definition } from "./definition.ts";
import { DefinitionStore } from "./keeping/store.ts";
import { definedBy, PROJECTIONS_STREAM } from "./names.ts";
import { Projection, type ProjectionParts } from "./projection.ts";

export type Room = {
	/** How many there may be. */
	readonly projectionsMax: number;
	/** How many may run on this server at a time; 0 for a server that runs none. */
	readonly projectionsRunningMax: number;
};

/** Listens to the log until it is closed. */
export class Registry {
	readonly store: DefinitionStore;
	readonly #parts: ProjectionParts;
	readonly #room: Room;
	readonly candidates: Candidates;
	readonly #all = new Map<string, Projection>();
	readonly #stopListening: () => void;
	/** The names whose definitions are to be read. */
	readonly #stale = new Set<string>();
	#isListStale = true;
	/** Changes are made one after another. */
	#changing: Promise<unknown> = Promise.resolve();
	#isClosed = false;

	constructor(parts: ProjectionParts, room: Room) {
		this.#parts = parts;
		this.#room = room;
		this.store = new DefinitionStore(parts.own);
		this.candidates = new Candidates(parts, (name) => this.#takeOver(name));
		this.#stopListening = parts.own.log.onCommit(({ streams }) => {
			for (const stream of streams.keys()) {
				const name = definedBy(stream);
				if (stream === PROJECTIONS_STREAM) this.#isListStale = true;
				else if (name !== undefined) this.#stale.add(name);
			}
			if (this.#isStale) this.#syncSoon();
		});
	}

	get #isStale(): boolean {
		return this.#isListStale || this.#stale.size > 0;
	}

	/** How many run. */
	get running(): number {
		let count = 0;
		for (const one of this.#all.values()) if (one.isRunning) count++;
		return count;
	}

	/** All, as far as they are known at once. */
	get known(): readonly Projection[] {
		return [...this.#all.values()];
	}

	/** All, in the order of their creation. */
	async all(): Promise<readonly Projection[]> {
		if (this.#isStale) await this.change(async () => undefined);
		return this.known;
	}

	/** @throws Refusal `projection-not-found` */
	async get(name: string): Promise<Projection> {
		if (this.#isStale) await this.change(async () => undefined);
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
		const changed = this.#changing.then(async () => {
			await this.#sync();
			const done = await work();
			await this.#sync();
			return done;
		});
		this.#changing = changed.catch(() => undefined);
		return changed;
	}

	/** Within a change. @throws Refusal `projection-exists`, `too-many-projections` */
	async create(definition: Definition): Promise<void> {
		const { name, mode } = definition;
		const { projectionsMax } = this.#room;
		if (this.#all.has(name)) throw new Refusal("projection-exists", { projection: name });
		if (this.#all.size >= projectionsMax) {
			throw new Refusal("too-many-projections", { projectionsMax });
		}
		if (mode === "Transient") this.#add(definition, -1);
		else await this.store.create(definition, projectionsMax);
	}

	/** Within a change: writes a new definition, of a projection that does not run. */
	async save(projection: Projection, definition: Definition): Promise<void> {
		const { name, mode } = definition;
		const isKept = mode !== "Transient";
		const at = isKept ? await this.store.save(definition, projection.at) : projection.at;
		projection.redefine(definition, at);
		this.#stale.delete(name);
		await this.#syncCandidate(projection, true);
	}

	/** Within a change. */
	async remove({ definition: { name, mode } }: Projection): Promise<void> {
		if (mode !== "Transient") await this.store.remove(name);
		this.#all.delete(name);
		await this.candidates.forget(name);
	}

	/** Lets one run, if the server has room for it. */
	startIfRoom(projection: Projection): void {
		const { projectionsRunningMax: limit } = this.#room;
		if (projection.isRunning || this.running < limit) projection.start();
		else if (limit === 0) projection.hold("This server runs no projections.");
		else projection.hold(`This server runs ${limit} projections already, and no more.`);
	}

	/** Stops all, each with how far it is. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#stopListening();
		await this.#changing;
		await this.candidates.close().catch(() => undefined);
		await Promise.all(this.known.map((one) => one.stop(true).catch(() => undefined)));
	}

	/** Lets the query that runs beside another one take its place. */
	#takeOver(name: string): Promise<void> {
		return this.change(async () => {
			const projection = this.#all.get(name);
			const { candidate, ...definition } = projection?.definition ?? {};
			if (projection === undefined || candidate === undefined) return;
			const { isRunning } = projection;
			const isThere = await this.candidates.meet(projection);
			if (isThere) {
				const before = await projection.keeper();
				await this.candidates.forget(name);
				const taken = { ...(definition as Definition), ...candidate, candidate: undefined };
				await this.save(projection, taken);
				await before.clear();
			} else await this.candidates.forget(name);
			if (isRunning) this.startIfRoom(projection);
			// One that could not take the place goes on beside it.
			if (!isThere) await this.#syncCandidate(projection, true);
		});
	}

	/** @param isOurs whether this server has made the change */
	#syncCandidate(projection: Projection, isOurs: boolean): Promise<void> {
		return this.candidates.sync(projection, this.#room.projectionsRunningMax > 0, isOurs);
	}

	#syncSoon(): void {
		queueMicrotask(() => {
			if (this.#isClosed || !this.#isStale) return;
			this.all().catch((error: unknown) => {
				if (!isRefusal(error)) logFault(this.#parts.operatorLog, error);
			});
		});
	}

	async #sync(): Promise<void> {
		if (this.#isClosed) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		while (this.#isStale) {
			const isListed = !this.#isListStale;
			this.#isListStale = false;
			const names = await this.store.names();
			const stale = isListed ? [...this.#stale] : [...names];
			this.#stale.clear();
			for (const [name, one] of this.#all) {
				if (names.has(name) || one.definition.mode === "Transient") continue;
				await one.stop(false);
				this.#all.delete(name);
			}
			for (const name of stale) if (names.has(name)) await this.#syncOne(name);
		}
	}

	async #syncOne(name: string): Promise<void> {
		const known = this.#all.get(name);
		const kept = await this.store.get(name);
		if (kept === undefined || kept.at === known?.at) return;
		if (known === undefined) this.#add(kept.definition, kept.at);
		else await this.#adopt(known, kept.definition, kept.at);
	}

	#add(definition: Definition, at: number): void {
		const projection = new Projection(definition, at, this.#parts);
		this.#all.set(definition.name, projection);
		const onFault = (error: unknown) => logFault(this.#parts.operatorLog, error);
		this.#syncCandidate(projection, false).catch(onFault);
		if (!definition.isEnabled) return;
		projection
			.noteCompleted()
			.then((isCompleted) => isCompleted || this.startIfRoom(projection), onFault);
	}

	/** Lets a projection go on as another server has defined it. */
	async #adopt(projection: Projection, definition: Definition, at: number): Promise<void> {
		const { id, epoch } = projection.definition;
		const isSame = id === definition.id && epoch === definition.epoch;
		await projection.stop(isSame);
		projection.redefine(definition, at);
		await this.#syncCandidate(projection, false);
		if (definition.isEnabled) this.startIfRoom(projection);
	}
}
