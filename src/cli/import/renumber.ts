/**
 * Turns the lines of a whole export into appends for a server that gives events numbers of its own:
 * what names a version is adjusted, and what cannot be kept is counted.
 *
 *     scavenged event            left out; later versions of its streams are smaller
 *     redacted event             appended without what was erased
 *     tombstone                  the stream is deleted for ever
 *     metadata with $tb          the same events are hidden
 *     metadata that the server   left to the server, which writes it again
 *       wrote as a stream came back
 *     link                       to the same event; to none, if that is left out
 */
import type { LineEvent } from "../../../feeds/moving/event.ts";
import type { StreamName } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import { LINK_TYPE, stableId, targetOf } from "../../indexes/links.ts";
import type { MovedEvent } from "../../log/moving/moves.ts";
import { streamsJoinedMoved } from "../../log/moving/rules.ts";
import { parseMetadata, withTruncateBefore } from "../../retention/metadata.ts";
import { describedStream, metadataStream } from "../../retention/window.ts";
import { Numbers } from "./numbers.ts";

/** What to do at the server. `before` is the last version of the stream until then; -1 for none. */
export type Deed = {
	readonly stream: string;
	readonly before: number;
	/** Undefined: the stream is deleted for ever. */
	readonly event: Content | undefined;
};

export type Content = Pick<LineEvent, "stream" | "type" | "id" | "isJson" | "data" | "metadata">;

/** What the copy has not got as the source has it. */
export type Losses = {
	scavenged: number;
	redacted: number;
	correlations: number;
	/** Links to events that are not there: they lead to no event. */
	links: number;
	/** Links to index streams, or to what came later: their numbers may be those of other events. */
	unsure: number;
	/** Streams with `$maxAge`. */
	ages: number;
};

/** No stream has so many events: a link to it leads to no event. */
const NOWHERE = Number.MAX_SAFE_INTEGER;
/** Hardly any link is older than its event; more of them are told of without a look. */
const AHEAD_MAX = 100_000;

export class Renumbering {
	readonly losses: Losses = {
		scavenged: 0,
		redacted: 0,
		correlations: 0,
		links: 0,
		unsure: 0,
		ages: 0,
	};
	readonly #numbers = new Numbers();
	/** Of each stream, index streams included: the next version. */
	readonly #next = new Map<string, number>();
	/** Whether the lines are those of a log from its first event on. */
	#isWhole: boolean | undefined;
	readonly #keepsOrder: boolean;
	/** Streams that the copy has deleted softly now. */
	readonly #deleted = new Set<string>();
	/** Of streams that metadata brought back: how many of their metadata came since. */
	readonly #cameBack = new Map<string, number>();
	/** Links to events that had not come yet. */
	readonly #ahead: { readonly stream: string; readonly version: number }[] = [];
	/** The last `$tb` of a stream: the source's, and what the copy was given for it. */
	readonly #truncated = new Map<string, { data: Uint8Array; before: number; given: number }>();

	/** @param keepsOrder whether events of all streams arrive in the order of the lines */
	constructor(keepsOrder: boolean) {
		this.#keepsOrder = keepsOrder;
	}

	/** How many streams have other versions than in the source. */
	get streams(): number {
		return this.#numbers.streams;
	}

	/** @returns undefined if there is nothing to do for the line */
	take(line: LineEvent): Deed | undefined {
		const { stream, version, mark, erased } = line;
		this.#isWhole ??= line.position === 0;
		this.#noteMissing(stream, version);
		const joined = streamsJoinedMoved(line as MovedEvent).map(
			(name) => [name, this.#count(name)] as const,
		);
		if (erased === "scavenged") {
			this.losses.scavenged++;
			for (const [name, at] of [[stream, version] as const, ...joined]) {
				this.#numbers.leaveOut(name, at);
			}
			return undefined;
		}
		const before = (this.#numbers.of(stream, version) ?? 0) - 1;
		if (mark === "tombstone") return { stream, before, event: undefined };
		if (erased === "redacted") this.#noteRedacted(line);
		const described = describedStream(stream as StreamName);
		if (described !== undefined) return this.#metadata(line, described, before);
		const data = line.type === LINK_TYPE ? this.#link(line.data) : line.data;
		return { stream, before, event: { ...line, data } };
	}

	/** Behind the last line: metadata whose `$tb` counted later events that were left out. */
	corrections(): Deed[] {
		const moved = this.#ahead.filter(
			(link) => this.#numbers.of(link.stream, link.version) !== link.version,
		);
		this.losses.unsure += moved.length;
		const deeds: Deed[] = [];
		for (const [described, { data, before, given }] of this.#truncated) {
			const now = this.#numbers.firstFrom(described, before);
			if (now === given || isIndexStream(described)) continue;
			const stream = metadataStream(described as StreamName);
			const version = this.#next.get(stream) ?? 0;
			const last = (this.#numbers.of(stream, version) ?? 0) - 1;
			const id = stableId(`${now} for ${given}@${stream}`);
			const event = { stream, type: "$metadata", id, isJson: true, metadata: new Uint8Array(0) };
			deeds.push({
				stream,
				before: last,
				event: { ...event, data: withTruncateBefore(data, String(now)) },
			});
		}
		return deeds;
	}

	/** Events between two lines of a stream that have no line, as where the log is damaged. */
	#noteMissing(stream: string, version: number): void {
		const next = this.#next.get(stream) ?? (this.#isWhole ? 0 : version);
		if (version > next) this.#numbers.leaveOut(stream, next, version - 1);
		this.#next.set(stream, version + 1);
	}

	#count(index: string): number {
		const at = this.#next.get(index) ?? 0;
		this.#next.set(index, at + 1);
		return at;
	}

