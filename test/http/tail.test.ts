/** Tail pages: those of readers that wait for the first event of a page. */
import { randomUUID } from "node:crypto";
import { FEED_TYPES } from "../../feeds/formats/feed.ts";
import { decodeLinks } from "../../feeds/lines/links.ts";
import { batch, get, head, open, type Reply } from "./ask.ts";
import { type Lane, type Servers, startServers, until } from "./harness.ts";

const LINES = "application/vnd.varve.events+ndjson";
const FEED = "application/vnd.eventstore.atom+json";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ longPollsMax: 40 });
});
afterAll(() => servers.close());

async function append(stream: string, count = 1, to = servers): Promise<void> {
	const events = Array.from({ length: count }, (_, data) => {
		return { eventId: randomUUID(), eventType: "t", data };
	});
	expect((await to.ask(batch(stream, events))).status).toBe(201);
}

function tail(path: string, wait = "wait=100", headers = {}, to: Lane = servers): Promise<Reply> {
	return to.ask(get(`/streams/${path}?${wait}`, LINES, headers));
}

/** The numbers of the events of a page of lines. */
function numbers({ text }: Reply): number[] {
	const lines = text.split("\n").filter((line) => line !== "");
	return lines.map((line) => (JSON.parse(line) as { at: number }).at);
}

/** Where `previous` leads to: path and query behind `/streams/`. */
function onward({ headers }: Reply, path: string): string | undefined {
	const links = decodeLinks(String(headers.link ?? ""), `http://localhost/streams/${path}`);
	const url = links.find(({ relation }) => relation === "previous")?.uri;
	return url?.slice(url.indexOf("/streams/") + "/streams/".length);
}

/** Once that many requests wait. */
function waiting(count: number, of: Lane = servers): Promise<unknown> {
	return until(() => of.longPolls.waiting() === count);
}

test("a page whose first event is there is answered at once, and may be kept for 5 s", async () => {
	await append("there", 2);
	const reply = await tail("there/0/forward/20");
	expect(numbers(reply)).toEqual([0, 1]);
	expect(reply.headers).toMatchObject({ "cache-control": "max-age=5, public" });
	expect(reply.headers["cache-tag"]).toMatch(/^varve,[0-9a-f]{16}$/);
	expect(onward(reply, "there/0/forward/20")).toBe("there/2/forward/18?wait=20");
	const again = await tail("there/0/forward/20", "wait=1", { "If-None-Match": reply.headers.etag });
	expect([again.status, again.headers["cache-control"]]).toEqual([304, "max-age=5, public"]);
});

test.each(["both lanes", "Express alone"])(
	"%s: an append answers those who wait",
	async (lanes) => {
		const to = lanes === "both lanes" ? servers : servers.express;
		const stream = lanes.replaceAll(" ", "");
		await append(stream);
		const replies = Array.from({ length: 5 }, () =>
			tail(`${stream}/1/forward/19`, "wait=9", {}, to),
		);
		await waiting(5, to);
		const { misses } = to.documents.asked;
		await append(stream, 3);
		for (const reply of await Promise.all(replies)) expect(numbers(reply)).toEqual([1, 2, 3]);
		// Its bytes were made once.
		expect(to.documents.asked.misses).toBe(misses + 1);
	},
);

test("a full page is sealed, and leads to the next page to wait at", async () => {
	await append("full", 41);
	const reply = await tail("full/20/forward/20");
	expect(numbers(reply)).toHaveLength(20);
	expect(reply.headers["cache-control"]).toBe("max-age=31536000, public, immutable");
	expect(onward(reply, "full/20/forward/20")).toBe("full/40/forward/20?wait=20");
	// Another wait and a slot make no other page of it.
	expect((await tail("full/20/forward/20", "wait=3&slot=7")).text).toBe(reply.text);
	expect(onward(await tail("full/3/forward/7"), "full/3/forward/7")).toBe(
		"full/10/forward/10?wait=20",
	);
});

