import { isRefusal } from "../errors.ts";
import type { StreamName } from "../event.ts";
import type { Log } from "../log/log.ts";

/** The last number of a stream; -1 for none, or if it was deleted. */
export async function lastOf(log: Log, stream: StreamName): Promise<number> {
	try {
		return await log.last(stream);
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return -1;
		throw error;
	}
}
