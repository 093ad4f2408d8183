import { raiseIncarnation } from "../../../src/log/sqlite/files/incarnation.ts";
import { ATOM, batch, get, type Reply } from "../ask.ts";
import { type Lane, type Servers, startServers } from "../harness.ts";

type Link = { relation: string; uri: string };

const ZERO = "0".repeat(32);

let servers: Servers;
let old: Record<string, Reply>;
beforeAll(async () => {
	servers = await startServers();
	const events = Array.from({ length: 45 }, () => event());
	expect((await servers.ask(batch("order-1", events))).status).toBe(201);
	old = {};
	for (const path of [...HEADS, ...LASTING]) old[path] = await servers.ask(get(path));
	servers = await servers.restart((directory) => {
		expect(raiseIncarnation(directory)).toBe(2);
	});
});
afterAll(() => servers.close());

const HEADS = [
	"/streams/order-1",
	"/streams/order-1/head/backward/20",
	"/streams/order-1/head/5",
	"/streams/order-1/head",
	"/streams/$all",
	"/streams/$all/filtered?exclude-system-events=true",
];
const LASTING = [
	"/streams/order-1/0/forward/20",
	"/streams/order-1/40/forward/20",
	"/streams/order-1/0/forward/20?embed=body",
	"/streams/order-1/19/20",
	"/streams/order-1/7",
	`/streams/$all/${ZERO}/forward/20`,
	`/streams/$all/filtered/${ZERO}/forward/20?exclude-system-events=true`,
];

test("the first incarnation is silent", () => {
	for (const path of [...HEADS, ...LASTING]) {
		expect([path, old[path]?.status]).toEqual([path, 200]);
		expect(old[path]?.text).not.toContain("i=1");
	}
});

