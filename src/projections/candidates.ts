/**
 * Queries that run beside the ones that they are to replace (blue/green).
 *
 *     the old one   reads, emits, keeps ───────────────── stops at P ┐
 *     the new one   reads from the first event, in silence, to P ────┴─▶ takes its place
 *
 * The new one keeps its states in a stream of its own. The switch is one event: the definition
 * with the new query. Before it, the old one has emitted for all events before P; behind it, the
 * new one emits for those from P on. So no event is emitted for twice, or not at all.
 */
import { logFault } from "../observe/operator-log.ts";
import type { Definition } from "./definition.ts";
import { Projection, type ProjectionParts } from "./projection.ts";
import { Run } from "./running/run.ts";
import type { Standing } from "./status.ts";

/** What takes the place of a query. */
export type TakeOver = (name: string) => Promise<void>;

export class Candidates {
	readonly #parts: ProjectionParts;
	readonly #takeOver: TakeOver;
	readonly #running = new Map<string, Projection>();

	/** @param takeOver is called when one has come to the head */
	constructor(parts: ProjectionParts, takeOver: TakeOver) {
		this.#parts = parts;
		this.#takeOver = takeOver;
	}

	/**
	 * Lets the candidate of a definition run, if it has one, and no other.
	 * @param isOurs whether this server has changed the definition: it alone clears up behind one
	 */
	async sync({ definition, at }: Projection, mayRun: boolean, isOurs: boolean): Promise<void> {
		const { name } = definition;
		const known = this.#running.get(name);
		const wanted = besideOf(definition);
		const isSame =
			known !== undefined &&
			wanted !== undefined &&
			known.definition.kept === wanted.kept &&
			known.definition.epoch === wanted.epoch;
		if (isSame) return;
		if (known) await this.#drop(known, isOurs);
		if (wanted === undefined) return;
		let isTold = false;
		const onAtHead = () => {
			if (isTold) return;
			isTold = true;
			this.#takeOver(name).catch((error: unknown) => logFault(this.#parts.operatorLog, error));
		};
		const candidate = new Projection(wanted, at, { ...this.#parts, isSilent: true, onAtHead });
		this.#running.set(name, candidate);
		if (mayRun) candidate.start();
	}

	/** How the candidate of a projection stands; undefined if it has none. */
	async standing(name: string): Promise<Standing | undefined> {
		return this.#running.get(name)?.standing();
	}

	/**
	 * Brings a candidate to where the other one is, and stops both there.
	 * @returns whether it is there
	 */
	async meet(projection: Projection): Promise<boolean> {
		const candidate = this.#running.get(projection.definition.name);
		if (candidate === undefined || candidate.state === "Faulted") return false;
		await candidate.stop(true);
		const reached = (await candidate.keeper()).checkpoint?.next ?? 0;
		// It may be ahead: what it has passed over in silence, the old one has to see first.
		const over = AbortSignal.timeout(MEET_MS);
		if (projection.isRunning) await projection.until(reached, over);
		if (projection.isRunning) await projection.stop(true);
		const before = (await projection.keeper()).checkpoint?.next ?? 0;
		if (before < reached) return false;
		const parts: ProjectionParts = { ...this.#parts, isSilent: true, before };
		const { definition } = candidate;
		const ends: Definition = { ...definition, mode: "OneTime" };
		return new Run(ends, await candidate.keeper(), parts, true).run(() => undefined);
	}

	/** The candidate of a projection is one no more, and keeps what it has. */
	async forget(name: string): Promise<void> {
		const known = this.#running.get(name);
		this.#running.delete(name);
		await known?.stop(true);
	}

	async close(): Promise<void> {
		await Promise.all([...this.#running.values()].map((one) => one.stop(true)));
	}

	async #drop(candidate: Projection, isOurs: boolean): Promise<void> {
		this.#running.delete(candidate.definition.name);
		await candidate.stop(false);
		if (isOurs) await candidate.clear();
	}
}

/** An old query that does not come on holds up a new one for no longer. */
const MEET_MS = 5000;

/** A candidate as a projection of its own. */
function besideOf(definition: Definition): Definition | undefined {
	const { candidate } = definition;
	return candidate && { ...definition, ...candidate, isEnabled: true, candidate: undefined };
}
