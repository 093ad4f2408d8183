/** Which of the messages of a webhook its reader may see now. */
import type { Access } from "../../access/access.ts";
import type { Principal } from "../../access/principal.ts";
import { decidingOn, verdictsOn } from "../../access/reads.ts";
import { neededFor } from "../../access/rights.ts";
import type { StreamName } from "../../event.ts";
import type { DeliveredEntry } from "../../subscriptions/source.ts";

const READ = { right: "read" } as const;

/** @param stream the one that was read */
export async function readable(
	access: Access,
	reader: Principal,
	stream: StreamName,
	taken: readonly DeliveredEntry[],
): Promise<readonly DeliveredEntry[]> {
	const deciding = taken.map(({ entry }) => decidingOn(stream, entry));
	const may = (one: StreamName) => access.may(reader, neededFor(READ, { stream: one }));
	const verdicts = await verdictsOn(deciding, may);
	return taken.filter((_, index) => {
		const { entry, targets } = deciding[index] as (typeof deciding)[number];
		const streams = entry === undefined ? targets : [entry, ...targets];
		return streams.every((one) => verdicts.get(one) === true);
	});
}

export async function mayRead(
	access: Access,
	reader: Principal,
	stream: StreamName,
): Promise<boolean> {
	return access.may(reader, neededFor(READ, { stream }));
}
