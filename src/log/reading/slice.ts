/**
 * From the entries an engine found to what a read shows of them: the rules of
 * `retention/window.ts`, applied to a range and to the targets of its links.
 */
import {
	ALL,
	type Position,
	type RecordedEvent,
	type StreamName,
	type Version,
} from "../../event.ts";
import { isIndexStream, STREAMS } from "../../indexes/joins.ts";
import { linkAt, type Target } from "../../indexes/links.ts";
import { firstShown, isShown, type StreamState, shownUntil } from "../../retention/window.ts";
import type { Gap, Range, Slice, StreamEntry } from "../log.ts";
import { isMarked, type ReadPlan } from "./plan.ts";

/** An entry as it was found, all of one snapshot. */
export type FoundEntry = {
	readonly version: Version;
	/** The event that stands there; of an index stream the event it points to. */
	readonly event: RecordedEvent;
	/** Of an index stream: the state of the event's own stream, if that is more than its entries. */
	readonly origin?: StreamState | undefined;
	/** Of a link that is to be resolved: where it points to, and what was found there. */
	readonly target?: (Target & { readonly found?: FoundTarget | undefined }) | undefined;
	/** As `StreamEntry` has it. */
	readonly leadsTo?: StreamName;
};

export type FoundTarget = {
	readonly event: RecordedEvent;
	readonly state?: StreamState | undefined;
};

/**
 * What a slice needs besides its entries. Few reads need anything, and none needs both: nothing was
 * found, or all that was found is expired.
 */
export type RestSought =
	/** The position of a gap that may cover the whole range; the slice then says how far it goes. */
	| { readonly kind: "gap"; readonly position: Position }
	/**
	 * The lowest version from `from` on that is not expired at `now` (`firstUnexpired` of
	 * `retention/window.ts`, or one query).
	 */
	| {
			readonly kind: "unexpired";
			readonly state: StreamState;
			readonly from: Version;
			readonly now: number;
	  };

/** The answer to `restSought`. */
export type SliceRest = {
	/** Undefined if that position was not scavenged. */
	readonly gap?: Gap | undefined;
	readonly firstUnexpired?: Version | undefined;
};

type Shown = {
	readonly entry: StreamEntry;
	/** As `Retention.steadyUntil`. */
	readonly until: number;
};

const NOTHING = new Uint8Array(0);

/** Undefined if the slice needs nothing besides its entries. */
export function restSought(
	{ range, facts: { state }, low, to, now }: ReadPlan,
	found: readonly FoundEntry[],
): RestSought | undefined {
	// As `created` never falls, the highest that was found tells whether all are expired.
	const highest = range.direction === "forward" ? found.at(-1) : found[0];
	if (!highest) {
		const mayBeGap = range.stream === ALL && low <= to;
		return mayBeGap ? { kind: "gap", position: Number(low) } : undefined;
	}
	if (state?.metadata.maxAgeMs === undefined) return undefined;
	const { version, event } = highest;
	if (isShown(state, version, event.created, now)) return undefined;
	return { kind: "unexpired", state, from: version + 1, now };
}

/**
 * @param found in the order of the read: the versions of the plan
 * @param isKept as `Slice` has it
 */
export function sliceOf(
	plan: ReadPlan,
	found: readonly FoundEntry[],
	rest: SliceRest,
	isKept = false,
): Slice {
	const { range, facts } = plan;
	const { stream, resolve, content } = range;
	if (facts.state?.metadata.isDeleted) return { last: -1, entries: [] };
	const links = !resolve && isIndexStream(stream);
	const entries = links
		? found.map((one) => {
				return { ...one, event: linkOf(stream, one, content), leadsTo: one.event.stream };
			})
		: found;
	const { last } = facts;
	const isPlain = !isMarked(plan);
	// Most slices that are kept are of this form, and a spread takes longer than all else here.
	if (isPlain && isKept) return { last, entries, isKept };
	const slice = isPlain ? { last, entries } : markedSlice(plan, entries, rest);
	if (isKept) return { ...slice, isKept };
	return rest.gap ? { ...slice, gap: rest.gap } : slice;
}

