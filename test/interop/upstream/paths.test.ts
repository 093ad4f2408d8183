/**
 * What the tests of the genuine server of the contract ask of paths, in our words: each part is
 * decoded once, and of several routes that fit the most literal one answers.
 */
import { ROUTES } from "../../../src/http/routes.ts";
import { ATOM_JSON, batch, get, type Json } from "../../http/ask.ts";
import { type Servers, startServers } from "../../http/harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	for (const stream of ["routed", "metadata", "head", "incoming", "filtered", "forward"]) {
		expect((await servers.ask(batch(stream, [event()]))).status).toBe(201);
	}
	const headers = { "Content-Type": "application/json", "ES-EventId": crypto.randomUUID() };
	const path = "/streams/routed/metadata";
	expect((await servers.ask({ path, headers, body: '{"a":1}' })).status).toBe(201);
});
afterAll(() => servers.close());

const event = () => ({ eventId: crypto.randomUUID(), eventType: "t", data: 1 });

describe.each(["fast", "express"] as const)("in the %s lane", (name) => {
	const lane = () => (name === "fast" ? servers : servers.express);

	test.each([
		["1", "1", "1"],
		["%41", "A", "A"],
		["$", "$", "%24"],
		["%24", "$", "%24"],
		["$x", "$x", "%24x"],
		["%24%24x", "$$x", "%24%24x"],
		["%D0%B9%D1%86%D1%83", "йцу", "%D0%B9%D1%86%D1%83"],
		["%20", " ", "%20"],
		["a%20b", "a b", "a%20b"],
		["a+b", "a+b", "a%2Bb"],
		["%25", "%", "%25"],
		["%2541", "%41", "%2541"],
		["%252F", "%2F", "%252F"],
		["a%2Fb", "a/b", "a%2Fb"],
		["a%2fb%2F", "a/b/", "a%2Fb%2F"],
		["a%3Fb%23c", "a?b#c", "a%3Fb%23c"],
		["a:b@c", "a:b@c", "a%3Ab%40c"],
		["%F0%9F%98%80", "😀", "%F0%9F%98%80"],
	])("the stream of %s is %s, and is linked as %s", async (segment, stream, escaped) => {
		const { path: _, ...sent } = batch("s", [event()]);
		const appended = await lane().ask({ ...sent, path: `/streams/${segment}` });
		expect(appended.status).toBe(201);
		const place = `${lane().url}/streams/${escaped}`;
		expect(appended.headers.location?.replace(/\/\d+$/, "")).toBe(place);
		for (const path of [segment, `${segment}/head/backward/20`, `${segment}/0/forward/20`]) {
			const page = await lane().ask(get(`/streams/${path}?embed=rich`));
			expect([path, page.status, page.json.id]).toEqual([path, 200, place]);
			const [newest] = page.json.entries as Json[];
			expect(newest?.streamId).toBe(stream);
		}
		const number = appended.headers.location?.slice(place.length + 1);
		const single = await lane().ask(get(`/streams/${segment}/${number}`));
		const id = `${place}/${number}`;
		expect(single.json).toMatchObject({ title: `${number}@${stream}`, id });
	});

	test.each([
		["streamid", "%41%42", "AB-1"],
		["streamid", "AB", "AB-1"],
		["streamid", "%D0%B9%D1%86", "йцу"],
		["streamid", "a+b", "a b"],
		["streamid", "a%20b", "a b"],
		["streamid", "a%2Bb", "a+b"],
		["streamid", "%25", "%"],
		["streamid", "%2525", "%25"],
	])("a query's %s=%s is decoded once, too", async (context, data, stream) => {
		await servers.ask(batch(stream, [event()]));
		const query = `context=${context}&type=prefix&data=${data}`;
		const page = await lane().ask(get(`/streams/$all/filtered?${query}&embed=rich`));
		const streams = (page.json.entries as Json[]).map(({ streamId }) => streamId);
		expect(streams).toContain(stream);
	});

	/** What tells one handler from another. */
	const KINDS: { readonly [kind: string]: object } = {
		feed: { status: 200, json: { entries: expect.anything() } },
		event: { status: 200, json: { summary: "t" } },
		metadata: { status: 200, json: { summary: "$metadata" } },
		"no route": { status: 404, json: { type: "urn:varve:problem:route-not-found" } },
		"no number": { status: 400, json: { type: "urn:varve:problem:invalid-event-number" } },
		"no count": { status: 400, json: { type: "urn:varve:problem:invalid-count" } },
		"no filter": { status: 400, json: { type: "urn:varve:problem:invalid-filter" } },
	};

	test.each([
		["/streams/routed", "feed"],
		["/streams/routed?embed=body", "feed"],
		["/streams/routed/head", "event"],
		["/streams/routed/0", "event"],
		["/streams/routed/metadata", "metadata"],
		["/streams/routed/metadata/head", "metadata"],
		["/streams/routed/metadata/head/backward/20", "feed"],
		["/streams/routed/head/20", "feed"],
		["/streams/routed/head/backward/20", "feed"],
		["/streams/routed/10/backward/20?embed=true", "feed"],
		["/streams/routed/0/forward/20", "feed"],
		["/streams/routed/incoming", "no number"],
		["/streams/routed/incoming/5", "no number"],
		["/streams/routed/filtered", "no number"],
		["/streams/routed/Metadata", "no number"],
		["/streams/routed/HEAD", "no number"],
		["/streams/routed/0/forward", "no count"],
		["/streams/routed/0/sideways/20", "no route"],
		["/streams/routed/0/forward/20/more", "no route"],
		["/streams/routed/0/", "no route"],
		["/Streams/routed", "no route"],
		["/streams/routed/0/Forward/20", "no route"],
		["/streams/$all/filtered", "no filter"],
		["/streams/%24all/filtered/head/20", "no filter"],
		// Streams whose names are words of a route.
		["/streams/metadata", "feed"],
		["/streams/metadata/0", "event"],
		["/streams/metadata/0/forward/20", "feed"],
		["/streams/head", "feed"],
		["/streams/head/head", "event"],
		["/streams/head/head/backward/20", "feed"],
		["/streams/incoming/0", "event"],
		["/streams/filtered", "feed"],
		["/streams/forward/0/forward/20", "feed"],
		["/log/tile", "no route"],
		["/log/tile/", "no route"],
		["/log/tile/a/long/way/down", "no route"],
	])("%s is answered by: %s", async (path, kind) => {
		const reply = await lane().ask(get(path));
		expect({ status: reply.status, json: reply.json }).toMatchObject(KINDS[kind] ?? {});
	});

	test("a greedy route takes all that follows it", async () => {
		const { status, headers } = await lane().ask(get("/log/tile/0/000.p/1", "*/*"));
		expect([status, headers["content-type"]]).toEqual([200, "application/octet-stream"]);
	});

	test("one path has a route for each method", async () => {
		const { path: _, ...sent } = batch("s", [event()]);
		const stream = `methods-${name}`;
		const post = await lane().ask({ ...sent, path: `/streams/${stream}` });
		const found = await lane().ask(get(`/streams/${stream}`));
		const removed = await lane().ask({ method: "DELETE", path: `/streams/${stream}` });
		const put = await lane().ask({ ...sent, method: "PUT", path: `/streams/${stream}` });
		expect([post, found, removed, put].map(({ status }) => status)).toEqual([201, 200, 204, 405]);
	});
});

test("no route is there twice", () => {
	const all = ROUTES.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ":")}`);
	expect(all).toEqual([...new Set(all)]);
});

test.each(["application/json", "application/json,*/*;q=0.1", "text/csv, */*;q=0.1", "*/*"])(
	"Accept: %s is one of many ways to ask",
	async (accept) => {
		const reply = await servers.ask(get("/ping", accept));
		expect([reply.status, reply.json]).toEqual([
			200,
			{ text: "Ping request successfully handled" },
		]);
	},
);

test("a head asked for as JSON first is JSON", async () => {
	const reply = await servers.ask(get("/streams/routed", `${ATOM_JSON},*/*;q=0.1`));
	expect(reply.headers["content-type"]).toContain(ATOM_JSON);
});
