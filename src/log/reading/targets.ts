/**
 * The targets of entries. An entry of an index stream leads to the event of another stream, and
 * shows it as far as that stream does. An event that is a link shows the event it points to.
 *
 * An engine that cannot look things up in between asks `targetsOf` first, and fetches all of them
 * at once.
 */
import { Refusal } from "../../errors.ts";
import { ALL, type RecordedEvent, type StreamName, type Version } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import { LINK_TYPE, linkAt, type Target, targetOf } from "../../indexes/links.ts";
import type { StreamState } from "../../retention/window.ts";
import type { ReadPlan } from "./plan.ts";
import type { FoundEntry, FoundTarget } from "./slice.ts";

/** Of the snapshot that the entries are of. */
export interface TargetFacts {
	/** The data of a link, which says where it points to, whether or not content was asked for. */
	dataOf(link: RecordedEvent): Uint8Array;
	/** Undefined if the stream is nothing but its entries. */
	stateOf(stream: StreamName): StreamState | undefined;
	/** The event at a version of a stream; undefined if there is none. */
	eventAt(stream: StreamName, version: Version): RecordedEvent | undefined;
}

/** An entry as it stands in its stream. */
export type Entry = { readonly version: Version; readonly event: RecordedEvent };

const NOTHING = new Uint8Array(0);

/**
 * Adds their targets to the entries of a plan, if it resolves links.
 * @throws Refusal `page-too-large` if entries and targets have more bytes than `bytesMax`. To fetch
 * no content in vain, an engine may call `checkBytes` before.
 */
export function withTargets(
	plan: ReadPlan,
	entries: readonly Entry[],
	facts: TargetFacts,
	bytesMax: number,
): readonly FoundEntry[] {
	const { stream, content } = plan.range;
	let bytes = 0;
	for (const { event } of content ? entries : []) bytes += bytesOf(event);
	checkBytes(bytes, bytesMax);
	if (!plan.resolves) return entries;
	if (isIndexStream(stream)) {
		return entries.map(({ version, event }) => {
			return { version, event, origin: facts.stateOf(event.stream) };
		});
	}
	return entries.map(({ version, event }) => {
		const target = linkedBy(event, facts);
		if (!target) return { version, event };
		const found = findTarget(target, content, facts);
		bytes += found && content ? bytesOf(found.event) : 0;
		checkBytes(bytes, bytesMax);
		return { version, event, target: { ...target, found } };
	});
}

/** The places that `withTargets` will ask for; none if the plan does not resolve links. */
export function targetsOf(
	{ range, resolves }: ReadPlan,
	entries: readonly Entry[],
	facts: Pick<TargetFacts, "dataOf">,
): Target[] {
	if (!resolves) return [];
	const isIndex = isIndexStream(range.stream);
	return entries.flatMap(({ event }) => (isIndex ? event : (linkedBy(event, facts) ?? [])));
}

/** @throws Refusal `page-too-large` */
export function checkBytes(bytes: number, pageBytesMax: number): void {
	if (bytes > pageBytesMax) throw new Refusal("page-too-large", { bytes, pageBytesMax });
}

function bytesOf({ data, metadata }: RecordedEvent): number {
	return data.length + metadata.length;
}

function linkedBy(event: RecordedEvent, facts: Pick<TargetFacts, "dataOf">): Target | undefined {
	return event.type === LINK_TYPE ? targetOf(facts.dataOf(event)) : undefined;
}

/** A link to an entry of an index stream shows the link that this entry stands for. */
function findTarget(
	{ stream, version }: Target,
	content: boolean,
	facts: TargetFacts,
): FoundTarget | undefined {
	const event = stream === ALL ? undefined : facts.eventAt(stream, version);
	if (!event) return undefined;
	const state = facts.stateOf(stream);
	if (event.stream === stream) return { event, state };
	const link = linkAt(stream, version, event);
	return { event: content ? link : { ...link, data: NOTHING }, state };
}
