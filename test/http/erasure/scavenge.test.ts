/** Scavenging over HTTP: the routes of contract 10.1, what a run writes of itself, what it leaves. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readStream } from "../../../feeds/reader/read.ts";
import { type Ask, ATOM_JSON, batch, get, type Reply } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";

let servers: Servers;
beforeEach(async () => {
	servers = await startServers();
});
afterEach(() => servers.close());

const ADMIN = "/admin/scavenge";
const JSON_TYPE = "application/json";
const some = (count: number, data: unknown = { n: 1 }) =>
	Array.from({ length: count }, () => ({ eventId: randomUUID(), eventType: "Happened", data }));
const append = (stream: string, count: number, data?: unknown) =>
	servers.ask(batch(stream, some(count, data)));
const describeAs = (stream: string, metadata: object) =>
	servers.ask({
		path: `/streams/${stream}/metadata`,
		headers: { "Content-Type": JSON_TYPE, "ES-EventId": randomUUID() },
		body: JSON.stringify(metadata),
	});
const start = (query = "", accept = JSON_TYPE): Ask => ({
	method: "POST",
	path: `${ADMIN}${query}`,
	headers: { Accept: accept },
});
const last = async () => (await servers.ask(get(`${ADMIN}/last`, JSON_TYPE))).json;
const current = async () => (await servers.ask(get(`${ADMIN}/current`, JSON_TYPE))).json;
/** Starts a scavenge and waits for its end. */
async function scavenged(query = ""): Promise<string> {
	const { scavengeId } = (await servers.ask(start(query))).json;
	await until(async () => (await last()).scavengeResult !== "InProgress");
	return String(scavengeId);
}
/** The numbers that a page of `$all` shows, and its links by relation. */
function shown({ json }: Reply): { numbers: string[]; links: { [relation: string]: string } } {
	const entries = json.entries as { title: string }[];
	const links = json.links as { relation: string; uri: string }[];
	return {
		numbers: entries.map(({ title }) => title),
		links: Object.fromEntries(links.map(({ relation, uri }) => [relation, pathOf(uri)])),
	};
}
/** The positions that server-sent events begin with. */
async function liveFrom(path: string, count: number): Promise<number[]> {
	const answer = await fetch(servers.url + path, { headers: { Accept: "text/event-stream" } });
	const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
	let text = "";
	const ids = () => [...text.matchAll(/^id: ?(\d+)\n(?:.+\n)*\n/gm)].map(([, id]) => Number(id));
	while (ids().length < count) text += Buffer.from((await reader.read()).value ?? []).toString();
	await reader.cancel();
	return ids();
}
function pathOf(uri: string): string {
	return new URL(uri).pathname.replace("/streams/%24all", "");
}
const at = (position: number) => position.toString(16).toUpperCase().padStart(16, "0").repeat(2);

