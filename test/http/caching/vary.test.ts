/** What changes an answer is in its URL or in its `Vary`: no cache that follows it is wrong. */
import { randomUUID } from "node:crypto";
import { ATOM_JSON, batch, get, type Reply } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

const PLAIN = "Accept, Accept-Encoding";
const LINKS = `${PLAIN}, ES-ResolveLinkTos, Kurrent-ResolveLinkTos`;
const WAITING = "ES-MinPosition, Kurrent-MinPosition, ES-LongPoll, Kurrent-LongPoll";
const START = "00000000000000000000000000000000";
/** nginx keeps nothing whose `Vary` is longer. */
const VARY_LENGTH_MAX = 128;

let servers: Servers;
let heads: Servers;
beforeAll(async () => {
	servers = await startServers();
	heads = await startServers({ headMaxAge: 3 });
	for (const to of [servers, heads]) {
		await append(to, "plain-1", "Placed", Array(25).fill({}));
		await append(to, "linked", "$>", Array(25).fill("3@plain-1"));
	}
});
afterAll(async () => {
	await servers.close();
	await heads.close();
});

async function append(
	to: Servers,
	stream: string,
	eventType: string,
	all: unknown[],
): Promise<void> {
	const events = all.map((data) => ({ eventId: randomUUID(), eventType, data }));
	expect((await to.ask(batch(stream, events))).status).toBe(201);
}

function read(path: string, headers = {}, from = servers): Promise<Reply> {
	return from.ask(get(`/streams/${path}`, ATOM_JSON, headers));
}

test.each([
	["a full page", "plain-1/0/forward/20"],
	["a head page", "plain-1"],
	["an event", "plain-1/3"],
	["a page of $all without links", `$all/${START}/forward/20`],
	["a page of metadata", "plain-1/metadata/0/forward/20"],
])("%s without links varies by nothing more", async (_, path) => {
	expect((await read(path)).headers.vary ?? PLAIN).toBe(PLAIN);
});

test.each([
	["a full page", "linked/0/forward/20"],
	["a head page", "linked"],
	["an event", "linked/3"],
	["a page of $all", "$all/0000000000000019000000000000001A/forward/20"],
	["a head page of $all", "$all"],
	["a filtered page", `$all/filtered/${START}/forward/40?context=streamid&type=prefix&data=link`],
	["a page of an index stream", "$ce-plain/0/forward/20"],
	["an event of an index stream", "$ce-plain/3"],
])("%s that holds links varies by what becomes of them", async (_, path) => {
	const usual = await read(path);
	const links = await read(path, { "ES-ResolveLinkTos": "False" });
	const events = await read(path, { "Kurrent-ResolveLinkTos": "True" });
	expect([usual, links, events].map(({ headers }) => headers.vary)).toEqual(Array(3).fill(LINKS));
	expect(links.text).not.toBe(events.text);
});

test.each(["linked", "$ce-plain", "$all"])("the 304 of %s varies as its 200", async (path) => {
	const { headers } = await read(path);
	const again = await read(path, { "If-None-Match": headers.etag });
	expect([again.status, again.headers.vary]).toEqual([304, headers.vary]);
});

test.each(["plain-1", "plain-1/head", "plain-1/25/forward/15"])(
	"%s varies by the headers of waiting if a cache may use it",
	async (path) => {
		const { headers } = await read(path, {}, heads);
		expect(headers.vary).toBe(`${PLAIN}, ${WAITING}`);
		const again = await read(path, { "If-None-Match": headers.etag }, heads);
		expect([again.status, again.headers.vary]).toEqual([304, headers.vary]);
		expect((await read("plain-1/0/forward/20", {}, heads)).headers.vary).toBe(PLAIN);
	},
);

test("the longest Vary is one that nginx keeps", async () => {
	const { vary = "" } = (await read("linked", {}, heads)).headers;
	expect(vary.replaceAll(",", ", ")).toBe(`${LINKS}, ${WAITING}`);
	expect(vary.length).toBeLessThanOrEqual(VARY_LENGTH_MAX);
});

describe("a tag that a cache passes on for its client", () => {
	const passedOn = (tag: string | undefined) => ({ "Varve-If-None-Match": tag });

	test.each(["plain-1", "plain-1/25/forward/15", "$all", "linked", "plain-1/head"])(
		"spares %s, which no cache may keep",
		async (path) => {
			const { headers } = await read(path);
			for (let times = 0; times < 2; times++) {
				expect((await read(path, passedOn(headers.etag))).status).toBe(304);
				expect((await read(path, passedOn('"0;1"'))).status).toBe(200);
			}
		},
	);

	test.each(["plain-1", "plain-1/25/forward/15", "plain-1/head", "plain-1/0/forward/20"])(
		"does not keep %s from a cache that may keep it",
		async (path) => {
			const { headers, text } = await read(path, {}, heads);
			for (let times = 0; times < 2; times++) {
				const again = await read(path, passedOn(headers.etag), heads);
				expect([again.status, again.text]).toEqual([200, text]);
			}
		},
	);

	test("counts for nothing beside the cache's own", async () => {
		const { headers } = await read("plain-1");
		const own = { ...passedOn(headers.etag), "If-None-Match": '"0;1"' };
		expect((await read("plain-1", own)).status).toBe(200);
	});
});
