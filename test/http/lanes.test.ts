/**
 * Every request has one answer, whichever lane gives it: the same bytes from both, but for the time
 * of day.
 */
import { NO_CORS } from "../../src/http/answering/cors.ts";
import { createMatcher } from "../../src/http/lanes/matching.ts";
import { resourcesOf } from "../../src/http/lanes/resources.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { batch, head, raw } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ bodyBytesMax: 4096, eventBytesMax: 2048 });
	for (const stream of ["order-1", "a/b c%", "ü😀", "$$order-1"]) {
		const events = Array.from({ length: 45 }, (_, i) => ({
			eventId: `00000000-0000-4000-8000-0000000${String(i).padStart(5, "0")}`,
			eventType: "Placed",
			data: { i, text: "x".repeat(20) },
		}));
		for (let i = 0; i < events.length; i += 15) {
			const reply = await servers.ask(batch(stream, events.slice(i, i + 15)));
			expect(reply.status).toBe(201);
		}
	}
});
afterAll(() => servers.close());

const ATOM = "Accept: application/atom+xml";
const JSON_FEED = "Accept: application/vnd.eventstore.atom+json";
const BATCH = "Content-Type: application/vnd.eventstore.events+json";
const EVENT = "Content-Type: application/json";
const TYPED = "ES-EventType: Placed";

const PATHS = [
	"/streams/order-1",
	"/streams/order-1/head/backward/20",
	"/streams/order-1/head/backward/7",
	"/streams/order-1/0/forward/20",
	"/streams/order-1/20/forward/20",
	"/streams/order-1/40/forward/20",
	"/streams/order-1/45/forward/20",
	"/streams/order-1/1000/forward/20",
	"/streams/order-1/9007199254740991/forward/20",
	"/streams/order-1/44/backward/20",
	"/streams/order-1/44/20",
	"/streams/order-1/99/backward/20",
	"/streams/order-1/0",
	"/streams/order-1/head",
	"/streams/order-1/99",
	"/streams/%24all",
	"/streams/$all",
	"/streams/$all/00000000000000000000000000000000/forward/20",
	"/streams/$all/0000000000000014000000000000000a/backward/20",
	"/streams/$all/head/backward/20",
	"/streams/$all/5/forward/20",
	"/streams/$ce-order",
	"/streams/%24et-Placed/0/forward/20",
	"/streams/$streams",
	"/streams/a%2Fb%20c%25",
	"/streams/a%2fb%20c%25/0/forward/20",
	"/streams/%C3%BC%F0%9F%98%80/0/forward/20",
	"/streams/none",
	"/streams/none/0/forward/20",
	"/streams/order-1/",
	"/streams//0/forward/20",
	"/streams/",
	"/streams",
	"/Streams/order-1",
	"/streams/order-1/0/Forward/20",
	"/streams/order-1/0/forward/20/",
	"/streams/order-1/-1/forward/20",
	"/streams/order-1/head/forward/20",
	"/streams/order-1/0/forward/0",
	"/streams/order-1/0/forward/-20",
	"/streams/order-1/0/forward/4097",
	"/streams/order-1/0/forward/99999999999999999999",
	"/streams/order-1/99999999999999999999/forward/20",
	"/streams/order-1/1.5/forward/20",
	"/streams/order-1/%30/forward/2%30",
	"/streams/order-1/%zz/forward/20",
	"/streams/order-1/0/forward/%",
	"/streams/%zz",
	"/streams/%C3",
	"/streams/%00",
	"/streams/%0D%0AX-Evil:%201",
	"/streams/..",
	"/streams/../ping",
	"/streams/order-1/..",
	"/streams/order-1/incoming/5",
	"/streams/order-1/0/sideways/20",
	"/streams/forward/forward/20",
	"/streams/order-1;a=b/0/forward/20",
	"/streams/order-1?embed=body",
	"/streams/order-1?embed=RICH",
	"/streams/order-1?embed=PrettyBody",
	"/streams/order-1/0/forward/20?embed=content",
	"/streams/order-1/0/forward/20?embed=tryharder&embed=none&x=1",
	"/streams/order-1/0/forward/20?format=json",
	"/streams/order-1/0/forward/20?format=atom",
	"/streams/order-1/0/forward/20?format=nope",
	"/streams/order-1/0/forward/20?format=",
	"/streams/order-1/0/forward/20?",
	"/streams/order-1/0/forward/20??embed=body",
	"/streams/order-1/0/forward/20?embed=body#fragment",
	"/streams/order-1#fragment",
	"/streams/order-1%3Fembed=body",
	"/streams/order-1/0/forward/20?embed=%zz",
	"/streams/order-1?a/b",
	"/streams/\xc3\xbc",
	"/streams/a\xa0",
	"/streams/order-1?\xff",
	'/streams/"<>',
	"/streams/a\\b",
	"//streams/order-1",
	"/ping",
	"/info",
	"/nowhere",
	"http://other.example/streams/order-1/0/forward/20",
	"http://other.example:99/streams/order-1?embed=body",
	"http://other.example",
	"*",
	`/streams/${"x".repeat(1024)}`,
	`/streams/${"x".repeat(1025)}`,
	`/streams/${"x".repeat(8192)}`,
	// Of two routes: the first in the table answers.
	"/streams/order-1/metadata/forward/20",
	"/streams/order-1/metadata/backward/20",
	"/streams/order-1/%6Detadata/forward/20",
	"/streams/order-1/metadata/0/forward/20",
	"/streams/metadata/0/forward/20",
	"/streams/$all/filtered/forward/20",
];