	#noteRedacted({ correlation }: LineEvent): void {
		this.losses.redacted++;
		if (correlation !== undefined) this.losses.correlations++;
	}

	#metadata(line: LineEvent, described: StreamName, before: number): Deed | undefined {
		const { stream, version, data } = line;
		const written = parseMetadata(data);
		const isMade = line.id === stableId(`${version}@${stream}`);
		// So its id is what the server would make of its place here.
		const id = isMade ? stableId(`${before + 1}@${stream}`) : line.id;
		if (written.isDeleted) {
			this.#deleted.add(described);
			return { stream, before, event: { ...line, id } };
		}
		if (written.maxAgeMs !== undefined) this.losses.ages++;
		const event = { ...line, id, data: this.#truncatedAt(described, data, written.truncateBefore) };
		const wasDeleted = this.#deleted.delete(described);
		const since = this.#cameBack.get(described);
		// What deleted a stream may stand before the first line, and in the copy already.
		const isBehind = this.#isWhole === false && since === undefined;
		if (isMade && (wasDeleted || isBehind)) return undefined;
		if (isMade && since !== undefined) {
			this.#cameBack.delete(described);
			if (since === 1) return undefined;
			// The server wrote its own behind the first of them, where it does not count.
			this.#numbers.add(stream);
			return { stream, before: before + 1, event };
		}
		if (wasDeleted) this.#cameBack.set(described, 1);
		else if (since !== undefined) this.#cameBack.set(described, since + 1);
		return { stream, before: before + (since === undefined ? 0 : 1), event };
	}

	#truncatedAt(described: StreamName, data: Uint8Array, before = 0): Uint8Array {
		this.#truncated.delete(described);
		if (before === 0) return data;
		const given = this.#numbers.firstFrom(described, before);
		this.#truncated.set(described, { data, before, given });
		return given === before ? data : withTruncateBefore(data, String(given));
	}

	#link(data: Uint8Array): Uint8Array {
		const target = targetOf(data);
		if (!target) return data;
		const { stream, version } = target;
		const isIndex = isIndexStream(stream);
		if (isIndex && !(this.#isWhole && this.#keepsOrder)) {
			this.losses.unsure++;
			return data;
		}
		if (Number(version) >= (this.#next.get(stream) ?? 0)) {
			if (this.#ahead.length < AHEAD_MAX) this.#ahead.push({ stream, version: Number(version) });
			else this.losses.unsure++;
		}
		const now = this.#numbers.of(stream, Number(version));
		if (now === undefined) this.losses.links++;
		if (now === version) return data;
		return Buffer.from(`${now ?? NOWHERE}@${stream}`);
	}
}

/** What the copy has not got, a line each. */
export function describeLosses(losses: Losses, streams: number): string[] {
	const { scavenged, redacted, correlations, links, unsure, ages } = losses;
	const told: [string, number][] = [
		["scavenged events, which have no place in the copy", scavenged],
		["streams with smaller event numbers, because events were left out", streams],
		["redacted events, which do not say in the copy that they were redacted", redacted],
		["redacted events that are missing in their $bc-… stream", correlations],
		["links that lead to no event, because theirs was left out", links],
		["links that may lead to another event: into index streams, or to later events", unsure],
		["events of metadata with $maxAge, which counts from this import on", ages],
	];
	return told.filter(([, number]) => number > 0).map(([what, number]) => `${what}: ${number}`);
}
