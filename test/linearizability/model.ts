/**
 * One stream as its clients may imagine it: a list of event ids, and what each operation does to
 * it. Written from the contract (1.4), not from the code it judges.
 */

export type Expected = number | "any" | "no-stream" | "stream-exists";

export type Operation =
	| {
			readonly kind: "append";
			readonly expected: Expected;
			readonly ids: readonly string[];
			/** Version of the first, or the version it was refused with; none: never answered. */
			readonly answer?: { readonly first: number } | { readonly current: number };
	  }
	| {
			readonly kind: "read";
			/** How many it asked for, from the head. */
			readonly count: number;
			/** The newest first. */
			readonly newest: readonly string[];
			/** Version of the newest; -1 where there is none. */
			readonly last: number;
	  };

/** A stream's content. Equal contents are the same object, and have one number. */
export type State = {
	readonly number: number;
	readonly version: number;
	readonly id: string;
	readonly below: State | undefined;
};

export const EMPTY: State = { number: 0, version: -1, id: "", below: undefined };

/** Makes equal contents the same object. */
export class States {
	readonly #made = new Map<string, State>();

	with(below: State, id: string): State {
		const key = `${below.number} ${id}`;
		const number = this.#made.size + 1;
		const known = this.#made.get(key) ?? { number, version: below.version + 1, id, below };
		this.#made.set(key, known);
		return known;
	}
}

/** What the stream is after `operation`; undefined where it could not have been answered so. */
export function step(states: States, state: State, operation: Operation): State | undefined {
	if (operation.kind === "read") return shows(state, operation) ? state : undefined;
	const { ids, answer } = operation;
	const first = firstOf(state, operation);
	if (first === undefined) {
		if (answer === undefined) return state;
		return "current" in answer && answer.current === state.version ? state : undefined;
	}
	if (answer !== undefined && !("first" in answer && answer.first === first)) return undefined;
	if (first <= state.version) return state;
	let after = state;
	for (const id of ids) after = states.with(after, id);
	return after;
}

function shows(state: State, read: Extract<Operation, { kind: "read" }>): boolean {
	if (read.last !== state.version) return false;
	if (read.newest.length !== Math.min(read.count, state.version + 1)) return false;
	let at: State = state;
	for (const id of read.newest) {
		if (at.id !== id) return false;
		at = at.below ?? EMPTY;
	}
	return true;
}

/**
 * Where the batch is written, or stands already; undefined where it is refused. The ids decide
 * before the expectation does: one that is known is never written again.
 */
function firstOf(
	state: State,
	{ expected, ids }: Extract<Operation, { kind: "append" }>,
): number | undefined {
	const known = ids.map((id) => versionOf(state, id));
	if (known.some((version) => version !== undefined)) {
		const [first = Number.NaN] = known;
		return known.every((version, index) => version === first + index) ? first : undefined;
	}
	const isThere = state.version >= 0;
	const holds =
		expected === "any" ||
		(expected === "stream-exists" && isThere) ||
		(expected === "no-stream" && !isThere) ||
		(isThere && expected === state.version);
	return holds ? state.version + 1 : undefined;
}

function versionOf(state: State, id: string): number | undefined {
	for (let at: State | undefined = state; at; at = at.below) {
		if (at.id === id && at.version >= 0) return at.version;
	}
	return undefined;
}
