/** How the audit hears of deeds: forms have them recorded here, in the words of the door. */
import type { Needed } from "../../../access/rights.ts";
import type { Audit, Deed, Doer } from "../../../audit/audit.ts";
import { isRefusal, type Word } from "../../../errors.ts";
import { problemOf } from "../problems.ts";

/** Resolves once the audit has heard of what was done, unless somebody without a name did it. */
export type Recording = (
	what: string,
	about: string,
	more?: Pick<Deed, "group" | "event" | "forEver" | "failed">,
) => Promise<void>;

export function recordingFor(audit: Audit, doer: Doer): Recording {
	return async (what, about, more = {}) => {
		if (doer.who !== "") await audit.record({ ...doer, what, about, ...more });
	};
}

export type Failed = { readonly failed: string };

/** After these, a change may be there (see the invariants in ARCHITECTURE.md). */
const UNCERTAIN: readonly Word[] = ["request-timeout", "writer-stopped"];

/**
 * Why a deed failed, if it may be done nevertheless; undefined if nothing was changed.
 * @param inSteps whether it is done in several steps, of which the first ones may be done
 */
export function failureOf(error: unknown, inSteps: boolean): string | undefined {
	if (!isRefusal(error)) return "internal-error";
	const isOurs = (problemOf(error)?.status ?? 500) >= 500;
	return UNCERTAIN.includes(error.word) || (inSteps && isOurs) ? error.word : undefined;
}

/** Performs a deed, and has it recorded: also if it fails, but may be done nevertheless. */
export async function performRecorded<T>(
	perform: () => Promise<T>,
	record: (done: T | undefined, failed?: Failed) => Promise<void>,
	inSteps = false,
): Promise<T> {
	try {
		const done = await perform();
		await record(done);
		return done;
	} catch (error) {
		const failed = failureOf(error, inSteps);
		if (failed !== undefined) await record(undefined, { failed });
		throw error;
	}
}

export type Told = {
	readonly what: string;
	readonly about: string;
	readonly more?: Pick<Deed, "group">;
};

/** The same for a deed that can be told before it is done. */
export function performTold<T>(
	record: Recording,
	{ what, about, more }: Told,
	perform: () => Promise<T>,
): Promise<T> {
	return performRecorded(perform, (_done, failed) => record(what, about, { ...more, ...failed }));
}

/** The word for a deed on a stream; undefined if the audit does not hear of such deeds. */
export function wordOnStream({ right, stream }: Needed): string | undefined {
	if (right === "delete") return "stream-deleted";
	if (right === "redact") return "event-redacted";
	if (right === "write-metadata") return "metadata-written";
	return right === "write" && stream?.startsWith("$") ? "system-stream-written" : undefined;
}
