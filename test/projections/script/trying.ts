/** Scripts to try: events for them, and states that are kept as a server would. */
import type {
	HandedOut,
	Outcome,
	RunOptions,
	Script,
	ScriptEvent,
	ScriptSource,
	Scripts,
	StateSource,
} from "../../../src/projections/script/script.ts";

/** An event in a log of its own, at a position; the rest is made up unless it is given. */
export function eventAt(position: number, given: Partial<ScriptEvent> = {}): ScriptEvent {
	return {
		position,
		stream: `order-${position % 3}`,
		number: Math.floor(position / 3),
		type: position % 2 === 0 ? "Placed" : "Paid",
		id: `6f9619ff-8b86-4011-b42d-${String(position).padStart(12, "0")}`,
		created: Date.UTC(2026, 2, 1) + position * 1_000,
		isJson: true,
		data: JSON.stringify({ amount: position, item: `item ${position % 5}` }),
		metadata: "",
		...given,
	};
}

export function eventsFrom(start: number, count: number): ScriptEvent[] {
	return Array.from({ length: count }, (_, at) => eventAt(start + at));
}

/** Keeps what was handed out, and counts how often it was asked. */
export class KeptStates implements StateSource {
	readonly partitions = new Map<string, string>();
	shared: string | undefined;
	asked = 0;

	async load(partitions: readonly string[]): Promise<readonly (string | undefined)[]> {
		this.asked++;
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

	/** In the order of their names, for comparing. */
	get all(): readonly string[] {
		return [...this.partitions].map(([name, state]) => `${name}=${state}`).sort();
	}
}

export type Tried = {
	readonly script: Script;
	readonly states: KeptStates;
	run(events: readonly ScriptEvent[], options?: RunOptions): Promise<Outcome>;
};

/** Opens a script whose states are kept after each batch. */
export async function tryScript(
	scripts: Scripts,
	source: string,
	options: Partial<ScriptSource> & { readonly states?: KeptStates } = {},
): Promise<Tried> {
	const states = options.states ?? new KeptStates();
	const script = await scripts.open({ mayEmit: true, ...options, source, states });
	const run = async (events: readonly ScriptEvent[], given: RunOptions = {}) => {
		const outcome = await script.run(events, { handOut: true, ...given });
		states.keep(outcome.states);
		return outcome;
	};
	return { script, states, run };
}
