/** The query of the routes that move a log: a mistake here would copy the wrong events. */
import { Refusal } from "../../../errors.ts";

/** @throws Refusal `malformed-query` for a parameter that the route does not have, or has once */
export function refuseOthers(query: URLSearchParams, known: readonly string[]): void {
	const seen = new Set<string>();
	for (const [name, value] of query) {
		if (!known.includes(name)) {
			throw malformed(name, value, `the route takes ${known.join(", ")}`);
		}
		if (seen.has(name)) throw malformed(name, value, "it is given more than once");
		seen.add(name);
	}
}

/** @returns undefined if it is not given */
export function numberOf(query: URLSearchParams, name: string, max = 1e15): number | undefined {
	const value = query.get(name);
	if (value === null) return undefined;
	if (/^\d{1,15}$/.test(value) && Number(value) <= max) return Number(value);
	throw malformed(name, value, `it takes a whole number from 0 to ${max}`);
}

export function malformed(parameter: string, value: string, reason: string): Refusal {
	return new Refusal("malformed-query", {
		parameter: parameter.slice(0, 64),
		value: value.slice(0, 64),
		reason,
	});
}