describe("the routes", () => {
	test("say that nothing runs, and nothing ever ran", async () => {
		expect(await current()).toEqual({ scavengeId: "", scavengeLink: "" });
		expect(await last()).toEqual({
			scavengeId: "00000000-0000-0000-0000-000000000000",
			scavengeLink: "",
			scavengeResult: "Unknown",
		});
		for (const id of ["current", randomUUID()]) {
			const reply = await servers.ask({ method: "DELETE", path: `${ADMIN}/${id}` });
			expect([reply.status, reply.json.type]).toEqual([
				404,
				"urn:varve:problem:scavenge-not-found",
			]);
		}
	});

	test("speak text where nothing is asked for, JSON and XML where they are", async () => {
		const id = await scavenged();
		const shape = async (accept?: string) => {
			const reply = await servers.ask({ path: `${ADMIN}/last`, headers: accept ? { accept } : {} });
			return [reply.headers["content-type"], reply.text];
		};
		const text = `ScavengeId: ${id}, ScavengeLink: /admin/scavenge/${id}, ScavengeResult: Success`;
		expect(await shape()).toEqual(["text/plain; charset=utf-8", text]);
		expect(await shape("*/*")).toEqual(["text/plain; charset=utf-8", text]);
		expect(await shape("application/xml")).toEqual([
			"application/xml; charset=utf-8",
			`<?xml version="1.0" encoding="utf-8"?><ScavengeGetLastResultDto><ScavengeId>${id}` +
				`</ScavengeId><ScavengeLink>/admin/scavenge/${id}</ScavengeLink>` +
				"<ScavengeResult>Success</ScavengeResult></ScavengeGetLastResultDto>",
		]);
		const begun = await servers.ask(start("", "text/plain"));
		expect([begun.status, begun.text]).toMatchObject([200, expect.stringMatching(/^ScavengeId: /)]);
		expect((await servers.ask(start("", "image/png"))).status).toBe(406);
		await until(async () => (await last()).scavengeResult === "Success");
	});

	test.each([
		["startFromChunk=-1", "startFromChunk must be a positive integer"],
		["startFromChunk=x", "startFromChunk must be a positive integer"],
		["threads=0", "threads must be a 1 or above"],
		["threads=1.5", "threads must be a 1 or above"],
		["threshold=x", "threshold must be an integer"],
		["throttlePercent=0", "throttlePercent must be between 1 and 100 inclusive"],
		["throttlePercent=101", "throttlePercent must be between 1 and 100 inclusive"],
		["threads=2&throttlePercent=50", "throttlePercent must be 100 for a multi-threaded scavenge"],
		["syncOnly=perhaps", "syncOnly must be a boolean"],
	])("refuse ?%s", async (query, message) => {
		const reply = await servers.ask(start(`?${query}`));
		expect([reply.status, reply.json.detail]).toEqual([400, expect.stringContaining(message)]);
		expect((await last()).scavengeResult).toBe("Unknown");
	});

	test("take everything the contract knows", async () => {
		const query = "startFromChunk=0&threads=2&threshold=-1&throttlePercent=100&syncOnly=True";
		expect((await servers.ask(start(`?${query}`))).status).toBe(200);
		await until(async () => (await last()).scavengeResult === "Success");
	});

	test("run one at a time, and stop it where they are told to, by its id or as current", async () => {
		for (const name of ["id", "current"]) {
			// Enough for many steps, and a throttle at which they take minutes.
			await append(`long-${name}`, 5000);
			await describeAs(`long-${name}`, { $tb: 5000 });
			const begun = await servers.ask(start("?throttlePercent=1"));
			const { scavengeId } = begun.json;
			expect(await current()).toEqual({ scavengeId, scavengeLink: `${ADMIN}/${scavengeId}` });
			expect(await last()).toMatchObject({ scavengeId, scavengeResult: "InProgress" });
			const second = await servers.ask(start());
			expect([second.status, second.json]).toMatchObject([
				400,
				{ detail: "Scavenge is already running", scavengeId },
			]);
			const path = `${ADMIN}/${name === "id" ? scavengeId : name}`;
			const stopped = await servers.ask({
				method: "DELETE",
				path,
				headers: { Accept: JSON_TYPE },
			});
			expect([stopped.status, stopped.json]).toEqual([200, { scavengeId }]);
			expect(await last()).toMatchObject({ scavengeId, scavengeResult: "Stopped" });
			expect((await current()).scavengeId).toBe("");
		}
		// The next one does the rest.
		await scavenged();
		expect((await last()).scavengeResult).toBe("Success");
		const { entries } = await servers.log.read({
			stream: "$all" as never,
			from: 0,
			limit: 4096,
			direction: "forward",
			content: false,
		});
		expect(entries.filter(({ event }) => event.stream.startsWith("long-"))).toEqual([]);
	});
});

