/**
 * A message that was parked, and is sent again, stands in the parked stream under another number,
 * as a link. Its target gets it as it was at first: with its number in the webhook's stream, the
 * page of that, and the same id.
 */
import type { Version } from "../../event.ts";
import { sourceNumberOf } from "../../subscriptions/keeping/store.ts";
import type { DeliveredEntry } from "../../subscriptions/source.ts";

export function asAtFirst({ message, entry }: DeliveredEntry): DeliveredEntry {
	if (message.origin === "source") return { message, entry };
	const { link: _, ...rest } = entry;
	const version = sourceNumberOf({ message, entry }) ?? entry.version;
	return { message, entry: { ...rest, version: version as Version } };
}