test("an empty page is kept by nobody, and leads to itself in the span of time that is now", async () => {
	await append("quiet");
	const before = Math.floor(Date.now() / 20_000);
	const path = "quiet/1/forward/20";
	const reply = await tail(path, "wait=1", { "If-None-Match": '"0;1"' });
	const [next, slot] = onward(reply, path)?.split("&slot=") ?? [];
	expect([reply.status, reply.text, next]).toEqual([200, "", "quiet/1/forward/19?wait=20"]);
	expect(reply.headers).toMatchObject({ "cache-control": "no-store", "varve-lines": "0" });
	expect(reply.headers).not.toHaveProperty("etag");
	expect([before, before + 1]).toContain(Number(slot));
	const followed = tail("quiet/1/forward/19", `wait=20&slot=${slot}`);
	await waiting(1);
	await append("quiet");
	expect(onward(await followed, path)).toBe("quiet/2/forward/18?wait=20");
});

test("a stream that is not there is waited for, then it is 404", async () => {
	const reply = await tail("nowhere/0/forward/20", "wait=1");
	expect([reply.status, reply.headers["cache-control"]]).toEqual([404, "no-store"]);
	const young = tail("young/0/forward/20");
	await waiting(1);
	await append("young");
	expect(numbers(await young)).toEqual([0]);
});

test("a stream that is deleted for ever is 410: at once, or as soon as it is deleted", async () => {
	await append("doomed", 2);
	const replies = [tail("doomed/2/forward/18"), tail("doomed/9/forward/11")];
	await waiting(2);
	await servers.ask({
		method: "DELETE",
		path: "/streams/doomed",
		headers: { "ES-HardDelete": "true" },
	});
	for (const { status } of await Promise.all(replies)) expect(status).toBe(410);
	expect((await tail("doomed/2/forward/18")).status).toBe(410);
});

test("a stream that was softly deleted is waited for, and goes on where it ended", async () => {
	await append("back", 2);
	const reply = tail("back/2/forward/18");
	await waiting(1);
	await servers.ask({ method: "DELETE", path: "/streams/back" });
	expect((await tail("back/2/forward/18", "wait=1")).status).toBe(404);
	await append("back");
	expect(numbers(await reply)).toEqual([2]);
});

test.each([{ $maxCount: 5 }, { $maxAge: 1000 }, { $tb: 1 }])(
	"under %j caches ask each time",
	async (rule) => {
		const [name] = Object.keys(rule);
		const stream = `under-${name?.slice(1)}`;
		await append(stream, 3);
		const body = JSON.stringify(rule);
		const headers = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
		await servers.ask({ method: "POST", path: `/streams/${stream}/metadata`, headers, body });
		const reply = await tail(`${stream}/2/forward/18`);
		expect([numbers(reply), reply.headers["cache-control"]]).toEqual([[2], "no-cache"]);
		expect(onward(reply, `${stream}/2/forward/18`)).toBe(`${stream}/3/forward/17?wait=20`);
	},
);

test("$all and index streams have tail pages as any other", async () => {
	await append("index-1");
	const last = Number(await servers.log.last("$all" as never));
	const hex = (position: number) => position.toString(16).toUpperCase().padStart(16, "0").repeat(2);
	const count = 20 - ((last + 1) % 20);
	const replies = [
		tail(`%24all/${hex(last + 1)}/forward/${count}`),
		tail("%24ce-index/1/forward/19"),
	];
	await waiting(2);
	await append("index-2");
	const [all, category] = await Promise.all(replies);
	expect(numbers(all as Reply)[0]).toBe(last + 1);
	expect(numbers(category as Reply)).toEqual([1]);
});

test.each(FEED_TYPES.filter(({ format }) => !["ndjson", "event-stream", "csv"].includes(format)))(
	"$name: a tail page waits, and leads on if the format can",
	async ({ name }) => {
		const stream = `in-${name.replaceAll(/\W/g, "-")}`;
		await append(stream);
		const reply = servers.ask(get(`/streams/${stream}/1/forward/19?wait=9`, name));
		await waiting(1);
		await append(stream);
		const { status, headers, text } = await reply;
		expect([status, headers["cache-control"]]).toEqual([200, "max-age=5, public"]);
		// A JSON Feed leads back alone, and CloudEvents lead nowhere.
		const leadsOn = !/feed\+json|cloudevents/.test(name);
		expect(`${text} ${headers.link}`.includes("2/forward/18?wait=20")).toBe(leadsOn);
	},
);

