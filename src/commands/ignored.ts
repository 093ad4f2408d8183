/**
 * What an append says that has no effect. The append is written all the same; its client is told,
 * because an answer of success alone would leave it in the belief that the server does as it says.
 */
import type { NewEvent, StreamName } from "../event.ts";
import { joinFaults } from "../indexes/joins.ts";
import type { Append } from "../log/log.ts";
import { faultsOf, parseMetadata } from "../retention/metadata.ts";
import { describedStream, effectiveMetadata } from "../retention/window.ts";

export type Ignored = {
	/** Which event of the append it is of, from 0. */
	readonly index: number;
	/** The rule of the metadata, or the index that the event does not join. */
	readonly name: string;
	readonly reason: string;
};

type Fault = Omit<Ignored, "index">;

/** The parts of metadata, and the rules that set them. */
const RULES = [
	["maxCount", "$maxCount"],
	["maxAgeMs", "$maxAge"],
	["truncateBefore", "$tb"],
	["cacheSeconds", "$cacheControl"],
] as const;

/** A client that makes a mistake makes it in every event; more names would not tell it more. */
const NAMED_MAX = 10;

/** The first of what is ignored, in the order of the events. */
export function ignoredOf({ stream, events }: Append): Ignored[] {
	const described = describedStream(stream);
	const ignored: Ignored[] = [];
	for (const [index, event] of events.entries()) {
		for (const { name, reason } of faultsIn(stream, event, described)) {
			ignored.push({ index, name, reason });
			if (ignored.length === NAMED_MAX) return ignored;
		}
	}
	return ignored;
}

function faultsIn(
	stream: StreamName,
	{ data, metadata }: NewEvent,
	described: StreamName | undefined,
): Fault[] {
	const faults = joinFaults({ stream, metadata });
	if (described === undefined) return faults;
	const rules = faultsOf(data).map(({ rule, reason }) => ({ name: rule, reason }));
	return [...rules, ...rulesNotApplied(described, data), ...faults];
}

/** Well-formed rules that do not apply to the stream: nothing is ever hidden from `$all`. */
function rulesNotApplied(described: StreamName, data: Uint8Array): Fault[] {
	const written = parseMetadata(data);
	const applied = effectiveMetadata(described, written);
	return RULES.filter(([key]) => written[key] !== undefined && written[key] !== applied[key]).map(
		([, name]) => ({ name, reason: "it does not apply to this stream" }),
	);
}