describe("a run", () => {
	test("tells its story in a stream of its own, to which the list of runs leads", async () => {
		await append("a", 3, { secret: "x".repeat(50) });
		await describeAs("a", { $maxCount: 1 });
		const id = await scavenged("?throttlePercent=50");
		const body = "?embed=body";
		const page = (await servers.ask(get(`/streams/%24scavenges-${id}${body}`))).json;
		type Shown = { eventType: string; data: string; summary: string; title: string };
		const entries = page.entries as Shown[];
		expect(entries.map(({ eventType }) => eventType)).toEqual([
			"$scavengeCompleted",
			"$scavengeStarted",
		]);
		expect(JSON.parse(entries[0]?.data ?? "")).toEqual({
			scavengeId: id,
			nodeEndpoint: "127.0.0.1:2113",
			result: "Success",
			timeTaken: expect.stringMatching(/^00:\d\d:\d\d\.\d{7}$/),
			spaceSaved: expect.any(Number),
			eventsErased: 2,
		});
		expect(JSON.parse(entries[1]?.data ?? "")).toMatchObject({ throttlePercent: 50, threads: 1 });
		const list = (await servers.ask(get(`/streams/%24scavenges${body}`))).json;
		expect(list.entries).toMatchObject([
			{ title: `1@$scavenges-${id}`, summary: "$>", eventType: "$scavengeCompleted" },
			{ title: `0@$scavenges-${id}`, summary: "$>", eventType: "$scavengeStarted" },
		]);
		for (const name of ["$scavenges", "%24scavenges"]) {
			const one = await servers.ask(get(`/streams/${name}/${id}/head/20`));
			expect([one.status, one.json.streamId]).toEqual([200, `$scavenges-${id}`]);
		}
		for (const lane of [servers, servers.express]) {
			const ordinary = await lane.ask(get("/streams/%24scavenges/0/forward/20"));
			expect([ordinary.status, ordinary.json.streamId]).toEqual([200, "$scavenges"]);
		}
	});

	test("is none of the server's where a client linked to it in the list", async () => {
		const headers = {
			"Content-Type": "application/octet-stream",
			"ES-EventType": "$>",
			"ES-EventId": randomUUID(),
		};
		await append("$scavenges-<b>", 1);
		const path = "/streams/%24scavenges";
		const link = await servers.ask({ path, headers, body: "0@$scavenges-<b>" });
		expect(link.status).toBe(201);
		servers = await servers.restart();
		expect(await last()).toMatchObject({ scavengeLink: "", scavengeResult: "Unknown" });
	});

	test("is remembered across a restart", async () => {
		const id = await scavenged();
		servers = await servers.restart();
		expect(await last()).toMatchObject({ scavengeId: id, scavengeResult: "Success" });
		expect((await current()).scavengeId).toBe("");
	});

	test("that the server's stop interrupts is recorded as such", async () => {
		await append("a", 5000);
		await describeAs("a", { $tb: 5000 });
		const { scavengeId } = (await servers.ask(start("?throttlePercent=1"))).json;
		servers = await servers.restart();
		expect(await last()).toMatchObject({ scavengeId, scavengeResult: "Stopped" });
		const head = get(`/streams/%24scavenges-${scavengeId}/head?embed=body`);
		const event = (await servers.ask(head)).json;
		expect(event.content).toMatchObject({ data: { result: "Interrupted" } });
		expect(await scavenged()).not.toBe(scavengeId);
	});

	test("that clients wrote about is none", async () => {
		const link = { "Content-Type": JSON_TYPE, "ES-EventType": "$>", "ES-EventId": randomUUID() };
		await servers.ask({ path: "/streams/%24scavenges", headers: link, body: '"0@a"' });
		servers = await servers.restart();
		expect((await last()).scavengeResult).toBe("Unknown");
		await servers.ask({
			method: "DELETE",
			path: "/streams/%24scavenges",
			headers: { "ES-HardDelete": "True" },
		});
		servers = await servers.restart();
		expect((await last()).scavengeResult).toBe("Unknown");
		await scavenged();
		expect((await last()).scavengeResult).toBe("Success");
	});
});

