import { randomUUID } from "node:crypto";
import { ATOM, ATOM_JSON, batch, get, type Json, type Reply } from "./ask.ts";
import { type Servers, startServers, until } from "./harness.ts";

type Link = { relation: string; uri: string };

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	// 0–59 of three streams in turn, 60 a system event, 61–4460 noise, 4461 the needle.
	for (let i = 0; i < 60; i++)
		await append(["order-1", "cart-2", "$odd"][i % 3] ?? "", `T${i % 4}`);
	await append("order-1", "$system");
	const noise = Array.from({ length: 4400 }, () => event("noise"));
	expect((await servers.ask(batch("noise", noise))).status).toBe(201);
	await append("needle", "needle");
});
afterAll(() => servers.close());

const FILTERS: [query: string, fits: (title: string, type: string) => boolean][] = [
	["context=streamid&type=prefix&data=order-", (title) => title.includes("@order-")],
	["context=streamid&type=prefix&data=order-,,cart-", (title) => /@(order|cart)-/.test(title)],
	["context=streamid&type=regex&data=%5E%5Co%2B.*1%24", (title) => title.includes("@order-1")],
	["context=eventtype&type=prefix&data=T1,T2", (_, type) => type === "T1" || type === "T2"],
	["context=eventtype&type=regex&data=%5BT%5D3", (_, type) => type === "T3"],
	["context=eventtype&type=regex&data=%5E%5B%5E%5C%24%5D.*", (_, type) => !type.startsWith("$")],
	["exclude-system-events=true", (_, type) => !type.startsWith("$")],
	[
		"exclude-system-events=true&context=streamid&type=prefix&data=order-",
		(title, type) => title.includes("@order-") && !type.startsWith("$"),
	],
	["context=streamid&type=prefix&data=none", () => false],
];

describe("S38: every match is found once and in order, the filter kept in the links", () => {
	test.each(FILTERS)("forward with %s", async (query, fits) => {
		const expected = (await everything()).filter(([title, type]) => fits(title, type));
		const start = `/streams/$all/filtered/${"0".repeat(32)}/forward/50?${query}`;
		const found = await walk(start, "previous");
		expect(found.pages.every((page) => page.length <= 50)).toBe(true);
		expect(found.titles).toEqual(expected.map(([title]) => title));
	});

	test.each(FILTERS)("backward with %s", async (query, fits) => {
		const expected = (await everything()).filter(([title, type]) => fits(title, type)).toReversed();
		const found = await walk(`/streams/%24all/filtered/head/50?${query}`, "next");
		expect(found.titles.toReversed()).toEqual(expected.toReversed().map(([title]) => title));
	});
});

test("the head page has 20, the feed its filter in every URL", async () => {
	const page = await servers.ask(
		get("/streams/$all/filtered?context=eventtype&type=prefix&data=T"),
	);
	expect(page.json).toMatchObject({ title: "All events", headOfStream: false });
	const query = "?context=eventtype&type=prefix&data=T";
	expect(page.json.id).toBe(`${servers.url}/streams/%24all/filtered${query}`);
	const links = page.json.links as Link[];
	for (const { uri } of links) {
		expect(uri.startsWith(`${servers.url}/streams/%24all/filtered`)).toBe(true);
		expect(uri.endsWith(query)).toBe(true);
	}
	expect(links.map(({ relation }) => relation)).not.toContain("metadata");
});

test("from the newest end, `previous` continues without gap or overlap", async () => {
	const query = "context=streamid&type=prefix&data=tail";
	const head = await servers.ask(get(`/streams/$all/filtered?${query}`));
	await append("tail", "A");
	await append("elsewhere", "B");
	await append("tail", "C");
	const found = await walk(linkOf(head, "previous"), "previous");
	expect(found.titles).toEqual(["0@tail", "1@tail"]);
});

