/**
 * All projections of a log. What they are is in the log; those that are enabled run on this server,
 * unless it is told to run none. Changes are made one after another, and each is an event before
 * it is done, so another server over the same log hears of it and does the same.
 */
import { randomUUID } from "node:crypto";
import { Refusal } from "../errors.ts";
import { ALL } from "../event.ts";
import type { Log } from "../log/log.ts";
import type { OperatorLog } from "../observe/operator-log.ts";
import type { Author, Definition, Mode, StreamsToDelete, Wanted } from "./definition.ts";
import { isAnyToDelete, notDeleted } from "./keeping/deleting.ts";
import type { EmitterLimits } from "./keeping/emitter.ts";
import { OwnLog } from "./keeping/own-log.ts";
import type { Projection } from "./projection.ts";
import { Registry, type Room } from "./registry.ts";
import type { Rights } from "./rights.ts";
import { checkQuery } from "./running/check.ts";
import { Wakes } from "./running/wakes.ts";
import type { Scripts } from "./script/script.ts";
import type { ProjectionSettings } from "./settings.ts";
import { Tail } from "./source/tail.ts";
import type { Standing } from "./status.ts";
import { SYSTEM_PROJECTIONS, SystemProjections, systemProjection } from "./system.ts";

export type ProjectionsAround = {
	readonly log: Log;
	readonly operatorLog: OperatorLog;
	readonly rights: Rights;
	readonly scripts: Scripts;
	readonly limits: EmitterLimits & Room;
};

export type NewProjection = {
	/** Undefined for a name that the server makes. */
	readonly name: string | undefined;
	readonly mode: Mode;
	readonly query: string;
	readonly isEnabled: boolean;
	readonly settings: ProjectionSettings;
	readonly author: Author;
};

/** Behind one event, the server waits this long for more, for each projection that runs. */
const LINGER_MS = 2;
const LINGER_MS_MIN = 5;
const LINGER_MS_MAX = 250;
/** When the server ends, batches that run have so long. */
const CLOSE_MS = 4000;

export class Projections {
	readonly own: OwnLog;
	readonly around: ProjectionsAround;
	readonly #system: SystemProjections;
	readonly #wakes: Wakes;
	readonly #tail: Tail;
	readonly #registry: Registry;

	constructor(around: ProjectionsAround) {
		const { log, operatorLog, rights, scripts, limits } = around;
		this.around = around;
		const own = new OwnLog(log);
		this.own = own;
		this.#system = new SystemProjections(own);
		this.#wakes = new Wakes(log);
		this.#tail = new Tail(log);
		const lingerMs = () => {
			const ms = LINGER_MS * this.#registry.room.taken;
			return Math.min(LINGER_MS_MAX, Math.max(LINGER_MS_MIN, ms));
		};
		const heard = { wakes: this.#wakes, tail: this.#tail };
		const parts = { own, scripts, rights, ...heard, limits, lingerMs, operatorLog };
		this.#registry = new Registry(parts, limits);
	}

	/** Those that are known at once, for numbers. */
	get known(): readonly Projection[] {
		return this.#registry.known;
	}

	/** Takes in what there is, and starts those that are enabled. */
	async start(): Promise<void> {
		await this.#registry.all();
	}

	/**
	 * Makes a projection.
	 * @returns its name
	 * @throws Refusal `invalid-projection`, `projection-exists`, `too-many-projections`, and those of
	 *   an append
	 */
	async create(wanted: NewProjection): Promise<string> {
		const { mode, query, isEnabled, settings, author } = wanted;
		const name = wanted.name ?? randomUUID();
		if (systemProjection(name)) throw new Refusal("projection-exists", { projection: name });
		await checkQuery(this.around.scripts, query);
		const made = { version: 1, epoch: 0, kept: 0, candidate: undefined };
		const definition = {
			name,
			id: randomUUID(),
			mode,
			query,
			isEnabled,
			settings,
			author,
			...made,
		};
		await this.#registry.change(() => this.#registry.create(definition));
		return name;
	}

	/** @throws Refusal `projection-not-found`; of a system projection `projection-busy` */
	get(name: string): Promise<Projection> {
		refuseSystem(name);
		return this.#registry.get(name);
	}

	/** @throws Refusal `projection-not-found` */
	async standing(name: string): Promise<Standing> {
		const system = systemProjection(name);
		if (system) return this.#system.standing(system, await this.#end());
		return this.#standingOf(await this.#registry.get(name));
	}

	/** How all of them stand: the system's first, then in the order of their creation. */
	async standings(): Promise<Standing[]> {
		const end = await this.#end();
		const system = SYSTEM_PROJECTIONS.map((one) => this.#system.standing(one, end));
		const others = (await this.#registry.all()).map((one) => this.#standingOf(one));
		return Promise.all([...system, ...others]);
	}

	/**
	 * Changes what a projection is, and lets it go on as that. One that runs stops for it.
	 * @param change gives the new definition; what it throws changes nothing
	 * @throws Refusal `projection-not-found`, `invalid-projection`, and those of an append
	 */
	async update(name: string, change: (before: Definition) => Definition): Promise<void> {
		refuseSystem(name);
		const { definition } = await this.#registry.get(name);
		const { query } = change(definition);
		if (query !== definition.query) await checkQuery(this.around.scripts, query);
		await this.#registry.change(async () => {
			const projection = notDeleted(this.#registry.require(name));
			const after = change(projection.definition);
			const goesOn = projection.isRunning || projection.state === "Faulted";
			const save = () => this.#registry.save(projection, after);
			await this.#registry.room.whileStopped(projection, true, save);
			if (goesOn && after.isEnabled) this.#registry.room.start(projection);
		});
	}

	/**
	 * Lets another query run beside that of a projection; as soon as it has come as far, it takes its
	 * place. One that ran beside it before is discarded.
	 * @param wanted undefined discards it alone
	 * @throws Refusal `projection-not-found`, `invalid-projection`, and those of an append
	 */
	async beside(name: string, wanted: ((before: Definition) => Wanted) | undefined): Promise<void> {
		refuseSystem(name);
		const { definition } = await this.#registry.get(name);
		if (wanted) await checkQuery(this.around.scripts, wanted(definition).query);
		await this.#registry.change(async () => {
			const projection = notDeleted(this.#registry.require(name));
			const { definition: before } = projection;
			const kept = 1 + Math.max(before.kept, before.candidate?.kept ?? 0);
			const candidate = wanted && { ...wanted(before), kept };
			await this.#registry.save(projection, { ...before, candidate });
		});
	}

	/** Lets one run. @throws Refusal `projection-not-found`, and those of an append */
	async enable(name: string): Promise<void> {
		if (systemProjection(name)) return this.#system.note(name, true);
		await this.#registry.change(async () => {
			const projection = notDeleted(this.#registry.require(name));
			const { definition } = projection;
			if (!definition.isEnabled) {
				await this.#registry.save(projection, { ...definition, isEnabled: true });
			}
			this.#registry.room.start(projection);
		});
	}

