/**
 * Queries that run beside the ones that they are to replace (blue/green).
 *
 *     the old one   reads, emits, keeps ───────────────── stops at P ┐
 *     the new one   reads from the first event, in silence, to P ────┴─▶ takes its place
 *
 * The new one keeps its states in a stream of its own, and never comes further than the old one:
 * what it has passed over in silence, the old one has seen. The switch is one event: the definition
 * with the new query. Before it, the old one has emitted for all events before P; behind it, the
 * new one emits for those from P on. So no event is emitted for twice, or not at all.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Definition } from "../definition.ts";
import { Projection, type ProjectionParts } from "../projection.ts";
import type { Standing } from "../status.ts";

export type CandidatesAround = {
	/** Lets one run, if the server has room for it. */
	start(candidate: Projection): void;
	/** Is called when the candidate of a projection has come as far as it. */
	takeOver(name: string): void;
};

/** An old query is stopped for no longer while a new one comes as far. */
const MEET_MS = 5000;
/** One that could not take the place tries again after so long. */
const AGAIN_MS = 1000;

export class Candidates {
	readonly #parts: ProjectionParts;
	readonly #around: CandidatesAround;
	/** By the name of the projection. */
	readonly #all = new Map<string, Projection>();

	constructor(parts: ProjectionParts, around: CandidatesAround) {
		this.#parts = parts;
		this.#around = around;
	}

	get all(): readonly Projection[] {
		return [...this.#all.values()];
	}

	/**
	 * Lets the candidate of a definition run, if it has one, and no other.
	 * @returns the one that ran before, if it is a candidate no more
	 */
	async sync(projection: Projection): Promise<Projection | undefined> {
		const { definition } = projection;
		const known = this.#all.get(definition.name)?.definition;
		const wanted = besideOf(definition);
		const isSame = known?.kept === wanted?.kept && known?.epoch === wanted?.epoch;
		if (isSame) return undefined;
		const dropped = await this.forget(definition.name);
		if (wanted) this.#around.start(this.#make(wanted, projection));
		return dropped;
	}

	/** How the candidate of a projection stands; undefined if it has none. */
	async standing(name: string): Promise<Standing | undefined> {
		return this.#all.get(name)?.standing();
	}

	/**
	 * Stops a projection, and brings its candidate to where it is.
	 * @returns whether it is there; if it is not, and has no fault, it may try again
	 */
	async meet(projection: Projection): Promise<boolean> {
		const { name } = projection.definition;
		const candidate = this.#all.get(name);
		if (candidate === undefined || candidate.state === "Faulted") return false;
		await candidate.stop(true);
		if (projection.isRunning) await projection.stop(true);
		const { next: end = 0, isCompleted = false } = (await projection.keeper()).checkpoint ?? {};
		// The old one was killed in its work, and has less than it had.
		if ((await candidate.reached()) > end) await candidate.clear();
		const bounds = { isSilent: true, before: async () => end, ends: { isCompleted } } as const;
		const last = new Projection(candidate.definition, candidate.at, { ...this.#parts, ...bounds });
		this.#all.set(name, last);
		last.start();
		await Promise.race([last.ended(), sleep(MEET_MS, undefined, { ref: false })]);
		if (last.isRunning) await last.stop(true);
		return last.state === "Completed";
	}

	/** One that could not take the place goes on beside it and tries again, unless it is at fault. */
	again(projection: Projection, reason: string): void {
		const { name } = projection.definition;
		const wanted = besideOf(projection.definition);
		if (wanted === undefined || this.#all.get(name)?.state === "Faulted") return;
		const candidate = this.#make(wanted, projection);
		candidate.hold(reason, false);
		const start = () => {
			if (this.#all.get(name) === candidate) this.#around.start(candidate);
		};
		setTimeout(start, AGAIN_MS).unref();
	}

	/**
	 * The candidate of a projection is one no more, and keeps what it has.
	 * @returns it, if there was one
	 */
	async forget(name: string): Promise<Projection | undefined> {
		const known = this.#all.get(name);
		this.#all.delete(name);
		await known?.stop(true);
		return known;
	}

	async close(): Promise<void> {
		await Promise.all([...this.#all.keys()].map((name) => this.forget(name)));
	}

	#make(wanted: Definition, projection: Projection): Projection {
		const { name } = wanted;
		let isTold = false;
		const onAtHead = () => {
			if (isTold) return;
			isTold = true;
			this.#around.takeOver(name);
		};
		const before = () => projection.reached();
		const bounds = { isSilent: true, before, onAtHead } as const;
		const candidate = new Projection(wanted, projection.at, { ...this.#parts, ...bounds });
		this.#all.set(name, candidate);
		return candidate;
	}
}

/** A candidate as a projection of its own. It does not end at the head: it waits for the other. */
function besideOf(definition: Definition): Definition | undefined {
	const { candidate } = definition;
	const own = { isEnabled: true, mode: "Continuous", candidate: undefined } as const;
	return candidate && { ...definition, ...candidate, ...own };
}
