/** The changes that events make to streams besides growth, so that sealed pages may change. */
import type { StreamName } from "../../event.ts";
import { LINK_TYPE } from "../../indexes/links.ts";
import { describedStream } from "../../retention/window.ts";
import type { PlannedWrite } from "./plan.ts";

export type StreamMark = {
	/** The stream that is marked; a link is also a mark of `$all`. */
	readonly stream: StreamName;
	readonly kind: "metadata" | "tombstone" | "link";
	/** Which event of the write it is, from 0. */
	readonly index: number;
};

const NO_MARKS: readonly StreamMark[] = [];

/** @param events those of the write */
export function marksOf(
	{ stream, mark }: PlannedWrite,
	events: readonly { readonly type: string }[],
): readonly StreamMark[] {
	const described = describedStream(stream);
	const link = events.findLastIndex(({ type }) => type === LINK_TYPE);
	if (described === undefined && link < 0 && mark !== "tombstone") return NO_MARKS;
	const marks: StreamMark[] = [];
	const newest = events.length - 1;
	if (described !== undefined) marks.push({ stream: described, kind: "metadata", index: newest });
	if (link >= 0) marks.push({ stream, kind: "link", index: link });
	if (mark === "tombstone") marks.push({ stream, kind: "tombstone", index: newest });
	return marks;
}
