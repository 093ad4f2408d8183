/**
 * How long an answer may be kept, and by which tag it is recognised.
 *
 * A sealed page can never change, so it may be kept for ever and needs no revalidation (RFC 8246).
 * A head page may change with the next append: it must be revalidated, which its ETag makes cheap.
 */
import { createHash } from "node:crypto";
import type { Coding, MediaType } from "../../feeds/media.ts";

/**
 * Raise it when the bytes for the same events change, so that no cache keeps the old form.
 */
const FORMAT_REVISION = 1;

/** A year, which is what caches take for ever; RFC 2616 allowed no more. */
export const FOR_EVER_SECONDS = 31_536_000;
/**
 * For a tail page that is not full. What it shows stays true for ever; this is for those who come
 * to the same place a little later, and it is how long a cache without tags may outlive an erasure.
 */
export const TAIL_SECONDS = 5;
const REVALIDATE = "no-cache";

/**
 * @param headMaxAge seconds a head page may be kept; a cache that folds pollers into one needs it
 * @param keepSeconds how long a full page stays the same, if retention changes it
 * @param longest seconds after which no cache may use any answer, stale or not: after an erasure,
 *   copies that no purge reaches have to expire
 */
export function cacheControl(
	sealed: boolean,
	headMaxAge: number,
	keepSeconds?: number,
	longest = FOR_EVER_SECONDS,
): string {
	const seconds = keptSeconds(sealed, headMaxAge, keepSeconds, longest);
	if (seconds <= 0) return REVALIDATE;
	if (sealed) return `max-age=${seconds}, public, immutable`;
	const stale = keepSeconds === undefined ? Math.min(seconds, longest - seconds) : 0;
	return `max-age=${seconds}, public${stale > 0 ? `, stale-while-revalidate=${stale}` : ""}`;
}

/** The seconds for which a cache may use an answer without asking, by the same facts. */
export function keptSeconds(
	sealed: boolean,
	headMaxAge: number,
	keepSeconds?: number,
	longest = FOR_EVER_SECONDS,
): number {
	return Math.min(sealed ? longest : (keepSeconds ?? headMaxAge), longest);
}

/** The same `Cache-Control` for an answer that not everybody may have. */
export function privately(control: string): string {
	return mayBeUsed(control) ? control.replace("public", "private") : `private, ${REVALIDATE}`;
}

/** Whole seconds from now to a moment in milliseconds since 1970; undefined for no such moment. */
export function secondsUntil(moment: number | undefined): number | undefined {
	if (moment === undefined || moment === Infinity) return undefined;
	return Math.max(0, Math.floor((moment - Date.now()) / 1000));
}

/** Whether a cache may use an answer with this `Cache-Control` without asking the server. */
export function mayBeUsed(control: string): boolean {
	return !control.endsWith(REVALIDATE);
}

/** The caches' key besides the URL. */
export const VARY = "Accept, Accept-Encoding";
/** They say what becomes of links. */
const RESOLVING = "ES-ResolveLinkTos, Kurrent-ResolveLinkTos";
/** They say what the reader waits for. What was kept before them may be older than they allow. */
const WAITING = "ES-MinPosition, Kurrent-MinPosition, ES-LongPoll, Kurrent-LongPoll";
/** nginx keeps no answer whose `Vary` is longer than 128 characters; the spaces make it so. */
const VARY_BY_ALL = [VARY, RESOLVING, WAITING].join().replaceAll(" ", "");

export type VaryingBy = {
	/** Whether the document holds links, which a header can have shown as they are. */
	readonly links: boolean;
	/** Whether a cache may use it though the next append changes it. */
	readonly waiting: boolean;
};

/** The value of `Vary` (RFC 9110 section 12.5.5). */
export function varyBy({ links, waiting }: VaryingBy): string {
	if (links && waiting) return VARY_BY_ALL;
	if (links) return `${VARY}, ${RESOLVING}`;
	return waiting ? `${VARY}, ${WAITING}` : VARY;
}

/**
 * Headers of a document and of the 304 that stands for it (RFC 9110 section 15.4.5): names and
 * values in turn.
 */
export function keepingHeaders(control: string, tag: string, vary = VARY): string[] {
	return ["Cache-Control", control, "Vary", vary, "ETag", tag];
}

/** Headers of an answer that no cache may keep: names and values in turn. */
export const NOT_KEPT: readonly string[] = ["Cache-Control", "no-store", "Vary", VARY];

/** Which history the events of a document are of, and how often content was erased from it. */
export type History = { readonly incarnation: number; readonly erasures: number };

/** The history now. Take it before the read, so that no older content gets a newer tag. */
export function historyOf({ incarnation, erasures }: History): History {
	return { incarnation, erasures };
}

/**
 * A strong ETag in the form clients of the contract parse: `"<last>;<n>"`. `last` is the newest
 * version the page knows of; `n` stands for the bytes' form, so each media type and coding has its
 * own (RFC 9110 section 8.8.3: a strong tag differs between representations).
 */
export function eTag(
	last: number,
	type: MediaType,
	coding: Coding,
	history: History,
	variant = 0,
): string {
	return `"${eTagValue(last, type, coding, history, variant)}"`;
}

/** The same without quotes, as JSON feeds carry it. */
export function eTagValue(
	last: number,
	type: MediaType,
	coding: Coding,
	history: History,
	variant = 0,
): string {
	return `${last};${(formTag(type, coding, history) ^ variant) & 0x7fffffff}`;
}

const tags = new Map<string, number>();
/** A long scavenge raises the number of erasures many times, so old entries are cleared. */
const TAGS_MAX = 1000;

function formTag(type: MediaType, coding: Coding, { incarnation, erasures }: History): number {
	const history = incarnation === 1 ? "" : ` ${incarnation}`;
	const erased = erasures === 0 ? "" : ` erased ${erasures}`;
	const key = `${FORMAT_REVISION} ${type.name} ${coding}${history}${erased}`;
	let tag = tags.get(key);
	if (tag === undefined) {
		tag = createHash("sha256").update(key).digest().readUInt32BE() >>> 1;
		if (tags.size >= TAGS_MAX) tags.clear();
		tags.set(key, tag);
	}
	return tag;
}

/**
 * Whether an `If-None-Match` names `tag` (RFC 9110 section 13.1.2: weak comparison, a list, or
 * `*`).
 */
export function matches(ifNoneMatch: string | undefined, tag: string): boolean {
	if (ifNoneMatch === undefined) return false;
	if (ifNoneMatch === tag || ifNoneMatch === "*") return true;
	return ifNoneMatch.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}
