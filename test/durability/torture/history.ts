/**
 * What the clients did and what they were told: all that the oracle may hold a store to.
 *
 * A request whose answer did not arrive whole has the outcome `unknown`: it may have been carried
 * out or not, and the client may ask again with the same event ids.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export type Expected = number | "any" | "no-stream" | "stream-exists";

export type SentEvent = {
	readonly id: string;
	readonly type: string;
	readonly isJson: boolean;
	readonly data: Buffer;
	/** Empty where there is none; only events that are JSON have any. */
	readonly metadata: Buffer;
};

export type Outcome =
	| {
			readonly kind: "written";
			readonly first: number;
			readonly position: number;
			readonly repeated: boolean;
	  }
	/** `current`: the version of the stream, where the refusal names it. */
	| { readonly kind: "refused"; readonly word: string; readonly current: number | undefined }
	| { readonly kind: "unknown" };

export type Attempt = {
	/** What had been acknowledged, to anyone, when the request was sent: the highest position … */
	readonly positionFloor: number;
	/** … and the highest version of the request's own stream. */
	readonly versionFloor: number;
	/** The version it expected, if it was not the batch's: that of a client that read again. */
	expected?: Expected;
	/** Whether another attempt of the same batch was on its way at the time. */
	readonly besides: boolean;
	outcome: Outcome;
};

/** Events sent in one append, perhaps more than once. */
export type Batch = {
	readonly stream: string;
	readonly expected: Expected;
	readonly events: readonly SentEvent[];
	readonly attempts: Attempt[];
};

export type Delete = {
	readonly stream: string;
	readonly hard: boolean;
	readonly attempt: Attempt;
};

/** What takes the data of one event, and perhaps its metadata. */
export type Redaction = {
	readonly stream: string;
	readonly version: number;
	readonly metadata: boolean;
	readonly attempt: Attempt;
	/** When it was acknowledged, by the clock all processes share. */
	answeredAt?: bigint;
};

export type History = {
	readonly batches: Batch[];
	readonly deletes: Delete[];
	readonly redactions: Redaction[];
	/** How many were asked for. */
	scavenges: number;
	/** What a client saw that it never should have, in words. */
	readonly faults: string[];
	/** How many requests were answered. */
	answers: number;
	readonly floors: { position: number; readonly versions: Map<string, number> };
};

export function newHistory(): History {
	return {
		batches: [],
		deletes: [],
		redactions: [],
		scavenges: 0,
		faults: [],
		answers: 0,
		floors: { position: -1, versions: new Map() },
	};
}

/** Notes that a request is about to be sent; until it is answered its outcome is unknown. */
export function newAttempt({ floors }: History, stream: string, besides = false): Attempt {
	return {
		besides,
		positionFloor: floors.position,
		versionFloor: floors.versions.get(stream) ?? -1,
		outcome: { kind: "unknown" },
	};
}

/** Notes the answer. @param last the version of the stream's last event that was written */
export function answered(
	history: History,
	attempt: Attempt,
	stream: string,
	outcome: Outcome,
	last: number,
): void {
	const { floors } = history;
	attempt.outcome = outcome;
	if (outcome.kind !== "unknown") history.answers++;
	if (outcome.kind !== "written") return;
	floors.position = Math.max(floors.position, outcome.position);
	floors.versions.set(stream, Math.max(floors.versions.get(stream) ?? -1, last));
}

/** Leaves the history where whoever looks for the fault will look. */
export function keepHistory(directory: string, history: History, faults: readonly string[]): void {
	const { batches, deletes, redactions } = history;
	const asText = (key: string, value: unknown) => {
		if (typeof value === "bigint") return String(value);
		// A Buffer arrives as its own JSON.
		const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
		const isContent = key === "data" || key === "metadata";
		return isContent && type === "Buffer" ? Buffer.from(data as number[]).toString() : value;
	};
	const told = JSON.stringify({ faults, batches, deletes, redactions }, asText, "\t");
	writeFileSync(join(directory, "history.json"), told);
}

export type Counts = {
	written: number;
	repeated: number;
	refused: number;
	deleted: number;
	/** Streams that were deleted softly, and came back. */
	revived: number;
	redacted: number;
	scavenges: number;
	/** Signed heads of the log that a client was shown under load, and later found to hold. */
	notes: number;
	/** Of the WAL, by the writer; and those that were cut off. */
	checkpoints: number;
	checkpointsCut: number;
	/** Appends without an answer, and what became of them. */
	unknownWritten: number;
	unknownAbsent: number;
};

export function noCounts(): Counts {
	return {
		written: 0,
		repeated: 0,
		refused: 0,
		deleted: 0,
		revived: 0,
		redacted: 0,
		scavenges: 0,
		notes: 0,
		checkpoints: 0,
		checkpointsCut: 0,
		unknownWritten: 0,
		unknownAbsent: 0,
	};
}
