/** /log/changes: the last versions of many streams over one connection. */
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { batch } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ liveStreamsMax: 2, allowAnonymous: false });
});
afterAll(() => servers.close());
afterEach(() => until(() => servers.liveReaders.connected() === 0));

const append = (stream: string, count = 1) => {
	const events = Array.from({ length: count }, () => {
		return { eventId: randomUUID(), eventType: "t", data: 1 };
	});
	return servers.ask(batch(stream, events));
};

type Following = {
	readonly told: object[];
	text: string;
	readonly over: Promise<void>;
	close(): void;
};

function follow(query: string): Promise<Following> {
	const headers = { Host: "localhost", Accept: "text/event-stream" };
	const path = `/log/changes?${query}`;
	return new Promise((resolve, reject) => {
		const sent = request({ port: servers.port, path, headers }, (reply) => {
			const over = new Promise<void>((end) => reply.on("close", end));
			const following: Following = { told: [], text: "", over, close: () => sent.destroy() };
			reply.setEncoding("utf8").on("data", (text: string) => {
				following.text += text;
				const lines = text.matchAll(/^data: (.*)$/gm);
				for (const [, line = ""] of lines) following.told.push(JSON.parse(line));
			});
			resolve(following);
		});
		sent.on("error", reject).end();
	});
}

test("tells where each stream is, then what has changed, and nothing of others", async () => {
	await append("order-1", 3);
	await append("gone-1");
	await servers.ask({
		method: "DELETE",
		path: "/streams/gone-1",
		headers: { "ES-HardDelete": "true" },
	});
	const streams = ["order-1", "nothing", "gone-1", "$all", "$ce-order"];
	const following = await follow(streams.map((stream) => `stream=${stream}`).join("&"));
	await until(() => following.told.length === 5);
	const all = (await servers.log.last("$all" as never)) as number;
	expect(following.told).toEqual([
		{ stream: "order-1", last: 2 },
		{ stream: "nothing", last: -1 },
		{ stream: "gone-1", last: null },
		{ stream: "$all", last: all },
		{ stream: "$ce-order", last: 2 },
	]);
	await append("order-2");
	await until(() => following.told.length === 7);
	expect(following.told.slice(5)).toEqual([
		{ stream: "$all", last: all + 1 },
		{ stream: "$ce-order", last: 3 },
	]);
	following.close();
});

test("tells of a delete while it follows: until the next append, and for ever", async () => {
	await append("short-1");
	const following = await follow("stream=short-1");
	const told = (last: number | null) =>
		until(() => JSON.stringify(following.told.at(-1)) === `{"stream":"short-1","last":${last}}`);
	await told(0);
	await servers.ask({ method: "DELETE", path: "/streams/short-1" });
	await told(-1);
	await append("short-1");
	await told(1);
	const headers = { "ES-HardDelete": "true" };
	await servers.ask({ method: "DELETE", path: "/streams/short-1", headers });
	await told(null);
	following.close();
});

test("many changes in a moment are told once, with the newest", async () => {
	const following = await follow("stream=many-1");
	await until(() => following.told.length === 1);
	await Promise.all(Array.from({ length: 20 }, () => append("many-1")));
	await until(() => following.told.some((one) => "last" in one && one.last === 19));
	expect(following.told.length).toBeLessThan(12);
	following.close();
});

test("it counts as a live reader, and one too many comes back later", async () => {
	const [one, other] = [await follow("stream=a"), await follow("stream=b")];
	await until(() => servers.liveReaders.connected() === 2);
	const third = await follow("stream=c");
	await third.over;
	expect(third.text).toMatch(/^: overloaded\nretry: \d+\n\n$/);
	for (const { close } of [one, other]) close();
});

test.each([
	["no stream", ""],
	["a stream without a name", "stream="],
	["a name that cannot be one", "stream=%00"],
	["more than a hundred", Array.from({ length: 101 }, (_, n) => `stream=s${n}`).join("&")],
])("%s is refused", async (_, query) => {
	expect((await servers.ask({ path: `/log/changes?${query}` })).status).toBe(400);
});

test("whoever is not let in is told of no stream, and credentials count", async () => {
	const metadata = JSON.stringify({ $acl: { $r: "$admins" } });
	const headers = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
	await servers.ask({ path: "/streams/hidden-1/metadata", headers, body: metadata });
	const ask = (stream: string, more: Record<string, string> = {}) =>
		servers.ask({ method: "HEAD", path: `/log/changes?stream=${stream}`, headers: more });
	// Forwarded by a proxy that nobody named: then nobody is let in without credentials.
	const forwarded = { "X-Forwarded-For": "192.0.2.1" };
	expect((await ask("a", forwarded)).status).toBe(401);
	const secret = Buffer.from("admin:changeit").toString("base64");
	const known = { Authorization: `Basic ${secret}` };
	expect((await ask("hidden-1", known)).status).toBe(200);
});

test("HEAD says what a reader would get, and counts as none", async () => {
	const reply = await servers.ask({ method: "HEAD", path: "/log/changes?stream=a" });
	expect([reply.status, reply.headers["content-type"]]).toEqual([
		200,
		"text/event-stream; charset=utf-8",
	]);
	expect(servers.liveReaders.connected()).toBe(0);
});

test("ends when the server stops", async () => {
	const following = await follow("stream=a");
	await until(() => following.told.length === 1);
	servers = await servers.restart();
	await following.over;
});
