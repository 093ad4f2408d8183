/** What a request for a page means. */
import type { PageRange } from "../../../feeds/geometry.ts";
import type { StreamName, Version } from "../../event.ts";
import type { Look } from "../request/negotiation.ts";
import { pagePath } from "../urls.ts";

export type Wanted = {
	readonly stream: StreamName;
	readonly range: PageRange;
	readonly look: Look;
	/** How long the client is willing to wait for something new; 0 for not at all. */
	readonly waitMs: number;
	readonly resolve: boolean;
	/** Whether links are treated as they are where nobody says how. */
	readonly isUsual: boolean;
};

export type Meaning = {
	readonly wanted: Wanted;
	/** Under which the page is kept once nothing can change it. */
	readonly key: string;
};

/** All that a document depends on besides the events. */
export function keyOf({ stream, range, look, resolve }: Wanted): string {
	const { base, embed, type, coding } = look;
	return `${resolve ? "" : "links\n"}${base}\n${stream}\n${pagePath(stream, range)}\n${embed}\n${type.name}\n${coding}`;
}

/** Under which a page is kept that shows a stream as it was when `last` was its last version. */
export function keyAsOf(key: string, last: Version): string {
	return `${key}\n${last}`;
}
