/** The witness itself: a log that only grew passes, and each way to tamper with it is seen. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import {
	encodeLeaf,
	formatKey,
	type Leaf,
	leafHash,
	nodeHash,
	signCheckpoint,
	type Tile,
	treeRoot,
} from "../../../feeds/index.ts";
import { noteKey } from "../../../feeds/proof/note.ts";
import { answered, type History, newAttempt, newHistory } from "./history.ts";
import { createWitness, type Shown, type Witness } from "./witness.ts";

const NOTHING = Buffer.alloc(0);
const KEY = newKey();
const OTHER = newKey();
const EVENTS = 600;
const BEFORE = 300;

test("a log that was only added to passes, and all it showed under load is proven", async () => {
	const { witness, history, leaves } = await story();
	expect(await witness.faults(shownOf(leaves), history)).toEqual([]);
	expect(witness.proven).toBe(3);
	expect(witness.size).toBe(EVENTS);
});

test("a disk needs to hold what had been shown when its power was cut, and no more", async () => {
	const { witness, leaves } = await story();
	const half = shownOf(leaves.slice(0, BEFORE));
	expect(await witness.faultsOfDisk(half, 3n)).toEqual([]);
	expect(await witness.faultsOfDisk(half, 4n)).toEqual([
		`a signed head of 310 events was shown: the log has 300 events, but had 310 before`,
	]);
	expect(await witness.faultsOfDisk(shownOf(leaves, OTHER), 0n)).toEqual([]);
	expect((await witness.faultsOfDisk(shownOf(leaves, OTHER), 1n)).join()).toContain("key");
});

type Spoiled = (leaves: Uint8Array[]) => Shown;
const WRONG: readonly (readonly [string, Spoiled, string])[] = [
	["the tail is lost", (leaves) => shownOf(leaves.slice(0, 305)), "but had 310 before"],
	[
		"what was acknowledged after the last signed head is lost",
		(leaves) => shownOf(leaves.slice(0, EVENTS - 1)),
		"position 599: the leaf is not of what",
	],
	[
		"two events have changed places",
		(leaves) => shownOf(swapped(leaves, 4, 5)),
		"does not begin with the older one",
	],
	[
		"two events nobody had a signed head of have changed places",
		(leaves) => shownOf(swapped(leaves, 590, 591)),
		"position 590: the leaf is not of what",
	],
	[
		"an event was put in between",
		(leaves) => shownOf([...leaves.slice(0, 7), leafAt(7, "x"), ...leaves.slice(7)]),
		"does not begin with the older one",
	],
	[
		"a leaf is another than before, and its hash is not",
		(leaves) => shownOf(leaves, KEY, changed(leaves, 8)),
		"the leaf at position 8 is not what it was",
	],
	[
		"the hash of a leaf is another, and the root is not",
		(leaves) => {
			const shown = shownOf(leaves);
			const { tile } = shownOf(changed(leaves, 8));
			return { ...shown, tile };
		},
		"does not begin with the older one",
	],
	[
		"data is another than was acknowledged",
		(leaves) => shownOf(changed(leaves, 595)),
		"position 595: the leaf is not of what",
	],
	["another signs", (leaves) => shownOf(leaves, OTHER), "the log's key is"],
	[
		"the signature is of something else",
		(leaves) => {
			const shown = shownOf(leaves);
			return { ...shown, signedHead: shown.signedHead.replace("600", "599") };
		},
		"its signature by the key of varve/test is wrong",
	],
];

test.each(WRONG)("it sees that %s", async (_, spoil, said) => {
	const { witness, history, leaves } = await story();
	expect((await witness.faults(spoil([...leaves]), history)).join("\n")).toContain(said);
});

test("it sees a signed head that lacks what was acknowledged before, or that has two roots", async () => {
	const { witness, history, leaves } = await story();
	witness.keep(shownOf(leaves.slice(0, 400)).signedHead, 401, 5n);
	witness.keep(shownOf(changed(leaves.slice(0, 310), 0)).signedHead, 0, 6n);
	witness.keep("a page of something else", 0, 7n);
	expect(await witness.faults(shownOf(leaves), history)).toEqual([
		"a signed head of 400 events, where 401 were known",
		"two signed heads of 310 events differ",
		"a signed head under load: it is not a signed note",
	]);
});

/** 600 events, all acknowledged; after the first 300 there was a check, and three notes under load. */
async function story(): Promise<{ witness: Witness; history: History; leaves: Uint8Array[] }> {
	const leaves = Array.from({ length: EVENTS }, (_, position) => leafAt(position));
	const history = newHistory();
	const witness = createWitness(KEY.text, 1n);
	acknowledge(history, 0, BEFORE);
	witness.keep(shownOf(leaves.slice(0, 10)).signedHead, 10, 2n);
	witness.keep(shownOf(leaves.slice(0, 256)).signedHead, 200, 3n);
	expect(await witness.faults(shownOf(leaves.slice(0, BEFORE)), history)).toEqual([]);
	acknowledge(history, BEFORE, EVENTS);
	witness.keep(shownOf(leaves.slice(0, 310)).signedHead, 310, 4n);
	return { witness, history, leaves };
}

