/** Whether a query can run at all. */
import { isRefusal, Refusal } from "../../errors.ts";
import {
	type Definition,
	type Fault,
	ScriptFault,
	type Scripts,
	type StateSource,
} from "../script/script.ts";
import { describeFault } from "../status.ts";

/** Of a script that nothing was kept of. */
export const NO_STATES: StateSource = {
	load: async (partitions) => partitions.map(() => undefined),
	loadShared: async () => undefined,
};

/** Where a query puts its results; undefined of one that cannot run any more. */
export async function outputOf(
	scripts: Scripts,
	query: string,
): Promise<Definition["output"] | undefined> {
	try {
		return (await checkQuery(scripts, query)).output;
	} catch (error) {
		if (isRefusal(error, "invalid-projection")) return undefined;
		throw error;
	}
}

/**
 * @returns what the query says of itself
 * @throws Refusal `invalid-projection`, with the place of the mistake
 */
export async function checkQuery(
	scripts: Scripts,
	query: string,
	isFirst = true,
): Promise<Definition> {
	try {
		const script = await scripts.open({ source: query, states: NO_STATES, mayEmit: true });
		await script.close();
		return script.definition;
	} catch (error) {
		if (!(error instanceof ScriptFault)) throw error;
		// A server that is busy makes everything slow.
		if (isFirst && error.fault.kind === "time") return checkQuery(scripts, query, false);
		throw invalidQuery(error.fault);
	}
}

export function invalidQuery(fault: Fault): Refusal<"invalid-projection"> {
	const { line, column } = fault;
	return new Refusal("invalid-projection", {
		reason: describeFault(fault),
		...(line === undefined ? {} : { line }),
		...(column === undefined ? {} : { column }),
	});
}
