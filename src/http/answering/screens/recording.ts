/** How the audit hears of deeds: forms have them recorded here, in the words of the door. */
import type { Needed } from "../../../access/rights.ts";
import type { Audit, Deed, Doer } from "../../../audit/audit.ts";

/** Resolves once the audit has heard of what was done, unless somebody without a name did it. */
export type Recording = (
	what: string,
	about: string,
	more?: Pick<Deed, "group" | "event" | "forEver">,
) => Promise<void>;

export function recordingFor(audit: Audit, doer: Doer): Recording {
	return async (what, about, more = {}) => {
		if (doer.who !== "") await audit.record({ ...doer, what, about, ...more });
	};
}

/** The word for a deed on a stream; undefined if the audit does not hear of such deeds. */
export function wordOnStream({ right, stream }: Needed): string | undefined {
	if (right === "delete") return "stream-deleted";
	if (right === "redact") return "event-redacted";
	if (right === "write-metadata") return "metadata-written";
	return right === "write" && stream?.startsWith("$") ? "system-stream-written" : undefined;
}
