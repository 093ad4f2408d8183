/** Readers that wait at the head. */
import { randomUUID } from "node:crypto";
import { batch, get, head, open, type Reply } from "./ask.ts";
import { type Servers, startServers, until } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ longPollsMax: 40 });
});
afterAll(() => servers.close());

async function append(stream: string, to = servers): Promise<void> {
	await to.ask(batch(stream, [{ eventId: randomUUID(), eventType: "t", data: 1 }]));
}

function poll(path: string, seconds: number | string, headers = {}, to = servers): Promise<Reply> {
	return to.ask(get(path, undefined, { "ES-LongPoll": String(seconds), ...headers }));
}

function titles(reply: Reply): string[] {
	return (reply.json.entries as { title: string }[]).map(({ title }) => title);
}

/** Once that many requests wait. */
function waiting(count: number, of = servers): Promise<unknown> {
	return until(() => of.longPolls.waiting() === count);
}

test("a page that has entries is answered at once", async () => {
	await append("old");
	expect(titles(await poll("/streams/old/0/forward/20", 100))).toEqual(["0@old"]);
});

test("an append wakes who waits for it, and nobody else", async () => {
	await append("here");
	const here = poll("/streams/here/1/forward/20", 100);
	const there = poll("/streams/there/0/forward/20", 1);
	await waiting(2);
	await append("here");
	const woken = await here;
	expect(titles(woken)).toEqual(["1@here"]);
	expect((await there).status).toBe(404);
	await waiting(0);
});

test("the first event of a stream wakes who waits for the stream", async () => {
	const reply = poll("/streams/young/0/forward/20", 100);
	await waiting(1);
	await append("young");
	expect(titles(await reply)).toEqual(["0@young"]);
});

test("$all and index streams are waited for as any other", async () => {
	await append("index-1");
	const at = ((await servers.log.last("$all" as never)) + 1).toString(16).padStart(16, "0");
	const replies = [
		poll(`/streams/$all/${at}${at}/forward/20`, 100),
		poll("/streams/$ce-index/1/forward/20", 100),
	];
	await waiting(2);
	await append("index-2");
	for (const reply of await Promise.all(replies)) expect(titles(reply)).toEqual(["0@index-2"]);
});

test("when nothing comes the answer is the empty page, after its time", async () => {
	await append("quiet");
	const before = performance.now();
	const reply = await poll("/streams/quiet/1/forward/20", 1);
	expect([reply.status, titles(reply)]).toEqual([200, []]);
	expect(performance.now() - before).toBeGreaterThan(900);
});

test("who has the page by its tag is held, and told 304 or the news", async () => {
	await append("tagged");
	const path = "/streams/tagged/0/forward/20";
	const { etag } = (await servers.ask(get(path))).headers;
	const unchanged = await poll(path, 1, { "If-None-Match": etag });
	expect([unchanged.status, unchanged.headers.etag]).toEqual([304, etag]);
	const changed = poll(path, 100, { "If-None-Match": etag });
	await waiting(1);
	await append("tagged");
	expect(titles(await changed)).toEqual(["1@tagged", "0@tagged"]);
});

test("one append wakes all who wait; more than may wait are answered at once", async () => {
	await append("many");
	const replies = Array.from({ length: 40 }, () => poll("/streams/many/1/forward/20", 100));
	await waiting(40);
	expect(titles(await poll("/streams/many/1/forward/20", 100))).toEqual([]);
	await append("many");
	for (const reply of await Promise.all(replies)) expect(titles(reply)).toEqual(["1@many"]);
	expect(servers.longPolls.waiting()).toBe(0);
});

test("who waits for more than the next event is not woken by it", async () => {
	await append("far");
	const far = poll("/streams/far/3/forward/20", 100);
	await waiting(1);
	await append("far");
	await append("far");
	expect(servers.longPolls.waiting()).toBe(1);
	await append("far");
	expect(titles(await far)).toEqual(["3@far"]);
});

test("a client that goes away waits no longer", async () => {
	await append("left");
	const sockets = Array.from({ length: 10 }, () => {
		const socket = open(servers.port);
		socket.write(head("GET /streams/left/1/forward/20", "ES-LongPoll: 100"));
		return socket;
	});
	await waiting(10);
	for (const socket of sockets) socket.destroy();
	await waiting(0);
});

test.each(["0", "-1", "soon", "", "1.5"])("a wait of '%s' is refused", async (seconds) => {
	await append("refused");
	// The same from the cache as before it.
	for (const path of ["/streams/refused/0/forward/1", "/streams/refused/0/forward/1"]) {
		await servers.ask(get(path));
		const reply = await poll(path, seconds);
		expect([reply.status, reply.text]).toEqual([
			400,
			expect.stringContaining("ES-LongPoll header in wrong format."),
		]);
	}
});

test("nothing but forward pages is waited for", async () => {
	for (const path of ["/streams/old", "/streams/old/9/backward/5", "/streams/old/head"]) {
		expect((await poll(path, "nonsense")).status).toBe(200);
	}
});

test("closing the server answers who waits", async () => {
	const own = await startServers();
	await append("s", own);
	const replies = [
		poll("/streams/s/1/forward/20", 100, {}, own),
		poll("/streams/none/0/forward/20", 100, {}, own),
	];
	await waiting(2, own);
	const [closed, empty, missing] = await Promise.all([own.close(), ...replies]);
	expect([closed, empty?.status, missing?.status]).toEqual([undefined, 200, 404]);
});
