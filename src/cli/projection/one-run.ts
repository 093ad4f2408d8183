/** A script in the sandbox, with its states kept in this process. */
import type {
	Definition,
	HandedOut,
	Outcome,
	Script,
	ScriptEvent,
	Scripts,
	StateSource,
} from "../../projections/script/script.ts";
import { line } from "./lines.ts";

export class OneRun {
	readonly #scripts: Scripts;
	readonly #source: string;
	readonly #kept: KeptStates;
	#script: Script;

	private constructor(scripts: Scripts, source: string, kept: KeptStates, script: Script) {
		this.#scripts = scripts;
		this.#source = source;
		this.#kept = kept;
		this.#script = script;
	}

	/** @throws ScriptFault if the source is no projection */
	static async open(scripts: Scripts, source: string): Promise<OneRun> {
		const kept = new KeptStates();
		const script = await scripts.open({ source, states: kept, mayEmit: true });
		return new OneRun(scripts, source, kept, script);
	}

	get definition(): Definition {
		return this.#script.definition;
	}

	async take(events: readonly ScriptEvent[], trace: boolean): Promise<Outcome> {
		const outcome = await this.#script.run(events, { handOut: true, trace });
		this.#kept.keep(outcome.states);
		return outcome;
	}

	async restart(): Promise<void> {
		await this.#script.close();
		const [source, states] = [this.#source, this.#kept];
		this.#script = await this.#scripts.open({ source, states, mayEmit: true });
	}

	/** The states, and the results of those, at the end. */
	async lines(): Promise<string[]> {
		const { handlers, output } = this.definition;
		const { partitions, shared } = this.#kept;
		// A script that failed may be gone; from its states it starts again.
		if (output.producesResults) await this.restart();
		const lines: string[] = [];
		for (const [partition, state] of [...partitions].sort(([one], [other]) =>
			one < other ? -1 : 1,
		)) {
			lines.push(line({ kind: "state", partition }, { state }));
			if (!output.producesResults) continue;
			const { result } = await this.#script.look(partition);
			if (result !== undefined) lines.push(line({ kind: "result", partition }, { result }));
		}
		if (handlers.isBiState) lines.push(line({ kind: "shared" }, { state: shared }));
		return lines;
	}
}

class KeptStates implements StateSource {
	readonly partitions = new Map<string, string>();
	shared: string | undefined;

	async load(partitions: readonly string[]): Promise<readonly (string | undefined)[]> {
		return partitions.map((partition) => this.partitions.get(partition));
	}

	async loadShared(): Promise<string | undefined> {
		return this.shared;
	}

	keep(states: HandedOut | undefined): void {
		for (const [partition, state] of states?.partitions ?? [])
			this.partitions.set(partition, state);
		this.shared = states?.shared ?? this.shared;
	}
}