test("an empty page at the head is asked for again as it is; one that searched leads on", async () => {
	const query = "context=streamid&type=prefix&data=nobody";
	const { last } = await servers.log.read(HEAD);
	const beyond = (last + 1).toString(16).padStart(16, "0").repeat(2);
	const empty = await servers.ask(get(`/streams/$all/filtered/${beyond}/forward/20?${query}`));
	expect(linkOf(empty, "previous")).toBe("");
	const zero = "0".repeat(32);
	const searched = await servers.ask(get(`/streams/$all/filtered/${zero}/forward/20?${query}`));
	expect(searched.json.entries).toEqual([]);
	expect(linkOf(searched, "previous")).toContain((4096).toString(16).padStart(16, "0"));
});

test("Atom and embedded data work as on any feed", async () => {
	const path = `/streams/$all/filtered/${"0".repeat(32)}/forward/3?context=eventtype&type=prefix&data=T0`;
	const json = await servers.ask(get(`${path}&embed=body`));
	expect(json.json.entries).toMatchObject([{ data: '{"n":1}' }, {}, { eventType: "T0" }]);
	expect(linkOf(json, "self")).toMatch(/&embed=body$/);
	const atom = await servers.ask(get(path, ATOM));
	expect(atom.text.match(/<entry>/g)).toHaveLength(3);
	expect(atom.text).toContain("context=eventtype&amp;type=prefix&amp;data=T0");
});

test("it is to be had as a page only, in the format its type says", async () => {
	const path = `/streams/$all/filtered/${"0".repeat(32)}/forward/3?context=eventtype&type=prefix&data=T0`;
	const batch = await servers.ask(get(path, "application/cloudevents-batch+json"));
	expect(
		(batch.json as unknown as { specversion: string }[]).map((one) => one.specversion),
	).toEqual(["1.0", "1.0", "1.0"]);
	const feed = await servers.ask(get(path, "application/feed+json"));
	expect(feed.json.items).toHaveLength(3);
	for (const type of ["application/x-ndjson", "text/event-stream"]) {
		expect((await servers.ask(get(path, type))).status).toBe(406);
	}
});

test("a full page at the head, or from beyond it, shows what was appended since", async () => {
	const { last } = await servers.log.read(HEAD);
	const beyond = (last + 10).toString(16).padStart(16, "0").repeat(2);
	const titles = async (from: string) => {
		const page = await servers.ask(
			get(`/streams/$all/filtered/${from}/backward/1?context=streamid&type=prefix&data=fresh`),
		);
		expect(page.headers["cache-control"]).toBe("no-cache");
		return (page.json.entries as { title: string }[]).map(({ title }) => title);
	};
	for (const version of [0, 1, 2]) {
		await servers.ask(batch("fresh", [event("Fresh")]));
		expect(await titles("head")).toEqual([`${version}@fresh`]);
		expect(await titles(beyond)).toEqual([`${version}@fresh`]);
	}
});

test("a page searched to its end is kept for ever, one at the head is not", async () => {
	const query = "context=eventtype&type=prefix&data=T";
	const full = await servers.ask(
		get(`/streams/$all/filtered/${"0".repeat(32)}/forward/20?${query}`),
	);
	expect(full.headers["cache-control"]).toContain("immutable");
	const open = await servers.ask(get(`/streams/$all/filtered?${query}`));
	expect(open.headers["cache-control"]).toBe("no-cache");
	for (const page of [full, open]) {
		const path = linkOf(page, "self").slice(servers.url.length);
		const headers = { "If-None-Match": page.headers.etag };
		const again = await servers.ask({
			...get(path),
			headers: { ...get(path).headers, ...headers },
		});
		expect([again.status, again.headers.etag]).toEqual([304, page.headers.etag]);
	}
});

test.each([
	["", "Invalid context please provide one of the following: StreamId, EventType."],
	["context=StreamId&type=prefix&data=a", /^Invalid context/],
	["context=streamid&data=a", "Invalid type please provide one of the following: Regex, Prefix."],
	["context=streamid&type=Regex&data=a", /^Invalid type/],
	["context=streamid&type=prefix", /^Please provide a comma delimited list of data with at least/],
	["context=streamid&type=prefix&data=,,", /with at least one item\. Example: /],
	["exclude-system-events=yes", "exclude-sytem-events should have a value of true."],
	["context=streamid&type=regex&data=(", /Invalid regular expression/],
	[`context=streamid&type=regex&data=${"a".repeat(513)}`, /512 characters/],
])("S38: the filter %j is refused", async (query, detail) => {
	const reply = await servers.ask(get(`/streams/$all/filtered?${query}`));
	expect([reply.status, reply.json.type]).toEqual([400, "urn:varve:problem:invalid-filter"]);
	if (typeof detail === "string") expect(reply.json.detail).toContain(detail);
	else expect(reply.json.detail).toMatch(detail);
});

