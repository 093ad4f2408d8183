import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ProofError } from "../../../feeds/proof/error.ts";
import { leafHash, sha256 } from "../../../feeds/proof/hash.ts";
import { decodeLeaf, encodeLeaf, hashOfEvent, type LeafHead } from "../../../feeds/proof/leaf.ts";
import { formatKey, noteKey, openNote, parseKey, signNote } from "../../../feeds/proof/note.ts";
import { checkInclusion, formatInclusion } from "../../../feeds/proof/proof.ts";
import { openCheckpoint, signCheckpoint } from "../../../feeds/proof/signed-head.ts";
import { parseTilePath, tileOf, tilePath } from "../../../feeds/proof/tiles.ts";
import { ROOT } from "../../structure/source.ts";

const EMPTY = new Uint8Array(0);
const head: LeafHead = {
	position: 2 ** 32 + 7,
	created: 1_700_000_000_123,
	version: 7,
	id: Buffer.from("0190a3f2b5c47d8e9fa0b1c2d3e4f506", "hex"),
	flags: 1,
	stream: "order-é",
	type: "OrderPlaced",
};

describe("a leaf", () => {
	const data = Buffer.from('{"total":1.10}');
	const leaf = { ...head, data: sha256(data), metadata: sha256(EMPTY) };

	test("is written as docs/proofs.md says", () => {
		expect(encodeLeaf(leaf).toString("hex")).toBe(
			[
				"01",
				`0008${Buffer.from("order-é").toString("hex")}`,
				`000b${Buffer.from("OrderPlaced").toString("hex")}`,
				"0000000100000007",
				"0000000000000007",
				"0000018bcfe5687b",
				"0190a3f2b5c47d8e9fa0b1c2d3e4f506",
				"01",
				sha256(data).toString("hex"),
				"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			].join(""),
		);
	});

	test("of the example in docs/proofs.md has the hash that stands there", () => {
		const page = readFileSync(join(ROOT, "docs/proofs.md"), "utf8");
		const example = { ...head, position: 0, version: 0, stream: "a", type: "T" };
		const object = Buffer.from("{}");
		const bytes = encodeLeaf({ ...example, data: sha256(object), metadata: sha256(EMPTY) });
		const [, shown = ""] = /^leaf {7}([0-9a-f\s]+)^leaf hash/m.exec(page) ?? [];
		expect(shown.replaceAll(/\s/g, "")).toBe(bytes.toString("hex"));
		expect(page).toContain(`leaf hash  ${hashOfEvent(example, object, EMPTY).toString("hex")}\n`);
	});

	test("is read as it was written, and has the hash of its event", () => {
		const bytes = encodeLeaf(leaf);
		expect(decodeLeaf(bytes)).toEqual(leaf);
		expect(hashOfEvent(head, data, EMPTY)).toEqual(leafHash(bytes));
	});

	test("does not tell what was erased later", () => {
		const erased = hashOfEvent({ ...head, flags: 1 | 8 | 16 }, data, EMPTY);
		expect(erased).toEqual(hashOfEvent(head, data, EMPTY));
	});

	test.each<[string, Partial<LeafHead>]>([
		["position", { position: 7 }],
		["created", { created: 1_700_000_000_124 }],
		["version", { version: 8 }],
		["id", { id: Buffer.alloc(16, 1) }],
		["flags", { flags: 3 }],
		["stream", { stream: "order-" }],
		["type", { type: "éOrderPlaced" }],
	])("of an event with another %s is another", (_, change) => {
		expect(hashOfEvent({ ...head, ...change }, data, EMPTY)).not.toEqual(
			hashOfEvent(head, data, EMPTY),
		);
	});

	test("of an event with its data in place of its metadata is another", () => {
		expect(hashOfEvent(head, EMPTY, data)).not.toEqual(hashOfEvent(head, data, EMPTY));
	});

	test("cut short, or with more behind it, is none", () => {
		const bytes = encodeLeaf(leaf);
		for (let end = 0; end < bytes.length; end++) {
			expect(decodeLeaf(bytes.subarray(0, end))).toBeUndefined();
		}
		expect(decodeLeaf(Buffer.concat([bytes, Buffer.alloc(1)]))).toBeUndefined();
	});
});

describe("a tile", () => {
	test.each([
		[{ level: 0, number: 1234067, width: 256 }, "0/x001/x234/067"],
		[{ level: 1, number: 0, width: 17 }, "1/000.p/17"],
		[{ level: "entries", number: 273, width: 112 }, "entries/273.p/112"],
	] as const)("%j has the path %s", (tile, path) => {
		expect(tilePath(tile)).toBe(path);
		expect(parseTilePath(path)).toEqual(tile);
	});

	test.each([
		...["0/1", "0/0001", "0/x001/67", "0/x000/067", "00/001", "-1/000", "0/-01", "0/000.p/0"],
		...["0/000.p/256", "0/000.p/257", "0/000.p/01", "0/000.p/", "0/000/", "0/001/067", "0/", ""],
		...[
			"0/x999/x999/x999/x999/x999/999",
			"entries",
			"0/000.p/1/2",
			"0/%30%30%30",
			"0/0x1",
			"1e1/000",
		],
	])("is not at %s", (path) => {
		expect(parseTilePath(path)).toBeUndefined();
	});

	test("is as wide as the tree makes it", () => {
		expect(tileOf(0, 69_999, 70_000)).toEqual({ level: 0, number: 273, width: 112 });
		expect(tileOf(1, 272, 70_000)).toEqual({ level: 1, number: 1, width: 17 });
		expect(tileOf(2, 0, 70_000)).toEqual({ level: 2, number: 0, width: 1 });
	});
});

describe("a note", () => {
	// The example of golang.org/x/mod/sumdb/note.
	const neumann = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
	const text =
		"If you think cryptography is the answer to your problem,\n" +
		"then you don't know what your problem is.\n";
	const note = `${text}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

	test("that others signed is opened with their key", () => {
		expect(openNote(note, parseKey(neumann))).toBe(text);
		expect(formatKey(parseKey(neumann))).toBe(neumann);
		const golang = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
		expect(formatKey(parseKey(golang))).toBe(golang);
	});

	test("is refused where a letter of it, or its signature, is another", () => {
		const changed = [note.replace("answer", "Answer"), note.replace("NIuGU", "NIuGV")];
		for (const one of changed) expect(() => openNote(one, parseKey(neumann))).toThrow(/is wrong/);
	});

	test("is refused where only others have signed it", () => {
		const { publicKey } = generateKeyPairSync("ed25519");
		const same = noteKey("PeterNeumann", publicKey);
		expect(() => openNote(note, same)).toThrow("not signed by the key of PeterNeumann");
		for (const none of ["", "text", "text\n\n", `${text}\n`, note.slice(0, -1)]) {
			expect(() => openNote(none, same)).toThrow(ProofError);
		}
	});

	test("may have signatures of witnesses besides the log's", () => {
		const log = generateKeyPairSync("ed25519");
		const witness = generateKeyPairSync("ed25519");
		const by = noteKey("log", log.publicKey);
		const signed = signNote("text\n", by, log.privateKey);
		const other = signNote("text\n", noteKey("witness", witness.publicKey), witness.privateKey);
		const both = signed + (other.split("\n\n")[1] as string);
		expect(openNote(both, by)).toBe("text\n");
	});

	test.each([
		"",
		"name",
		"name+c74f20a3",
		neumann.replace("c74f20a3", "c74f20a4"),
		neumann.replace("ARpc", "ABpc"),
		neumann.slice(0, -4),
	])("key %s is refused", (key) => {
		expect(() => parseKey(key)).toThrow(ProofError);
	});
});

describe("a proof of one event", () => {
	const key = createPrivateKey({
		key: Buffer.concat([
			Buffer.from("302e020100300506032b657004220420", "hex"),
			Buffer.alloc(32, 7),
		]),
		format: "der",
		type: "pkcs8",
	});
	const log = noteKey("varve/1", createPublicKey(key));
	const leaf = encodeLeaf({ ...head, position: 0, data: sha256(EMPTY), metadata: sha256(EMPTY) });
	const checkpoint = signCheckpoint(1, leafHash(leaf), log, key);
	const proof = formatInclusion({ position: 0, leaf, hashes: [] }, checkpoint);

	test("tells what the log signed for", () => {
		const checked = checkInclusion(proof, log);
		expect(checked.leaf).toMatchObject({ stream: "order-é", type: "OrderPlaced", version: 7 });
		expect(checked.checkpoint).toMatchObject({ origin: "varve/1", size: 1 });
		expect(openCheckpoint(checkpoint, log)).toEqual(checked.checkpoint);
	});

	test("is refused wherever a byte of what it says is another", () => {
		for (let at = 0; at < proof.length; at++) {
			const changed = `${proof.slice(0, at)}${proof[at] === "A" ? "B" : "A"}${proof.slice(at + 1)}`;
			// The last digits of a base64 text hold bits that mean nothing.
			let read: unknown;
			try {
				read = checkInclusion(changed, log);
			} catch (error) {
				expect(error).toBeInstanceOf(ProofError);
				continue;
			}
			expect(read).toEqual(checkInclusion(proof, log));
		}
	});
});
