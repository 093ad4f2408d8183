/** Kills a server in the middle of scavenges, under load, again and again on one directory. */
import { randomInt, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { appendEvents } from "../../feeds/client/index.ts";
import { readStream } from "../../feeds/reader/read.ts";
import { verifyDirectory } from "../../src/log/sqlite/verify/verifier.ts";
import { newDirectory, removeDirectories, type Server, startServer } from "../cli/varve.ts";

const KILLS = 4;
const MARKER = "somebody@example.com";

afterAll(removeDirectories);

type Client = {
	/** What was acknowledged: the id, and where the event stands. */
	readonly acknowledged: Map<string, string>;
	ask(path: string, init?: RequestInit): Promise<Response>;
	append(stream: string, count: number, data?: unknown): Promise<void>;
};

function clientOf(url: string, acknowledged: Client["acknowledged"]): Client {
	const ask = (path: string, init: RequestInit = {}) => {
		return fetch(`${url}${path}`, { ...init, headers: { Accept: JSON_TYPE, ...init.headers } });
	};
	return {
		acknowledged,
		ask,
		async append(stream, count, data = { n: 1 }) {
			const events = Array.from({ length: count }, () => ({ type: "Happened", data }));
			// Once: the server is killed on purpose, and what it did not answer is not acknowledged.
			const { version, ids } = await appendEvents({ url, stream, retriesMax: 0 }, events);
			for (const [index, id] of ids.entries()) acknowledged.set(id, `${version + index}@${stream}`);
		},
	};
}

const JSON_TYPE = "application/json";

/** Everything at once: appends, metadata, deletes, redactions and scavenges, until the server dies. */
async function disturb(client: Client, round: number): Promise<void> {
	const { ask, append } = client;
	const forEver = async (work: (turn: number) => Promise<unknown>) => {
		for (let turn = 0; ; turn++) await work(turn);
	};
	await Promise.allSettled([
		forEver(() => append("live", 1 + randomInt(3))),
		forEver(() =>
			append(`gone-${randomInt(4)}`, 40, { mail: MARKER, of: "x".repeat(randomInt(3000)) }),
		),
		forEver((turn) =>
			ask(`/streams/gone-${turn % 4}/metadata`, {
				method: "POST",
				headers: { "Content-Type": JSON_TYPE, "ES-EventId": randomUUID() },
				body: JSON.stringify({ $maxCount: 1 + randomInt(20) }),
			}),
		),
		forEver(async (turn) => {
			await append(`short-${round}-${turn}`, 5, { mail: MARKER });
			const headers: Record<string, string> = turn % 2 ? { "ES-HardDelete": "True" } : {};
			await ask(`/streams/short-${round}-${turn}/0/data`, { method: "DELETE" });
			await ask(`/streams/short-${round}-${turn}`, { method: "DELETE", headers });
		}),
		forEver(() => ask("/admin/scavenge", { method: "POST" })),
	]);
}

test("what was acknowledged has its place, and what was erased is gone, after every kill", async () => {
	const data = newDirectory();
	const acknowledged = new Map<string, string>();
	let server: Server | undefined;
	for (let round = 0; round < KILLS; round++) {
		server = await startServer(data);
		const client = clientOf(server.url, acknowledged);
		const last = (await (await client.ask("/admin/scavenge/last")).json()) as Last;
		expect(["Unknown", "Success", "Stopped"]).toContain(last.scavengeResult);
		const disturbed = disturb(client, round);
		const enough = acknowledged.size + 200 + randomInt(800);
		while (acknowledged.size < enough) await new Promise((resolve) => setTimeout(resolve, 10));
		await server.stop("SIGKILL");
		await disturbed;
		expect(await verifyDirectory(data)).toMatchObject({ ok: true, faults: [] });
	}

	server = await startServer(data);
	const client = clientOf(server.url, acknowledged);
	for (let n = 0; n < 4; n++) await client.ask(`/streams/gone-${n}`, { method: "DELETE" });
	for (let n = 0; n < 4; n++) {
		const headers = { "ES-HardDelete": "True" };
		await client.ask(`/streams/gone-${n}`, { method: "DELETE", headers });
	}
	await client.ask("/admin/scavenge", { method: "POST" });
	let last: Last;
	for (;;) {
		last = (await (await client.ask("/admin/scavenge/last")).json()) as Last;
		if (last.scavengeResult !== "InProgress") break;
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	expect(last.scavengeResult).toBe("Success");
	// What is left is read once, in order; and every acknowledged event of `live` is among it.
	const seen = new Map<string, string>();
	let before = -1;
	for await (const { id, stream, version, position } of readStream({
		url: server.url,
		stream: "$all",
	})) {
		expect(position).toBeGreaterThan(before);
		before = position;
		seen.set(id, `${version}@${stream}`);
	}
	for (const [id, place] of acknowledged) {
		if (place.endsWith("@live")) expect([id, seen.get(id)]).toEqual([id, place]);
		else expect([id, seen.get(id) ?? place]).toEqual([id, place]);
	}
	await server.stop();
	const verification = await verifyDirectory(data);
	expect(verification).toMatchObject({ ok: true, faults: [] });
	expect(verification.erased).toBeGreaterThan(0);
	// Only the last event of each softly deleted stream may still have its data.
	const texts = ["log.sqlite", "log.sqlite-wal"].map((name) => join(data, name)).filter(existsSync);
	const left =
		texts
			.map((file) => readFileSync(file).toString("latin1"))
			.join("")
			.split(MARKER).length - 1;
	const shown = [...seen.values()].filter((place) => /@short-/.test(place));
	expect(left).toBeLessThanOrEqual(shown.length);
}, 120_000);

type Last = { readonly scavengeResult: string };
