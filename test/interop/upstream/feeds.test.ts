/**
 * What the tests of the genuine server of the contract ask of feeds, in our words. What other tests
 * here show is left out: this file fills the gaps.
 */
import { decodeFeedAtom } from "../../../feeds/atom/decode.ts";
import { ATOM, ATOM_JSON, batch, get, type Reply } from "../../http/ask.ts";
import { type Servers, startServers } from "../../http/harness.ts";

type Link = { readonly uri: string; readonly relation: string };
type Entry = { readonly id: string; readonly title: string; readonly links: readonly Link[] };
type Feed = { readonly links: readonly Link[]; readonly entries: readonly Entry[] };

const ZERO = "0".repeat(32);

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

const read = (path: string, accept = ATOM_JSON, headers = {}) =>
	servers.ask(get(path, accept, headers));
const feedOf = ({ json }: Reply) => json as unknown as Feed;
const titlesOf = (reply: Reply) => feedOf(reply).entries.map(({ title }) => title);
/** The paths of a feed's links, by relation. */
const linksOf = (reply: Reply): { readonly [relation: string]: string } =>
	Object.fromEntries(
		feedOf(reply).links.map(({ relation, uri }) => [relation, uri.replace(servers.url, "")]),
	);

async function append(stream: string, count: number, eventType = "event-type"): Promise<Reply> {
	const events = Array.from({ length: count }, (_, number) => ({
		eventId: crypto.randomUUID(),
		eventType,
		data: { number },
	}));
	const reply = await servers.ask(batch(stream, events));
	expect(reply.status).toBe(201);
	return reply;
}

describe("a stream of 25 events", () => {
	beforeAll(async () => {
		await append("long", 25);
	});

	test("has every link at its head, and each leads to a page", async () => {
		const head = await read("/streams/long");
		const { self, first, last, next, previous } = linksOf(head);
		expect({ self, first, last, next, previous }).toEqual({
			self: "/streams/long",
			first: "/streams/long/head/backward/20",
			last: "/streams/long/0/forward/20",
			next: "/streams/long/4/backward/5",
			previous: "/streams/long/25/forward/15",
		});
		const counts = [];
		for (const path of [self, first, last, next, previous]) {
			const page = await read(path ?? "");
			counts.push([page.status, feedOf(page).entries.length]);
		}
		expect(counts).toEqual([
			[200, 20],
			[200, 20],
			[200, 20],
			[200, 5],
			[200, 0],
		]);
	});

	test("read forward says where the head is", async () => {
		const heads = [];
		for (const path of ["0/forward/10", "10/forward/10", "20/forward/10", "25/forward/10"]) {
			heads.push((await read(`/streams/long/${path}`)).json.headOfStream);
		}
		expect(heads).toEqual([false, false, true, true]);
	});

	test("is polled by the `previous` of its head: nothing, then what came", async () => {
		const previous = linksOf(await read("/streams/long")).previous ?? "";
		const empty = await read(previous);
		expect([empty.status, titlesOf(empty), empty.headers["cache-control"]]).toEqual([
			200,
			[],
			"no-cache",
		]);
		expect(Object.keys(linksOf(empty))).toEqual(
			expect.arrayContaining(["self", "first", "last", "next"]),
		);
		expect(linksOf(empty)).not.toHaveProperty("previous");
		const { location } = (await append("long", 1)).headers;
		const headers = { "If-None-Match": empty.headers.etag };
		const polled = await read(previous, ATOM_JSON, headers);
		expect(feedOf(polled).entries).toMatchObject([{ id: location }]);
		const known = { "If-None-Match": polled.headers.etag };
		expect((await read(previous, ATOM_JSON, known)).status).toBe(304);
	});
});

/** What happened to the stream links lead to, and whether they still lead to anything. */
const TARGETS: [name: string, target: string, leads: boolean][] = [
	["is as it was", "plain", true],
	["has an @ in its name", "who@where", true],
	["was deleted", "deleted", false],
	["was deleted for ever", "tombstoned", false],
	["has an @ in its name and was deleted", "gone@where", false],
	["keeps fewer events by $maxCount", "counted", false],
];