test("HEAD waits as GET does", async () => {
	await append("headed");
	const reply = servers.ask({ method: "HEAD", path: "/streams/headed/1/forward/19?wait=9" });
	await waiting(1);
	await append("headed");
	const { status, headers } = await reply;
	expect([status, headers["cache-control"]]).toEqual([200, "max-age=5, public"]);
});

test.each([
	"wait=0",
	"wait=-1",
	"wait=",
	"wait=1.5",
	"wait=3601",
	"wait=1e2",
	"wait=20&slot=x",
	"wait=20&wait=20",
	"wait=9&slot=1&slot=1",
])("?%s is refused, also on a page that is kept", async (query) => {
	await append("refused", 20);
	await tail("refused/0/forward/20");
	const reply = await tail("refused/0/forward/20", query);
	expect([reply.status, reply.json.type]).toEqual([400, "urn:varve:problem:malformed-query"]);
});

test("the URL counts before the header", async () => {
	await append("both");
	const reply = await tail("both/1/forward/19", "wait=1", { "ES-LongPoll": "100" });
	expect([reply.status, onward(reply, "both/1/forward/19")?.split("&")[0]]).toEqual([
		200,
		"both/1/forward/19?wait=20",
	]);
});

test("more readers than may wait get their empty page at once; one that leaves makes room", async () => {
	await append("crowd");
	const sockets = Array.from({ length: 40 }, () => {
		const socket = open(servers.port);
		socket.write(head("GET /streams/crowd/1/forward/19?wait=100", `Accept: ${LINES}`));
		return socket;
	});
	await waiting(40);
	const { status, headers } = await tail("crowd/1/forward/19");
	expect([status, headers["cache-control"]]).toEqual([200, "no-store"]);
	for (const socket of sockets) socket.destroy();
	await waiting(0);
});

test("a page that nobody waits for has no links to wait at", async () => {
	await append("plain");
	const { json } = await servers.ask(get("/streams/plain/0/forward/20", FEED));
	expect(JSON.stringify(json)).not.toContain("wait=");
	// On all but forward pages, the parameter means nothing.
	expect((await servers.ask(get("/streams/plain?wait=x", FEED))).status).toBe(200);
});

test("an erasure drops what the server keeps of tail pages, and tells by their tags", async () => {
	await append("erased", 21);
	const before = await tail("erased/0/forward/20");
	await servers.ask({ method: "DELETE", path: "/streams/erased/3/data" });
	const after = await tail("erased/0/forward/20");
	expect(after.headers.etag).not.toBe(before.headers.etag);
	expect(after.text).toContain('"isRedacted":true');
});

describe("with a linger", () => {
	let lingering: Servers;
	beforeAll(async () => {
		lingering = await startServers({ tailLingerMs: 5000 });
	});
	afterAll(() => lingering.close());

	test("the answer has what came after the first event; a full page does not wait", async () => {
		await append("slow", 1, lingering);
		const path = "slow/1/forward/3";
		const held = tail(path, "wait=100", {}, lingering);
		await waiting(1, lingering);
		await append("slow", 1, lingering);
		// Also one that comes while the others linger.
		const late = tail(path, "wait=100", {}, lingering);
		await waiting(2, lingering);
		await append("slow", 2, lingering);
		expect(numbers(await held)).toEqual([1, 2, 3]);
		expect(numbers(await late)).toEqual([1, 2, 3]);
	});

	test("the end of the server does not wait for it", async () => {
		await append("ended", 1, lingering);
		const held = tail("ended/1/forward/19", "wait=100", {}, lingering);
		await waiting(1, lingering);
		lingering = await lingering.restart();
		expect((await held).headers["cache-control"]).toBe("no-store");
	});
});
