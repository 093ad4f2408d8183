/** What the parts of the page of a moment show. */
import type { StreamName } from "../../../src/event.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import type { StreamAsOf } from "../../../src/pages/as-of/read.ts";
import { streamPath } from "../../parts/name.ts";

export type Moment = StreamAsOf & {
	readonly stream: StreamName;
	/** The entry at the moment; undefined before the first, and if that one is hidden now. */
	readonly newest: StreamEntry | undefined;
	/** Whether the rail goes by time; else by number. */
	readonly isByTime: boolean;
};

/** The URL of this screen as of an event. */
export function momentPath({ stream, isByTime }: Moment, version: number): string {
	return `${streamPath(stream)}?as-of=${version}${isByTime ? "" : "&by=number"}`;
}