test.each([
	["/streams/$all/filtered/5/forward/20", "invalid-position"],
	["/streams/$all/filtered/head/forward/20", "invalid-position"],
	["/streams/$all/filtered/head/backward/0", "invalid-count"],
	["/streams/$all/filtered/head/4097", "invalid-count"],
	["/streams/order-1/filtered", "invalid-event-number"],
])("%s is refused as %s", async (path, word) => {
	const reply = await servers.ask(get(`${path}?exclude-system-events=true`));
	expect([reply.status, reply.json.type]).toEqual([400, `urn:varve:problem:${word}`]);
});

test("an expression that backtracks for ever is stopped, and known from then on", async () => {
	await append(`${"a".repeat(60)}!`, "slow");
	const path = `/streams/$all/filtered?context=streamid&type=regex&data=${encodeURIComponent("^(a+)+$")}`;
	for (let i = 0; i < 3; i++) {
		const reply = await servers.ask(get(path));
		expect([reply.status, reply.json.type]).toEqual([400, "urn:varve:problem:invalid-filter"]);
		expect(reply.json.detail).toContain("takes too long");
	}
	expect((await servers.ask(get("/ping", "*/*"))).status).toBe(200);
});

describe("with ?wait=", () => {
	const query = "context=streamid&type=prefix&data=waited";
	const tailAt = (from: number, more = "wait=20", count = 20) => {
		const place = from.toString(16).padStart(16, "0").repeat(2);
		return servers.ask(get(`/streams/$all/filtered/${place}/forward/${count}?${query}&${more}`));
	};
	const headOf = async () => (await servers.log.read(HEAD)).last + 1;

	test("a page is held until an event matches, may be kept for seconds, and leads on", async () => {
		const from = await headOf();
		const waiting = [tailAt(from), tailAt(from)];
		await until(() => servers.longPolls.waiting() === 2);
		await append("other", "X");
		await append("waited", "X");
		for (const reply of await Promise.all(waiting)) {
			expect(reply.json.entries).toMatchObject([{ title: "0@waited" }]);
			expect(reply.headers["cache-control"]).toBe("max-age=5, public");
			const next = (from + 2).toString(16).padStart(16, "0");
			const previous = linkOf(reply, "previous");
			expect(previous).toContain(`/${next}${next}/forward/20?${query}&wait=20`);
		}
		const full = await tailAt(from, "wait=20", 1);
		expect(full.headers["cache-control"]).toContain("immutable");
		expect(linkOf(full, "previous")).toContain("&wait=20");
	});

	test("an empty page is kept by nobody, and leads to itself, or behind what it searched", async () => {
		const from = await headOf();
		const empty = await tailAt(from, "wait=1");
		expect([empty.status, empty.json.entries]).toEqual([200, []]);
		expect(empty.headers["cache-control"]).toBe("no-store");
		expect(linkOf(empty, "previous")).toMatch(/forward\/20\?.*&wait=20&slot=\d+$/);
		const searched = tailAt(from, "wait=1");
		await until(() => servers.longPolls.waiting() === 1);
		await append("other", "X");
		const next = (from + 1).toString(16).padStart(16, "0");
		expect(linkOf(await searched, "previous")).toContain(`/${next}${next}/forward/20`);
		expect(linkOf(await searched, "previous")).toMatch(/&wait=20$/);
	});

	test("another value, or two of them, is refused", async () => {
		for (const more of ["wait=0", "wait=20&wait=30", "wait=20&slot=1&slot=2"]) {
			expect((await tailAt(0, more)).status).toBe(400);
		}
	});
});

