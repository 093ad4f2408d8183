/**
 * A client that trusts nobody. Under load it asks for signed heads of the log and keeps them; what it
 * is shown later, after crashes too, it holds against all that it has kept:
 *
 *     one name    every signed head is signed with the key it was given at first
 *     no less     a signed head has all that was acknowledged or shown before it was asked for
 *     only more   the log of each signed head it has kept is proven to be the beginning of what it is shown
 *     the same    each leaf it has seen is what it was, and the root is that of all the leaves
 *     included    what was acknowledged is in the tree where it was said to be, as it was sent
 *
 * It goes by what a log shows of itself at `/log/…`, by what clients were told, and by
 * `varve/feeds`; it knows nothing of how a log is stored.
 */
import {
	checkConsistency,
	checkInclusion,
	leafHash,
	leavesOf,
	type NoteKey,
	nodeHash,
	openCheckpoint,
	ProofError,
	parseKey,
	proveConsistency,
	proveInclusion,
	type TileSource,
	tileOf,
	tilePath,
	treeRoot,
} from "../../../feeds/index.ts";
import type { Batch, History } from "./history.ts";
import { acknowledgedAt, isLeafOf, misplaced } from "./leaves.ts";

/** What a log shows of itself. */
export type Shown = {
	readonly key: string;
	readonly signedHead: string;
	readonly tile: TileSource;
};

export type Witness = {
	/** How many events the log has, by the largest signed head it was shown. */
	readonly size: number;
	/** How many signed heads it was shown under load and has found to hold since. */
	readonly proven: number;
	/** Keeps a signed head that came under load. @param floor how many events it must have */
	keep(text: string, floor: number, at: bigint): void;
	/** What is wrong with the log it is shown now. */
	faults(shown: Shown, history: History): Promise<string[]>;
	/** What is wrong with a disk that lost its power at a time, given what was shown until then. */
	faultsOfDisk(shown: Shown, cutAt: bigint): Promise<string[]>;
};

type Note = { readonly size: number; readonly text: string; readonly at: bigint };

/** Of the appends that were acknowledged since the last time, so many get a proof of their own. */
const PROVEN_ALONE = 5;

/** @param keyText the log's key as it was first shown; @param givenAt when that was */
export function createWitness(keyText: string, givenAt: bigint): Witness {
	const key = parseKey(keyText);
	/** By size: a log that grows has one of each. */
	const notes = new Map<number, Note>();
	const unproven: Note[] = [];
	const included = new Set<Batch>();
	let leaves: readonly Uint8Array[] = [];
	let found: string[] = [];
	let size = 0;
	let proven = 0;

	return {
		get size() {
			return size;
		},
		get proven() {
			return proven;
		},

		keep(text, floor, at) {
			try {
				const signedHead = openCheckpoint(text, key);
				if (signedHead.size < floor) {
					found.push(`a signed head of ${signedHead.size} events, where ${floor} were known`);
				}
				const note = { size: signedHead.size, text, at };
				const known = notes.get(note.size);
				// An Ed25519 signature is determined by what it is over.
				if (known && known.text !== text)
					found.push(`two signed heads of ${note.size} events differ`);
				if (known) return;
				notes.set(note.size, note);
				unproven.push(note);
				size = Math.max(size, note.size);
			} catch (error) {
				found.push(`a signed head under load: ${reasonOf(error)}`);
			}
		},

		async faults(shown, history) {
			const source = onceEach(shown.tile);
			const faults = [...found, ...keyFaults(shown)];
			found = [];
			const checked = unproven.splice(0);
			const newest = notes.get(size);
			const older = newest && !checked.includes(newest) ? [...checked, newest] : checked;
			faults.push(...(await unlikeBefore(key, shown.signedHead, older, source)));
			if (faults.length > 0) return faults;
			proven += checked.length;
			const now = openCheckpoint(shown.signedHead, key);
			size = now.size;
			notes.set(size, { size, text: shown.signedHead, at: process.hrtime.bigint() });

			const before = leaves;
			leaves = await allLeaves(size, source);
			const changed = before.findIndex(
				(leaf, at) => Buffer.compare(leaf, leaves[at] ?? none) !== 0,
			);
			if (changed >= 0) faults.push(`the leaf at position ${changed} is not what it was`);
			if (!now.root.equals(rootOfLeaves(leaves))) faults.push("the root is not that of the leaves");

			const fresh = history.batches.filter(
				(batch) => !included.has(batch) && acknowledgedAt(batch) !== undefined,
			);
			for (const batch of fresh) included.add(batch);
			faults.push(...fresh.flatMap((batch) => misplaced(batch, leaves)));
			for (const batch of fresh.slice(-PROVEN_ALONE)) {
				faults.push(...(await unproved(key, shown.signedHead, batch, source)));
			}
			return faults;
		},

		async faultsOfDisk(shown, cutAt) {
			if (givenAt > cutAt) return [];
			const then = [...notes.values()].filter(({ at }) => at <= cutAt);
			const source = onceEach(shown.tile);
			return [...keyFaults(shown), ...(await unlikeBefore(key, shown.signedHead, then, source))];
		},
	};

	function keyFaults(shown: Shown): string[] {
		return shown.key === keyText ? [] : [`the log's key is ${shown.key}, and was ${keyText}`];
	}
}