const HEADERS: Record<string, string[]> = {
	"no headers": [],
	Atom: [ATOM],
	JSON: [JSON_FEED],
	"a list": ["Accept: text/html;q=0.9, application/json; q=0.5, text/xml;q=0.8;x=1"],
	"what cannot be had": ["Accept: image/png"],
	gzip: [ATOM, "Accept-Encoding: gzip"],
	brotli: [JSON_FEED, "Accept-Encoding: br, gzip;q=0.5"],
	"any tag": [ATOM, "If-None-Match: *"],
	"a tag that misses": [ATOM, 'If-None-Match: "0;0", W/"1;1"'],
	"a bad long poll": [ATOM, "ES-LongPoll: soon"],
};

async function expectSame(request: string): Promise<string> {
	const [fast, slow] = await Promise.all([
		raw(servers.port, request),
		raw(servers.express.port, request),
	]);
	const answer = withoutDate(fast);
	expect(answer).toMatch(/^HTTP\/1\.1 \d{3} /);
	expect(answer).toBe(withoutDate(slow));
	return answer;
}

function withoutDate(answer: string): string {
	return answer.replace(/\r\nDate: [^\r]*/g, "");
}

describe.each([
	["GET", Object.keys(HEADERS)],
	["HEAD", ["Atom", "gzip", "any tag"]],
])("both lanes answer %s alike", (method, names) => {
	test.each(names)(
		"with %s",
		async (name) => {
			const twice = PATHS.map(async (path) => {
				const request = head(`${method} ${path}`, ...(HEADERS[name] ?? []));
				const first = await expectSame(request);
				expect(first).not.toMatch(/\r\nX-Evil/i);
				// Now from the cache, where it is one that may be kept; it is no other answer.
				expect([path, await expectSame(request)]).toEqual([path, first]);
			});
			await Promise.all(twice);
		},
		30_000,
	);
});

test("both lanes answer 304 to their own tags and each other's", async () => {
	const pages = PATHS.slice(0, 26);
	let matched = 0;
	for (const path of pages) {
		for (const headers of [[ATOM], [JSON_FEED, "Accept-Encoding: gzip"]]) {
			const answer = await expectSame(head(`GET ${path}`, ...headers));
			const tag = /\r\nETag: ([^\r]*)/.exec(answer)?.[1];
			if (!tag) continue;
			const again = await expectSame(head(`GET ${path}`, ...headers, `If-None-Match: ${tag}`));
			expect(again).toMatch(/^HTTP\/1\.1 304 Not Modified\r\n/);
			matched++;
		}
	}
	expect(matched).toBeGreaterThan(30);
});