describe("what it leaves", () => {
	test("no file of the data directory holds the bytes of what was erased", async () => {
		const marker = `marker-${randomUUID()}`;
		const kept = `kept-${randomUUID()}`;
		for (let round = 0; round < 20; round++) {
			await append("a", 20, { marker, of: "x".repeat(round * 300) });
			await append("b", 1, { kept });
		}
		await describeAs("a", { $tb: 1000 });
		await scavenged();
		const count = (text: string) =>
			["log.sqlite", "log.sqlite-wal"].reduce((sum, file) => {
				const bytes = readFileSync(join(servers.directory, file));
				return sum + (bytes.toString("latin1").split(text).length - 1);
			}, 0);
		expect(count(marker)).toBe(0);
		// The same search finds what was not erased.
		expect(count(kept)).toBeGreaterThanOrEqual(20);
	});

	test("$all skips it in every page, and pages without an event lead over the whole gap", async () => {
		await append("first", 5);
		await append("gone", 200);
		await append("after", 30);
		const before = shown(await servers.ask(get(`/streams/%24all/${at(0)}/forward/20`)));
		await describeAs("gone", { $tb: 200 });
		await scavenged();
		const page = async (path: string) => shown(await servers.ask(get(`/streams/%24all/${path}`)));
		// The page at the edge is as it was, without what was scavenged.
		const edge = await page(`${at(0)}/forward/20`);
		expect(edge.numbers).toEqual(before.numbers.slice(-5));
		expect(edge.links).toEqual(before.links);
		// From a page within the gap: up to the grid page of the next event, down to the one before.
		const within = await page(`${at(40)}/forward/20`);
		expect(within).toMatchObject({
			numbers: [],
			links: { previous: `/${at(200)}/forward/20`, next: `/${at(5)}/backward/5` },
		});
		const { previous, next: down } = within.links;
		expect((await page(`${at(100)}/backward/20`)).links).toMatchObject({ previous, next: down });
		const next = await page(`${at(200)}/forward/20`);
		expect(next.numbers.slice(-1)).toEqual(["0@after"]);
		// A bulk reader stays on its own grid.
		expect((await page(`${at(100)}/forward/100`)).links.previous).toBe(`/${at(200)}/forward/100`);
		expect((await servers.ask(get(`/streams/%24all/${at(40)}`))).status).toBe(404);
	});

	test("readers of every kind get what is left, once and in order", async () => {
		await append("first", 5);
		for (let round = 0; round < 3; round++) {
			await append("gone", 700);
			await append("left", 7);
		}
		await describeAs("gone", { $tb: 2100 });
		await scavenged();
		const expected = (
			await servers.log.read({
				stream: "$all" as never,
				from: 0,
				limit: 4096,
				direction: "forward",
				content: false,
			})
		).entries.map(({ version }) => version);
		expect(expected.slice(0, 6)).toEqual([0, 1, 2, 3, 4, 705]);

		for (const pageSize of [20, 33, 500]) {
			const read: number[] = [];
			const url = servers.url;
			for await (const { at } of readStream({ url, stream: "$all", pageSize })) read.push(at);
			expect([pageSize, read]).toEqual([pageSize, expected]);
		}
		const back: number[] = [];
		for (let path: string | undefined = "/streams/%24all"; path; ) {
			const page: Reply = await servers.ask(get(`${path}?embed=rich`));
			const entries = page.json.entries as { position: number }[];
			back.push(...entries.map(({ position }) => position));
			const next: string | undefined = shown(page).links.next;
			path = next && `/streams/%24all${next}`;
		}
		expect(back.reverse()).toEqual(expected);
		const lines = await servers.ask(get("/streams/%24all", "application/x-ndjson"));
		const positions = lines.text
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line).position);
		expect(positions).toEqual(expected);
		const down = get("/streams/%24all/head/backward/20", "application/x-ndjson");
		const reversed = (await servers.ask(down)).text.trim().split("\n").reverse();
		expect(reversed.map((line) => JSON.parse(line).position)).toEqual(expected);
		expect(await liveFrom(`/streams/%24all/${at(6)}/forward/20`, expected.length - 5)).toEqual(
			expected.slice(5),
		);
		// An empty batch would say that there is nothing newer.
		const started = await servers.log.read({
			stream: "first" as never,
			from: 4,
			limit: 1,
			direction: "forward",
			content: false,
		});
		const feed = `/streams/%24all?lastEventId=${started.entries[0]?.event.id}`;
		const fed = await servers.ask(get(feed, "application/cloudevents-batch+json"));
		expect((fed.json as unknown as { position: number }[]).map(({ position }) => position)).toEqual(
			expected.slice(5, 5 + 100).filter((position) => position < 705 + 100),
		);
	});

	test("filtered reads find what is left, however far the gap, in a page or two", async () => {
		await append("gone", 9000);
		await append("left", 3);
		await describeAs("gone", { $tb: 9000 });
		await scavenged();
		const query = "context=streamid&type=prefix&data=gone,left";
		const filtered = `/streams/%24all/filtered/${at(0)}/forward/20?${query}`;
		const page = shown(await servers.ask(get(filtered)));
		expect(page.numbers).toEqual(["2@left", "1@left", "0@left"]);
		const none = "context=streamid&type=prefix&data=gone";
		let path = `/streams/%24all/filtered?${none}`;
		for (let pages = 0; path !== ""; pages++) {
			expect(pages).toBeLessThan(3);
			const links = (await servers.ask(get(path))).json.links as {
				relation: string;
				uri: string;
			}[];
			const next = links.find(({ relation }) => relation === "next");
			path = next ? new URL(next.uri).pathname + new URL(next.uri).search : "";
		}
	});

	test("index streams show the link unresolved, and the stream's numbers stay", async () => {
		await append("order-1", 3);
		await describeAs("order-1", { $tb: 2 });
		await scavenged();
		await describeAs("order-1", {});
		const own = await servers.ask(get("/streams/order-1"));
		expect(shown(own).numbers).toEqual(["2@order-1"]);
		const category = await servers.ask(get("/streams/%24ce-order?embed=body"));
		expect(category.json.entries).toMatchObject([
			{ title: "2@order-1", eventType: "Happened" },
			{ title: "1@order-1", summary: "$>" },
			{ title: "0@order-1", summary: "$>" },
		]);
		expect((await servers.ask(get("/streams/order-1/1"))).status).toBe(404);
		const conflict = await servers.ask(batch("order-1", some(1), { "ES-ExpectedVersion": "0" }));
		expect([conflict.status, conflict.headers["es-currentversion"]]).toEqual([400, "2"]);
	});

	test("a repeat of what was scavenged answers what the first append was answered", async () => {
		const events = some(3);
		const first = await servers.ask(batch("order-1", events));
		await describeAs("order-1", { $tb: 3 });
		await scavenged();
		const again = await servers.ask(batch("order-1", events));
		expect([again.status, again.headers.location]).toEqual([201, first.headers.location]);
		expect((await servers.ask(batch("order-1", events.slice(1)))).headers.location).toMatch(/\/1$/);
	});

	test("no kept document shows what is gone", async () => {
		const marker = randomUUID();
		await append("gone", 40, { marker });
		await describeAs("gone", { $tb: 40 });
		const path = `/streams/%24all/${at(0)}/forward/20?embed=body`;
		for (const lane of [servers, servers.express]) {
			expect((await lane.ask(get(path, ATOM_JSON))).text).toContain(marker);
			expect((await lane.ask(get(path, ATOM_JSON))).text).toContain(marker);
		}
		await scavenged();
		for (const lane of [servers, servers.express]) {
			expect((await lane.ask(get(path, ATOM_JSON))).text).not.toContain(marker);
		}
	});
});