describe.each(TARGETS)("links to a stream that %s", (_, target, leads) => {
	const linking = `links-to-${target}`;
	beforeAll(async () => {
		await append(target, 4);
		const links = [0, 1].map((number) => ({
			eventId: crypto.randomUUID(),
			eventType: "$>",
			data: `${number}@${target}`,
		}));
		expect((await servers.ask(batch(linking, links))).status).toBe(201);
		const path = `/streams/${encodeURIComponent(target)}`;
		if (target === "counted") {
			const headers = { "Content-Type": "application/json", "ES-EventId": crypto.randomUUID() };
			await servers.ask({ path: `${path}/metadata`, headers, body: '{"$maxCount":2}' });
		} else if (!leads) {
			const headers = target === "tombstoned" ? { "ES-HardDelete": "True" } : {};
			expect((await servers.ask({ method: "DELETE", path, headers })).status).toBe(204);
		}
	});

	const PAGES: [page: string, numbers: number[]][] = [
		["0/forward/10", [1, 0]],
		["1/forward/1", [1]],
		["1/backward/2", [1, 0]],
		["0/backward/1", [0]],
		["head/backward/20", [1, 0]],
	];
	const FORMS = [ATOM_JSON, "application/json", ATOM, "text/xml"].flatMap((accept) =>
		["none", "content", "body"].map((embed) => [accept, embed] as const),
	);

	test.each(FORMS)("are entries that name it, as %s with embed=%s", async (accept, embed) => {
		for (const [page, numbers] of PAGES) {
			const path = `/streams/${encodeURIComponent(linking)}/${page}?embed=${embed}`;
			const reply = await read(path, accept);
			const { entries } = accept.includes("json") ? feedOf(reply) : decodeFeedAtom(reply.text);
			const places = numbers.map((number) => {
				const uri = `${servers.url}/streams/${encodeURIComponent(target)}/${number}`;
				const links = ["edit", "alternate"].map((relation) => ({ uri, relation }));
				return { title: `${number}@${target}`, id: uri, links };
			});
			expect(entries).toMatchObject(places);
			expect(/number(\\?"|>)/.test(reply.text)).toBe(leads && embed !== "none");
		}
	});

	test("lead to the event by themselves, or to nothing", async () => {
		const path = `/streams/${encodeURIComponent(linking)}/1`;
		const reply = await read(path, "application/json");
		expect([reply.status, leads && reply.json]).toEqual([
			leads ? 200 : 404,
			leads && { number: 1 },
		]);
	});
});

describe("$all, with links in it", () => {
	let own: Servers;
	beforeAll(async () => {
		own = await startServers();
		const events = [0, 1, 2].map((data) => ({
			eventId: crypto.randomUUID(),
			eventType: "t",
			data,
		}));
		await own.ask(batch("target", events));
		const links = [0, 1].map((number) => ({
			eventId: crypto.randomUUID(),
			eventType: "$>",
			data: `${number}@target`,
		}));
		await own.ask(batch("linking", links));
	});
	afterAll(() => own.close());

	test.each([
		[`${ZERO}/forward/20`, undefined, 3, 2],
		[`${ZERO}/forward/20`, "False", 3, 2],
		[`${ZERO}/forward/20`, "True", 5, 0],
		["head/backward/20", undefined, 3, 2],
		["head/backward/20", "False", 3, 2],
		["head/backward/20", "True", 5, 0],
	])("%s, resolved: %s, shows %d and %d", async (page, resolve, targets, links) => {
		const headers = resolve === undefined ? {} : { "ES-ResolveLinkTos": resolve };
		const reply = await own.ask(get(`/streams/$all/${page}`, ATOM_JSON, headers));
		const streams = titlesOf(reply).map((title) => title.split("@")[1]);
		expect([
			streams.filter((stream) => stream === "target").length,
			streams.filter((stream) => stream === "linking").length,
		]).toEqual([targets, links]);
	});
});

test.each([ATOM_JSON, ATOM])("every link of a feed is the public URL's, as %s", async (accept) => {
	const own = await startServers({ publicUrl: "https://10.11.12.13:8443" });
	try {
		const events = Array.from({ length: 25 }, () => ({
			eventId: crypto.randomUUID(),
			eventType: "t",
		}));
		await own.ask(batch("s", events));
		for (const path of ["/streams/s", "/streams/s/5/forward/10", "/streams/$all"]) {
			const { text } = await own.ask(get(path, accept));
			const urls = text.match(/https?:\/\/[^"<]*\/streams\/[^"<]*/g) ?? [];
			expect(urls.length).toBeGreaterThan(20);
			expect(urls.filter((url) => !url.startsWith("https://10.11.12.13:8443/streams/"))).toEqual(
				[],
			);
			expect(text).not.toContain(own.url);
		}
	} finally {
		await own.close();
	}
});

test("a filtered feed leads on in both directions", async () => {
	await append("filtered", 45, "filtered-type");
	const query = "context=eventtype&type=prefix&data=filtered-";
	const head = await read(`/streams/$all/filtered?${query}`);
	expect(feedOf(head).entries).toHaveLength(20);
	expect(Object.keys(linksOf(head))).toEqual(
		expect.arrayContaining(["self", "first", "last", "next", "previous"]),
	);
	const forward = await read(`/streams/$all/filtered/${ZERO}/forward/20?${query}`);
	expect(Object.keys(linksOf(forward))).toEqual(
		expect.arrayContaining(["self", "first", "previous"]),
	);
});