const EVENT_ID = "11111111-2222-4333-8444-555555555555";
const ONE = JSON.stringify([{ eventId: EVENT_ID, eventType: "Placed", data: { a: 1.1 } }]);

const APPENDS: [name: string, path: string, headers: string[], body: string][] = [
	["a batch, and its repeat", "/streams/new-1", [BATCH], ONE],
	["a single event", "/streams/a%2Fb", [EVENT, TYPED, `ES-EventId: ${EVENT_ID}`], "{}"],
	[
		"bytes",
		"/streams/b",
		["Content-Type: application/octet-stream", TYPED, `ES-EventId: ${EVENT_ID}`],
		"\0\xff",
	],
	["a conflict", "/streams/order-1", [BATCH, "ES-ExpectedVersion: 7"], ONE.replace("1111", "2222")],
	["a bad version", "/streams/order-1", [BATCH, "ES-ExpectedVersion: seven"], ONE],
	["malformed JSON", "/streams/order-1", [BATCH], '[{"eventId":}]'],
	["an empty body", "/streams/order-1", [BATCH], ""],
	["an empty batch", "/streams/order-1", [BATCH], "[]"],
	["a duplicate id", "/streams/order-1", [BATCH], `[${ONE.slice(1, -1)},${ONE.slice(1, -1)}]`],
	["no type", "/streams/order-1", [EVENT], "{}"],
	["an unknown media type", "/streams/order-1", ["Content-Type: text/plain"], "x"],
	["a body too large", "/streams/order-1", [BATCH], " ".repeat(5000)],
	[
		"an event too large",
		"/streams/order-1",
		[EVENT, TYPED, `ES-EventId: ${EVENT_ID}`],
		`"${"x".repeat(3000)}"`,
	],
	["$all", "/streams/$all", [BATCH], ONE],
	["an index stream", "/streams/%24ce-order", [BATCH], ONE],
	["a bad name", "/streams/%0d%0a", [BATCH], ONE],
	["a bad escape", "/streams/%f", [BATCH], ONE],
	["a query", "/streams/new-2?x=1", [BATCH], ONE],
	["a trailing slash", "/streams/new-1/", [BATCH], ONE],
	["a page", "/streams/order-1/0/forward/20", [BATCH], ONE],
	["an incoming URL", `/streams/new-3/incoming/${EVENT_ID}`, [EVENT, TYPED], "{}"],
	["an absolute URL", "http://else.example/streams/new-4", [BATCH], ONE],
];

test.each(APPENDS)("both lanes answer an append of %s alike", async (_, path, headers, body) => {
	const request = head(`POST ${path}`, ...headers, `Content-Length: ${body.length}`) + body;
	// The first writes, so only repeats can be compared.
	await raw(servers.port, request);
	await expectSame(request);
});