describe.each([
	["fast", (): Lane => servers],
	["express", (): Lane => servers.express],
])("in the %s lane", (_, lane) => {
	test.each(LASTING)("%s, which caches may hold, leads to the new history's URL", async (path) => {
		const reply = await lane().ask(get(path));
		const to = `${path}${path.includes("?") ? "&" : "?"}i=2`;
		expect([reply.status, reply.headers.location]).toEqual([307, `${lane().url}${to}`]);
		expect(reply.headers["cache-control"]).toBe("no-store");
		const found = await lane().ask(get(to));
		expect(found.status).toBe(200);
		expect(found.headers.etag).not.toBe(old[path]?.headers.etag);
	});

	test.each(HEADS)("%s is answered as it is, and not as unchanged to who knew it", async (path) => {
		const headers = { "If-None-Match": old[path]?.headers.etag };
		const reply = await lane().ask(get(path, undefined, headers as Record<string, string>));
		expect(reply.status).toBe(200);
	});

	test.each([...HEADS.slice(0, 5), ...LASTING])(
		"%s of an earlier or later history is gone",
		async (path) => {
			for (const i of ["1", "3", "02", ""]) {
				const reply = await lane().ask(get(`${path}${path.includes("?") ? "&" : "?"}i=${i}`));
				expect([reply.status, reply.json.incarnation]).toEqual([410, 2]);
				expect(reply.headers["cache-control"]).toBe("no-store");
			}
		},
	);

	test.each([
		["JSON", undefined],
		["Atom", ATOM],
	])(
		"every link that could be kept carries the number, in %s, and works",
		async (_name, accept) => {
			for (const path of [...HEADS, `${LASTING[0]}?i=2`, `${LASTING[2]}&i=2`]) {
				const reply = await lane().ask(get(path, accept));
				const links = reply.text.replace(/<(?:\w+:)?id>[^<]*|"id":"[^"]*/g, "");
				const urls = [...new Set(links.match(/https?:\/\/127[^"<]*/g))].map((url) =>
					url.replaceAll("&amp;", "&"),
				);
				expect(urls.length).toBeGreaterThan(0);
				for (const url of urls) {
					if (/\/\d+$|\/(for|back)ward\/\d+$/.test(url.split("?")[0] ?? "")) {
						expect(url).toMatch(/[?&]i=2\b/);
					}
					if (url.endsWith("/metadata")) continue;
					const target = await lane().ask(get(url.slice(lane().url.length), accept));
					expect([url, target.status]).toEqual([url, 200]);
				}
			}
		},
	);

	test("a reader that follows links reads it all", async () => {
		const titles: string[] = [];
		for (let url = `${lane().url}/streams/order-1/0/forward/20?i=2`; url !== ""; ) {
			const page = await lane().ask(get(url.slice(lane().url.length)));
			const found = (page.json.entries as { title: string }[]).map(({ title }) => title);
			titles.push(...found.toReversed());
			url = (page.json.links as Link[]).find((link) => link.relation === "previous")?.uri ?? "";
		}
		expect(titles).toEqual(Array.from({ length: 45 }, (_unused, i) => `${i}@order-1`));
	});
});

test("an append answers the plain number that clients read from it", async () => {
	const reply = await servers.ask(batch("other-1", [event()]));
	expect(reply.headers.location).toBe(`${servers.url}/streams/other-1/0`);
});

function event() {
	return { eventId: crypto.randomUUID(), eventType: "T", data: { n: 1 } };
}

test("a stream at a time leads to a page of this history, whatever query it came with", async () => {
	const at = (query: string) =>
		servers.ask(get(`/streams/order-1/at/1970-01-01T00:00:00Z${query}`));
	const page = `${servers.url}/streams/order-1/0/forward/20`;
	for (const [query, to] of [
		["", "?i=2"],
		["?i=2", "?i=2"],
		["?embed=body", "?embed=body&i=2"],
		["?i=2&embed=body", "?embed=body&i=2"],
	] as const) {
		const reply = await at(query);
		expect([query, reply.status, reply.headers.location]).toEqual([query, 303, page + to]);
	}
	expect((await at("?i=1")).status).toBe(410);
});

test("an event keeps its id in every format; one that is written now has the number in it", async () => {
	const idsIn = ({ json }: Reply) => (json.entries as { id: string }[]).map(({ id }) => id);
	const path = "/streams/order-1/40/forward/20";
	const before = idsIn(old[path] as Reply);
	const now = async (accept?: string) =>
		servers.ask(accept === undefined ? get(`${path}?i=2`) : get(`${path}?i=2`, accept));
	const origin = /^https?:\/\/[^/]+/;
	const paths = (ids: string[]) => ids.map((id) => id.replace(origin, ""));
	expect(paths(idsIn(await now()))).toEqual(paths(before));
	expect(paths(before)[0]).toBe("/streams/order-1/44");

	await servers.ask(batch("order-1", [event()]));
	expect(paths(idsIn(await now()))[0]).toBe("/streams/order-1/45?i=2");
	const atom = (await now(ATOM)).text;
	expect([
		atom.match(/<id>[^<]*\/44<\/id>/)?.length,
		atom.match(/<id>[^<]*\/45\?i=2<\/id>/)?.length,
	]).toEqual([1, 1]);
	const items = (await now("application/feed+json")).json.items as { id: string; url: string }[];
	expect(items.slice(0, 2).map(({ id, url }) => paths([id, url]))).toEqual([
		["/streams/order-1/45?i=2", "/streams/order-1/45?i=2"],
		["/streams/order-1/44", "/streams/order-1/44?i=2"],
	]);
});

test("an HTTP feed goes on from what both histories have, and from no event that is lost", async () => {
	const feed = async (id: string) => {
		const url = `/streams/$ce-order?lastEventId=${encodeURIComponent(id)}`;
		return servers.ask(get(url, "application/cloudevents-batch+json"));
	};
	const [next] = (await feed("44@$ce-order")).json as unknown as { id: string }[];
	expect(next?.id).toBe("45.2@$ce-order");
	expect((await feed("45.2@$ce-order")).json).toEqual([]);
	for (const lost of ["45@$ce-order", "60@$ce-order", "44.2@$ce-order"]) {
		expect([lost, (await feed(lost)).status]).toEqual([lost, 410]);
	}
});