test("a long poll waits through what does not match", async () => {
	const query = "context=streamid&type=prefix&data=polled";
	const { last } = await servers.log.read(HEAD);
	const from = (last + 1).toString(16).padStart(16, "0").repeat(2);
	const path = `/streams/$all/filtered/${from}/forward/20?${query}`;
	let answered = false;
	const waiting = servers.ask(get(path, undefined, { "ES-LongPoll": "20" })).then((reply) => {
		answered = true;
		return reply;
	});
	await append("other", "X");
	await until(async () => (await servers.log.read(HEAD)).last > last);
	expect(answered).toBe(false);
	await append("polled", "X");
	expect((await waiting).json.entries).toMatchObject([{ title: "0@polled" }]);
});

const HEAD = {
	stream: "$all" as Parameters<Servers["log"]["last"]>[0],
	from: "head",
	limit: 5000,
	direction: "backward",
	content: false,
} as const;

function event(eventType: string) {
	return { eventId: crypto.randomUUID(), eventType, data: { n: 1 } };
}

async function append(stream: string, type: string): Promise<void> {
	expect((await servers.ask(batch(stream, [event(type)]))).status).toBe(201);
}

/** Title and type of every event, oldest first. */
async function everything(): Promise<[title: string, type: string][]> {
	const { entries } = await servers.log.read(HEAD);
	return entries
		.map(({ event }): [string, string] => [`${event.version}@${event.stream}`, event.type])
		.toReversed();
}

function linkOf({ json }: Reply, relation: string): string {
	return (json.links as Link[]).find((link) => link.relation === relation)?.uri ?? "";
}

/** Follows links to where there is nothing more; titles in the direction of the walk. */
async function walk(start: string, relation: "next" | "previous") {
	const pages: string[][] = [];
	for (let url = start; url !== ""; ) {
		const page = await servers.ask(get(url.replace(servers.url, "")));
		expect(page.status).toBe(200);
		const titles = (page.json.entries as { title: string }[]).map(({ title }) => title);
		pages.push(relation === "next" ? titles : titles.toReversed());
		url = linkOf(page, relation);
	}
	return { pages, titles: pages.flat() };
}

test("links are resolved where it is asked for, and not by default; the filter sees the links", async () => {
	const sent = (type: string, body: string) => ({
		path: "/streams/linking",
		headers: {
			"Content-Type": "application/octet-stream",
			"ES-EventType": type,
			"ES-EventId": randomUUID(),
		},
		body,
	});
	expect((await servers.ask(sent("$>", "0@needle"))).status).toBe(201);
	const { last } = await servers.log.read(HEAD);
	const at = last.toString(16).padStart(16, "0").repeat(2);
	const path = `/streams/$all/filtered/${at}/forward/1?context=eventtype&type=prefix&data=%24%3E`;
	const plain = await servers.ask(get(path));
	const resolved = await servers.ask(get(path, ATOM_JSON, { "ES-ResolveLinkTos": "True" }));
	const titles = (reply: Reply) => (reply.json.entries as Json[]).map(({ title }) => title);
	expect([titles(plain), titles(resolved)]).toEqual([["0@linking"], ["0@needle"]]);
	// One URL, two forms: the one that was asked for by a header is kept by nobody.
	expect(plain.headers["cache-control"]).toContain("immutable");
	expect(resolved.headers["cache-control"]).toBe("no-cache");
	expect(resolved.headers.etag).not.toBe(plain.headers.etag);
	expect(titles(await servers.ask(get(path)))).toEqual(["0@linking"]);
	expect(titles(await servers.ask(get(path, ATOM_JSON, { "ES-ResolveLinkTos": "False" })))).toEqual(
		["0@linking"],
	);
	const bad = await servers.ask(get(path, ATOM_JSON, { "ES-ResolveLinkTos": "maybe" }));
	expect(bad.status).toBe(400);
	// What the link led to is deleted: the page says so, and its tag, too.
	const removed = { method: "DELETE", path: "/streams/needle" };
	expect((await servers.ask(removed)).status).toBe(204);
	const headers = { "ES-ResolveLinkTos": "True", "If-None-Match": resolved.headers.etag };
	const after = await servers.ask(get(path, ATOM_JSON, headers));
	expect([after.status, after.headers.etag === resolved.headers.etag]).toEqual([200, false]);
});