/** Requests for each hot route of the table. */
const HOT: Record<string, { path: string; headers?: string[]; body?: string }[]> = {
	// The word of a 204 is another one for each server.
	"GET /authorize": [
		{ path: "/authorize?method=GET&uri=/info" },
		{ path: "/authorize?method=GET&uri=%2Fstreams%2F%25ff" },
		{ path: "/authorize?method=get&uri=/info" },
	],
	"GET /streams/:stream": [
		{ path: "/streams/order-1" },
		{ path: "/streams/$all?embed=body" },
		{ path: "/streams/none" },
	],
	"POST /streams/:stream": [
		{ path: "/streams/new-5", headers: [BATCH], body: ONE },
		{ path: "/streams/a%2Fb?x=1", headers: [BATCH], body: ONE },
		{ path: "/streams/%24all", headers: [BATCH], body: ONE },
	],
	// A message that is taken is not there a second time.
	"GET /subscriptions/:stream/:group/:count": [
		{ path: "/subscriptions/order-1/nobody/20" },
		{ path: "/subscriptions/a%2Fb/g%20%C3%BC/0" },
		{ path: "/subscriptions/order-1/%20/20?wait=x" },
	],
	"POST /subscriptions/:stream/:group/:count": [
		{ path: `/subscriptions/order-1/nobody/20?ids=${EVENT_ID}` },
		{ path: "/subscriptions/a%2Fb/g%20%C3%BC/0" },
		{ path: "/subscriptions/a/g/20", body: `{"ids":["${EVENT_ID}"]}` },
	],
	"POST /subscriptions/:stream/:group/ack": [
		{ path: `/subscriptions/order-1/nobody/ack?ids=${EVENT_ID}` },
		{ path: "/subscriptions/a%2Fb/g%20%C3%BC/ack?ids=x" },
		{ path: "/subscriptions/a/g/ack", body: `{"ids":["${EVENT_ID}"]}` },
	],
	"GET /streams/:stream/:from/forward/:count": [
		{ path: "/streams/order-1/0/forward/20" },
		{ path: "/streams/a%2Fb%20c%25/40/forward/20?embed=content" },
		{ path: "/streams/order-1/x/forward/20" },
	],
	"GET /streams/:stream/:from/backward/:count": [
		{ path: "/streams/order-1/19/backward/20" },
		{ path: "/streams/$all/head/backward/5" },
		{ path: "/streams/order-1/19/backward/0" },
	],
};

describe("of the hot routes", () => {
	const match = createMatcher(resourcesOf(ROUTES, () => NO_CORS));
	const hot = ROUTES.filter(({ isHot }) => isHot);

	test("each one in the table has its requests here", () => {
		const names = hot.map(({ method, path }) => `${method} ${path}`);
		expect(Object.keys(HOT).sort()).toEqual(names.sort());
	});

	test.each(hot)(
		"$method $path is taken by the fast lane, and answered as by Express",
		async ({ method, path: route }) => {
			const cases = HOT[`${method} ${route}`] ?? [];
			expect(cases.length).toBeGreaterThan(0);
			for (const { path, headers = [ATOM], body = "" } of cases) {
				expect([path, match(method, path)?.resource.path]).toEqual([path, route]);
				const length = method === "POST" ? [`Content-Length: ${body.length}`] : [];
				const request = head(`${method} ${path}`, ...headers, ...length) + body;
				// The first may write, and what it reads may be remembered.
				await raw(servers.port, request);
				await expectSame(request);
				const tag = /\r\nETag: ([^\r]*)/.exec(await expectSame(request))?.[1];
				if (tag) await expectSame(head(`${method} ${path}`, ...headers, `If-None-Match: ${tag}`));
			}
		},
	);
});

test.each(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])(
	"both lanes answer %s alike",
	async (method) => {
		for (const path of [
			// A delete of this one is refused; another would be an event for each lane.
			"/streams/$all",
			"/streams/order-1/0",
			"/streams/order-1/0/forward/20",
			"/ping",
			"/nowhere",
		]) {
			await expectSame(head(`${method} ${path}`, "Content-Length: 0"));
		}
	},
);

test("both lanes redirect an append without an id alike, but for the id they make up", async () => {
	const request = `${head("POST /streams/order-1", EVENT, TYPED, "Content-Length: 2")}{}`;
	const answers = await Promise.all([
		raw(servers.port, request),
		raw(servers.express.port, request),
	]);
	const [fast, slow] = answers.map((answer) =>
		withoutDate(answer).replace(/[0-9a-f-]{36}/, "the id"),
	);
	expect(fast).toBe(slow);
	expect(fast).toMatch(/^HTTP\/1\.1 307 Temporary Redirect/);
});