/** Which of the older signed heads the log of this one does not begin with. */
async function unlikeBefore(
	key: NoteKey,
	signedHead: string,
	older: readonly Note[],
	source: TileSource,
): Promise<string[]> {
	const faults: string[] = [];
	try {
		openCheckpoint(signedHead, key);
	} catch (error) {
		return [`the signed head: ${reasonOf(error)}`];
	}
	for (const { size, text } of older) {
		try {
			checkConsistency(await proveConsistency(size, signedHead, source), text, key);
		} catch (error) {
			faults.push(`a signed head of ${size} events was shown: ${reasonOf(error)}`);
		}
	}
	return faults;
}

/** Proves the last event of an acknowledged append to be in the log, as anyone may. */
async function unproved(
	key: NoteKey,
	signedHead: string,
	batch: Batch,
	source: TileSource,
): Promise<string[]> {
	const position = acknowledgedAt(batch)?.last ?? -1;
	try {
		const { leaf } = checkInclusion(await proveInclusion(position, signedHead, source), key);
		if (isLeafOf(leaf, batch, batch.events.length - 1)) return [];
		return [`position ${position} is proven to be another event than was acknowledged`];
	} catch (error) {
		return [`position ${position} was acknowledged: ${reasonOf(error)}`];
	}
}

/** @throws any error that is not of a proof */
function reasonOf(error: unknown): string {
	if (error instanceof ProofError) return error.message;
	throw error;
}

/** Asks for each tile once. */
function onceEach(source: TileSource): TileSource {
	const known = new Map<string, Promise<Uint8Array>>();
	return (tile) => {
		const path = tilePath(tile);
		const answer = known.get(path) ?? source(tile);
		known.set(path, answer);
		return answer;
	};
}

async function allLeaves(size: number, source: TileSource): Promise<Uint8Array[]> {
	const bundles: Promise<Uint8Array>[] = [];
	for (let from = 0; from < size; ) {
		const tile = tileOf(0, from, size);
		bundles.push(source({ ...tile, level: "entries" }));
		from += tile.width;
	}
	return (await Promise.all(bundles)).flatMap(leavesOf);
}

function rootOfLeaves(leaves: readonly Uint8Array[]): Uint8Array {
	const hashes = leaves.map((leaf) => leafHash(leaf));
	const subtree = (height: number, index: number): Uint8Array =>
		height === 0
			? (hashes[index] as Uint8Array)
			: nodeHash(subtree(height - 1, 2 * index), subtree(height - 1, 2 * index + 1));
	return treeRoot(hashes.length, subtree);
}

const none = new Uint8Array(0);
