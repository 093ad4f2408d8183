/** Which events of a stream its readers see, by what the log itself says of deletes and metadata. */
import { isSoftDeletion, type LoggedEvent } from "./oracle.ts";

export type Shown = "gone" | readonly LoggedEvent[];

/** Of each stream that clients append to, and that holds no metadata itself. */
export function shownByStream(log: readonly LoggedEvent[]): Map<string, Shown> {
	const events = new Map<string, LoggedEvent[]>();
	const metadata = new Map<string, LoggedEvent>();
	for (const event of log) {
		if (event.stream.startsWith("$$")) metadata.set(event.stream.slice(2), event);
		else if (!event.stream.startsWith("$")) {
			const list = events.get(event.stream) ?? [];
			list.push(event);
			events.set(event.stream, list);
		}
	}
	return new Map([...events].map(([stream, all]) => [stream, shown(all, metadata.get(stream))]));
}

function shown(all: readonly LoggedEvent[], metadata: LoggedEvent | undefined): Shown {
	if (all.at(-1)?.type === "$streamDeleted") return "gone";
	if (!metadata) return all;
	if (isSoftDeletion(metadata)) return [];
	const { $tb = 0, $maxCount = all.length } = JSON.parse(Buffer.from(metadata.data).toString());
	const first = Math.max($tb, all.length - $maxCount);
	return all.filter(({ version, erased }) => version >= first && erased !== "scavenged");
}
