/**
 * Checks a block of events, each by itself, against the one before, and against the tree; and sums
 * up the entries they must have.
 */
import { addSubtree, createFrontier, rootOf } from "../../../feeds/proof/frontier.ts";
import { leafHash, sha256 } from "../../../feeds/proof/hash.ts";
import { encodeLeaf, hashOfEvent } from "../../../feeds/proof/leaf.ts";
import { TILE_WIDTH } from "../../../feeds/proof/tiles.ts";
import { streamsJoined } from "../../indexes/joins.ts";
import { addEntry, createNameKeys, createSums, type Span, type Sums } from "./sums.ts";
import type { LogView, OnUnreadable, Report, StoredEvent } from "./view.ts";

/** What is read in one go: a level-2 node of the tree, and half a second's work. */
export const BLOCK_EVENTS = 256 * TILE_WIDTH;

export type CheckedBlock = {
	/** Of the entries the events must have. */
	readonly sums: Sums;
	readonly events: number;
	/** Those of them whose content was erased. */
	readonly erased: number;
	/** When the first was committed, and the latest. */
	readonly firstCreated: number;
	readonly lastCreated: number;
};

/** Checks events `from` up to `to`, where blocks begin; `to` may be less than a block away. */
export function checkEvents(view: LogView, { from, to }: Span, report: Report): CheckedBlock {
	const sums = createSums({ from, to });
	const keyOf = createNameKeys();
	const tiles = createTileCheck(view, report);
	let next = from;
	let [events, erased] = [0, 0];
	let [firstCreated, lastCreated] = [Number.POSITIVE_INFINITY, 0];
	const skip: OnUnreadable = (span, reason) => {
		const last = span.to - 1;
		const which = last > span.from ? `positions ${span.from} to ${last}` : `position ${last}`;
		report(`${which}: cannot be read: ${reason}`);
		next = span.to;
	};
	for (const event of view.events(from, to, skip)) {
		const { position, stream, version, created } = event;
		if (position !== next) report(`position ${position}: follows position ${next - 1}`);
		if (created < lastCreated) {
			report(`position ${position}: created before the event in front of it`);
		}
		if (isZero(event.id)) report(`position ${position}: its id is no event id`);
		tiles.see(event);
		addEntry(sums, keyOf(stream), version, position);
		for (const name of streamsJoined(event)) addEntry(sums, keyOf(name), -1, position);
		next = position + 1;
		firstCreated = Math.min(firstCreated, created);
		lastCreated = Math.max(lastCreated, created);
		events++;
		if (event.isErased) erased++;
	}
	if (next !== to) report(`position ${next}: there is no event up to position ${to - 1}`);
	tiles.end();
	return { sums, events, erased, firstCreated, lastCreated };
}

/** Whether an event has the hash of what it holds. */
export function isAsHashed(event: StoredEvent): boolean {
	return event.hash !== undefined && areEqual(event.hash, expectedHash(event));
}

/** The leaf hash an event must have. */
export function expectedHash(event: StoredEvent): Uint8Array {
	const { data, metadata, digests } = event;
	return digests ? leafHash(leafOf(event)) : hashOfEvent(event, data, metadata);
}

/** What the tree holds of an event. */
export function leafOf(event: StoredEvent): Buffer {
	const { digests } = event;
	// What was erased has left its digest; what was not must still have it.
	const digest = (bytes: Uint8Array, kept: Uint8Array | undefined) =>
		bytes.length === 0 && kept ? kept : sha256(bytes);
	return encodeLeaf({
		...event,
		data: digest(event.data, digests?.data),
		metadata: digest(event.metadata, digests?.metadata),
	});
}

type Differing = { readonly event: StoredEvent; readonly expected: Uint8Array };

/**
 * Holds each event against its hash, and each 256 hashes against the node above them: where they
 * differ, the node tells whether the event or its hash is damaged.
 */
function createTileCheck(view: LogView, report: Report) {
	let tile = -1;
	let frontier = createFrontier();
	let hashes: Uint8Array[] = [];
	let differing: Differing[] = [];

	const see = (event: StoredEvent) => {
		const { position, hash } = event;
		if (!hash) return;
		if (Math.floor(position / TILE_WIDTH) !== tile) begin(Math.floor(position / TILE_WIDTH));
		addSubtree(frontier, hash, 0);
		hashes.push(hash);
		const expected = expectedHash(event);
		if (!areEqual(hash, expected)) differing.push({ event, expected: Buffer.from(expected) });
	};

	const begin = (number: number) => {
		end();
		tile = number;
		frontier = createFrontier();
		hashes = [];
		differing = [];
	};

	const end = () => {
		if (tile < 0) return;
		const isFull = hashes.length === TILE_WIDTH;
		const node = isFull ? view.nodes?.(1, tile, tile + 1)[0] : undefined;
		const isNode = node !== undefined && areEqual(rootOf(frontier), node);
		const isRepaired = node !== undefined && !isNode && areEqual(repaired(), node);
		for (const { event } of differing) {
			const which = `position ${event.position}: version ${event.version} of ${event.stream}`;
			const what = isRepaired ? "is as it was appended, and its hash is not" : IS_OTHER;
			report(`${which} ${what}`);
		}
		if (isFull && view.nodes && !isNode && !isRepaired) {
			const [first, last] = [tile * TILE_WIDTH, (tile + 1) * TILE_WIDTH - 1];
			const what = node ? "is not the root of" : "is missing above";
			report(`node ${tile} of level 1 ${what} the hashes of positions ${first} to ${last}`);
		}
		tile = -1;
	};

	/** The root, had each event the hash that belongs to it. */
	const repaired = () => {
		const start = tile * TILE_WIDTH;
		const right = new Map(differing.map(({ event, expected }) => [event.position, expected]));
		const tree = createFrontier();
		for (const [i, hash] of hashes.entries()) addSubtree(tree, right.get(start + i) ?? hash, 0);
		return rootOf(tree);
	};

	return { see, end };
}

export const IS_OTHER = "is not what was appended: it does not have its hash";

function isZero(bytes: Uint8Array): boolean {
	return bytes.every((byte) => byte === 0);
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
	return Buffer.compare(one, other) === 0;
}
