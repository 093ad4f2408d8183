/** How one word of refusal is told in HTTP. */
import type { RequestRefusals } from "../../../errors.ts";

export type Words = keyof RequestRefusals;

export type Problem<W extends Words> = {
	readonly status: number;
	/** The reason phrase, if clients of the contract recognise the outcome by it. */
	readonly reason?: (facts: RequestRefusals[W]) => string;
	readonly title: string;
	readonly detail: (facts: RequestRefusals[W]) => string;
	/** The facts that are the client's business; all of them by default. */
	readonly shown?: (facts: RequestRefusals[W]) => object;
	/** Headers that belong to the refusal: names and values in turn. */
	readonly headers?: (facts: RequestRefusals[W]) => readonly string[];
};