function acknowledge(history: History, from: number, to: number): void {
	for (let position = from; position < to; position++) {
		const attempt = newAttempt(history, "a");
		const data = dataOf(position);
		const event = { id: idOf(position), type: "T", isJson: true, data, metadata: NOTHING };
		history.batches.push({ stream: "a", expected: "any", events: [event], attempts: [attempt] });
		const outcome = { kind: "written", first: position, position, repeated: false } as const;
		answered(history, attempt, "a", outcome, position);
	}
}

function leafAt(position: number, of = String(position)): Uint8Array {
	const leaf: Leaf = {
		position,
		version: position,
		stream: "a",
		type: "T",
		created: 1000,
		id: Buffer.from(idOf(position).replaceAll("-", ""), "hex"),
		flags: 1,
		data: sha256(dataOf(of)),
		metadata: sha256(NOTHING),
	};
	return encodeLeaf(leaf);
}

function idOf(position: number): string {
	return `0190a3f2-b5c4-7d8e-9fa0-${position.toString(16).padStart(12, "0")}`;
}

function dataOf(of: number | string): Buffer {
	return Buffer.from(JSON.stringify({ of: String(of) }));
}

function swapped(leaves: readonly Uint8Array[], one: number, other: number): Uint8Array[] {
	return leaves.map((leaf, at) => leaves[at === one ? other : at === other ? one : at] ?? leaf);
}

function changed(leaves: readonly Uint8Array[], which: number): Uint8Array[] {
	return leaves.map((leaf, at) => (at === which ? leafAt(at, "other") : leaf));
}

/** What a log of these leaves shows. @param bundled other leaves, where the tree is not of them */
function shownOf(
	leaves: readonly Uint8Array[],
	{ text, key, secret } = KEY,
	bundled = leaves,
): Shown {
	const hashes = leaves.map((leaf) => leafHash(leaf));
	const subtree = (height: number, index: number): Uint8Array =>
		height === 0
			? (hashes[index] as Uint8Array)
			: nodeHash(subtree(height - 1, 2 * index), subtree(height - 1, 2 * index + 1));
	const tile = async ({ level, number, width }: Tile) => {
		const from = number * 256;
		if (level === "entries") return bundle(bundled.slice(from, from + width));
		const indexes = Array.from({ length: width }, (_, at) => from + at);
		return Buffer.concat(indexes.map((index) => subtree(level * 8, index)));
	};
	const root = treeRoot(leaves.length, subtree);
	return { key: text, signedHead: signCheckpoint(leaves.length, root, key, secret), tile };
}

function bundle(leaves: readonly Uint8Array[]): Buffer {
	const parts = leaves.flatMap((leaf) => {
		const length = Buffer.alloc(2);
		length.writeUInt16BE(leaf.length);
		return [length, leaf];
	});
	return Buffer.concat(parts);
}

function sha256(bytes: Uint8Array): Buffer {
	return createHash("sha256").update(bytes).digest();
}

function newKey() {
	const { privateKey: secret } = generateKeyPairSync("ed25519") as { privateKey: KeyObject };
	const key = noteKey("varve/test", createPublicKey(secret));
	return { secret, key, text: formatKey(key) };
}
