/**
 * What an append says that has no effect. The append is written all the same; its client is told,
 * because an answer of success alone would leave it in the belief that the server does as it says.
 */
import type { NewEvent } from "../event.ts";
import { joinFaults } from "../indexes/joins.ts";
import type { Append } from "../log/log.ts";
import { faultsOf } from "../retention/metadata.ts";
import { describedStream } from "../retention/window.ts";

export type Ignored = {
	/** Which event of the append it is of, from 0. */
	readonly index: number;
	/** The rule of the metadata, or the index that the event does not join. */
	readonly name: string;
	readonly reason: string;
};

/** A client that makes a mistake makes it in every event; more names would not tell it more. */
const NAMED_MAX = 10;

/** The first of what is ignored, in the order of the events. */
export function ignoredOf({ stream, events }: Append): Ignored[] {
	const isMetadata = describedStream(stream) !== undefined;
	const ignored: Ignored[] = [];
	for (const [index, event] of events.entries()) {
		for (const { name, reason } of faultsIn(stream, event, isMetadata)) {
			ignored.push({ index, name, reason });
			if (ignored.length === NAMED_MAX) return ignored;
		}
	}
	return ignored;
}

function faultsIn(stream: string, { data, metadata }: NewEvent, isMetadata: boolean) {
	const faults = joinFaults({ stream, metadata });
	if (!isMetadata) return faults;
	const rules = faultsOf(data).map(({ rule, reason }) => ({ name: rule, reason }));
	return [...rules, ...faults];
}
