import { randomUUID } from "node:crypto";
import { addSubtree, createFrontier, rootOf } from "../../feeds/proof/frontier.ts";
import { leafHash, sha256 } from "../../feeds/proof/hash.ts";
import { decodeLeaf } from "../../feeds/proof/leaf.ts";
import { parseKey } from "../../feeds/proof/note.ts";
import { checkConsistency, checkInclusion } from "../../feeds/proof/proof.ts";
import { leavesOf, proveConsistency, proveInclusion } from "../../feeds/proof/prove.ts";
import { openCheckpoint } from "../../feeds/proof/signed-head.ts";
import { type Tile, tilePath } from "../../feeds/proof/tiles.ts";
import { append, events } from "../log/asking.ts";
import { batch, get } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

const text = async (path: string) => (await servers.ask(get(`/log/${path}`))).text;
const bytes = async (path: string) => {
	const answer = await fetch(`${servers.url}/log/tile/${path}`);
	return Buffer.from(await answer.arrayBuffer());
};
const tile = (one: Tile) => bytes(tilePath(one));
const key = async () => parseKey((await text("key")).trim());
const signedHead = async () => openCheckpoint(await text("checkpoint"), await key());

describe("the log as a tree", () => {
	test("is empty at first, and signed for all the same", async () => {
		expect(await signedHead()).toMatchObject({ size: 0, root: sha256(new Uint8Array(0)) });
		const none = await servers.ask(get("/log/tile/0/000.p/1"));
		expect([none.status, none.json.type]).toEqual([404, "urn:varve:problem:tile-not-found"]);
	});

	test("has each event as a leaf that its reader can make", async () => {
		const [event] = events(1, { metadata: Buffer.from("{}") });
		await append(servers.log, "order-1", [event as NonNullable<typeof event>]);
		const [bundled] = leavesOf(await bytes("entries/000.p/1"));
		const leaf = decodeLeaf(bundled as Uint8Array);
		expect(leaf).toMatchObject({
			position: 0,
			version: 0,
			stream: "order-1",
			type: "OrderPlaced",
			flags: 1,
			data: sha256(event?.data as Uint8Array),
			metadata: sha256(Buffer.from("{}")),
		});
		expect(Buffer.from(leaf?.id as Uint8Array).toString("hex")).toBe(event?.id.replaceAll("-", ""));
		const hash = await bytes("0/000.p/1");
		expect(hash).toEqual(leafHash(bundled as Uint8Array));
		expect((await signedHead()).root).toEqual(hash);
	});

	test("proves every kind of place in it, and that it grew", async () => {
		const before = await text("checkpoint");
		await append(servers.log, "order-2", events(700));
		const now = await text("checkpoint");
		const trusted = await key();
		for (const position of [0, 1, 255, 256, 511, 512, 700]) {
			const proof = await proveInclusion(position, now, tile);
			expect(checkInclusion(proof, trusted).leaf.position).toBe(position);
		}
		const grown = await proveConsistency(1, now, tile);
		expect(checkConsistency(grown, before, trusted).newer.size).toBe(701);
		// And the root is that of the definition, made from the leaves alone.
		const frontier = createFrontier();
		for (const path of ["entries/000", "entries/001", "entries/002.p/189"]) {
			for (const leaf of leavesOf(await bytes(path))) addSubtree(frontier, leafHash(leaf), 0);
		}
		expect(rootOf(frontier)).toEqual((await signedHead()).root);
	});

	test("has tiles that may be kept for ever, and a signed head that may not", async () => {
		const page = await servers.ask(get("/log/tile/0/001"));
		expect(page.headers).toMatchObject({
			"content-type": "application/octet-stream",
			"content-length": "8192",
			"cache-control": "max-age=31536000, public, immutable",
		});
		const note = await servers.ask(get("/log/checkpoint"));
		expect(note.headers).toMatchObject({
			"content-type": "text/plain; charset=utf-8",
			"cache-control": "no-cache",
		});
		const head = await servers.ask({ ...get("/log/tile/1/000.p/2"), method: "HEAD" });
		expect([head.status, head.headers["content-length"], head.text]).toEqual([200, "64", ""]);
	});

	test.each([
		...["0/003", "0/002", "0/002.p/190", "1/000", "1/000.p/3", "2/000.p/1", "entries/003"],
		...["6/000.p/1", "63/000.p/1", "0/x999/x999/x999/x999/999", "entries/002.p/190"],
	])("has no tile %s yet", async (path) => {
		const reply = await servers.ask(get(`/log/tile/${path}`));
		expect([reply.status, reply.json]).toEqual([
			404,
			expect.objectContaining({ type: "urn:varve:problem:tile-not-found", tile: path }),
		]);
	});

	test.each([
		...["-1/000", "0/-01", "0/0", "0/000.p/0", "0/000.p/256", "0/000.p/257", "0/000.p/-1", ""],
		...["0/000.p/1e1", "100/000", "data/000", "0/x000/001", "0/000/", "entries", "0/000.p/1/2"],
		...["0/x999/x999/x999/x999/x999/x999/999", "0/0.0", "%2e%2e/checkpoint", "0/000%00"],
	])("has nothing at /log/tile/%s", async (path) => {
		const reply = await servers.ask(get(`/log/tile/${path}`));
		expect([400, 404]).toContain(reply.status);
		expect(reply.headers["content-type"]).toBe("application/problem+json");
	});

	test("can only be read", async () => {
		for (const path of ["/log/checkpoint", "/log/key", "/log/tile/0/000"]) {
			const reply = await servers.ask({ ...get(path), method: "POST" });
			expect([reply.status, reply.headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"]);
		}
	});

	test("is of one moment in each signed head, while appends run", async () => {
		const trusted = await key();
		const notes: string[] = [];
		let isDone = false;
		const appends = Promise.all(
			Array.from({ length: 40 }, (_, i) =>
				servers.ask(batch(`s-${i}`, [{ eventId: randomUUID(), eventType: "t", data: i }])),
			),
		).then(() => {
			isDone = true;
		});
		while (!isDone) notes.push(await text("checkpoint"));
		await appends;
		const last = await text("checkpoint");
		for (const older of new Set(notes)) {
			const { size } = openCheckpoint(older, trusted);
			const proof = await proveConsistency(size, last, tile);
			expect(checkConsistency(proof, older, trusted).newer.size).toBe(741);
		}
	});
});

test("a tile of large events is made without holding up the others", async () => {
	const data = Buffer.alloc(3_000_000, 65);
	for (let i = 0; i < 4; i++) await append(servers.log, "large", events(1, { data }));
	const { size } = await signedHead();
	const path = tilePath({ level: "entries", number: 2, width: size - 512 });
	const [bundle, info] = await Promise.all([bytes(path), servers.ask(get("/info"))]);
	expect(info.status).toBe(200);
	const leaf = decodeLeaf(leavesOf(bundle).at(-1) as Uint8Array);
	expect(leaf).toMatchObject({ stream: "large", data: sha256(data) });
});