function markedSlice(plan: ReadPlan, found: readonly FoundEntry[], rest: SliceRest): Slice {
	const { low, now, range } = plan;
	const { state, last } = plan.facts;
	const bound = state ? firstShown(state) : 0;
	const entries: StreamEntry[] = [];
	let first = bound;
	// A page at the bound has no link to older pages, so it changes when the bound moves.
	let steadyUntil = state?.metadata.maxCount || (bound > 0 && low <= bound) ? 0 : Infinity;
	for (const one of found) {
		const { created } = one.event;
		if (state && !isShown(state, one.version, created, now)) {
			first = Math.max(first, one.version + 1);
			continue;
		}
		const { entry, until } = entryOf(range, one, now);
		entries.push(entry);
		steadyUntil = Math.min(steadyUntil, until, state ? shownUntil(state, created) : Infinity);
	}
	// The links of an empty page change as events expire.
	if (first > bound && entries.length === 0) {
		steadyUntil = 0;
		first = rest.firstUnexpired ?? first;
	}
	const cacheSeconds = state?.metadata.cacheSeconds;
	const retention = { first, steadyUntil, ...(cacheSeconds === undefined ? {} : { cacheSeconds }) };
	return { last, entries, retention };
}

/** An entry with its links resolved, as far as they lead to something that is shown. */
function entryOf({ stream, content }: Range, entry: FoundEntry, now: number): Shown {
	const { version, event, origin, target, leadsTo } = entry;
	if (target) {
		const { found } = target;
		const until = found ? targetUntil(found, now) : 0;
		if (found && isTargetShown(found, now)) {
			return { entry: { version, event: found.event, link: event }, until };
		}
		const unresolved = { stream: target.stream, version: target.version };
		return { entry: { version, event, unresolved }, until };
	}
	if (leadsTo) return { entry: { version, event, leadsTo }, until: Infinity };
	if (!origin) return { entry: { version, event }, until: Infinity };
	const found = { event, state: origin };
	const until = targetUntil(found, now);
	if (isTargetShown(found, now)) return { entry: { version, event }, until };
	if (stream === STREAMS && !origin.isGone) return listed(entry, origin, content);
	return { entry: leadingNowhere(stream, entry, content), until };
}

/**
 * The entry of a stream that hides its first event. A stream that was softly deleted may come back,
 * scavenged or not.
 */
function listed(entry: FoundEntry, { metadata }: StreamState, content: boolean): Shown {
	const { version, event } = entry;
	if (metadata.isDeleted) return { entry: leadingNowhere(STREAMS, entry, content), until: 0 };
	const bare = { ...event, data: NOTHING, metadata: NOTHING, isRedacted: true } as const;
	return { entry: { version, event: bare, isHidden: true }, until: 0 };
}

function leadingNowhere(stream: StreamName, entry: FoundEntry, content: boolean): StreamEntry {
	const { version, event } = entry;
	const unresolved = { stream: event.stream, version: event.version };
	return { version, event: linkOf(stream, entry, content), unresolved };
}

/** The link that an entry of an index stream stands for. */
function linkOf(
	stream: StreamName,
	{ version, event }: FoundEntry,
	content: boolean,
): RecordedEvent {
	const link = linkAt(stream, version, event);
	return content ? link : { ...link, data: NOTHING };
}

function isTargetShown({ event, state }: FoundTarget, now: number): boolean {
	return state === undefined || isShown(state, event.version, event.created, now);
}

/**
 * Metadata can show a hidden event again, but not if its stream is gone for ever, nor if the event
 * was scavenged.
 */
function targetUntil(found: FoundTarget, now: number): number {
	const { state, event } = found;
	if (state === undefined || state.isGone || event.version < state.scavenged) {
		return Infinity;
	}
	return isTargetShown(found, now) ? shownUntil(state, event.created) : 0;
}