	/**
	 * Lets one stop.
	 * @param saves whether it keeps how far it is
	 * @throws Refusal `projection-not-found`, and those of an append
	 */
	async disable(name: string, saves: boolean): Promise<void> {
		if (systemProjection(name)) return this.#system.note(name, false);
		await this.#registry.change(async () => {
			const projection = notDeleted(this.#registry.require(name));
			const { definition } = projection;
			await this.#registry.room.whileStopped(projection, saves, async () => {
				if (!definition.isEnabled) return;
				await this.#registry.save(projection, { ...definition, isEnabled: false });
			});
			// One that did not run is one that was told to stop from now on.
			await projection.stop(saves);
		});
	}

	/**
	 * Lets one begin anew, in another epoch: what it emits is emitted again, and hides what it has
	 * emitted before.
	 * @throws Refusal `projection-not-found`, and those of an append
	 */
	async reset(name: string): Promise<void> {
		if (systemProjection(name)) return;
		await this.#registry.change(async () => {
			const projection = notDeleted(this.#registry.require(name));
			const { definition, isRunning } = projection;
			const anew = { ...definition, epoch: definition.epoch + 1, candidate: undefined };
			await this.#registry.room.whileStopped(projection, false, async () => {
				await this.#registry.save(projection, anew);
				await projection.clear();
			});
			if (isRunning || definition.isEnabled) this.#registry.room.start(projection);
			else await projection.stop(true);
		});
	}

	/** @throws Refusal `projection-not-found`; `projection-busy` of one that runs, or the system's */
	async delete(name: string, streams: StreamsToDelete): Promise<void> {
		refuseSystem(name);
		const projection = await this.#registry.change(async () => {
			const found = this.#registry.require(name);
			const { isRunning, state, definition } = found;
			if (isRunning) {
				const reason = "It runs. Disable it first.";
				throw new Refusal("projection-busy", { projection: name, state, reason });
			}
			if (definition.mode === "Transient" || !isAnyToDelete(streams)) {
				await this.#registry.remove(found);
				return undefined;
			}
			const going = { isEnabled: false, candidate: undefined, deletes: streams };
			await this.#registry.save(found, { ...definition, ...going });
			return found;
		});
		if (projection) await this.#registry.deletions.finish(projection);
	}

	/** Starts all anew, each from where it has kept that it is. */
	async restart(): Promise<void> {
		await this.#registry.change(async () => {
			for (const projection of this.#registry.known) {
				if (!projection.isRunning) continue;
				await projection.stop(true);
				projection.start();
			}
		});
	}

	/** Of several servers over the log another one leads now, or this one: then its limit is new. */
	async lead(): Promise<void> {
		await this.#registry.lead();
	}

	/** Stops all, each with how far it is. */
	async close(): Promise<void> {
		const { scripts } = this.around;
		// A script that takes its time for each event holds up no server that wants to end.
		const timer = setTimeout(() => void scripts.close(), CLOSE_MS);
		await this.#registry.close();
		clearTimeout(timer);
		this.#wakes.close();
		this.#tail.close();
		await scripts.close();
	}

	async #standingOf(projection: Projection): Promise<Standing> {
		const candidate = await this.#registry.candidates.standing(projection.definition.name);
		return { ...(await projection.standing()), candidate };
	}

	/** The first position beyond the log. */
	async #end(): Promise<number> {
		return Number(await this.own.log.last(ALL)) + 1;
	}
}

function refuseSystem(name: string): void {
	if (!systemProjection(name)) return;
	throw new Refusal("projection-busy", {
		projection: name,
		state: "Running",
		reason: "The log itself does the work of this projection: it cannot be changed or deleted.",
	});
}
