import { ATOM, ATOM_JSON, get } from "./ask.ts";
import { type Lane, type Servers, startServers } from "./harness.ts";

const DESCRIPTION = "application/vnd.eventstore.streamdesc+json";
const KURRENT = "application/vnd.kurrent.streamdesc+json";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

describe.each([
	["fast", (): Lane => servers],
	["express", (): Lane => servers.express],
])("in the %s lane", (_, lane) => {
	test.each(["/streams/foo", "/streams/foo/head/backward/20", "/streams/foo/7/20"])(
		"S22: %s describes the stream to who asks for that, though it does not exist",
		async (path) => {
			const reply = await lane().ask(get(path, DESCRIPTION));
			expect([reply.status, reply.reason]).toEqual([200, "Description Document"]);
			expect(reply.headers["content-type"]).toBe(`${DESCRIPTION}; charset=utf-8`);
			expect(reply.json).toMatchObject({
				title: "Description document for 'foo'",
				_links: {
					self: { href: "/streams/foo", supportedContentTypes: [DESCRIPTION] },
					stream: { href: "/streams/foo", supportedContentTypes: [ATOM, ATOM_JSON] },
				},
			});
		},
	);

	test("the younger name is answered in its own flavour", async () => {
		const reply = await lane().ask(get("/streams/a%2Fb", KURRENT));
		expect(reply.json).toMatchObject({
			title: "Description document for 'a/b'",
			_links: {
				self: { href: "/streams/a%2Fb", supportedContentTypes: [KURRENT] },
				stream: { supportedContentTypes: [ATOM, "application/vnd.kurrent.atom+json"] },
			},
		});
	});

	test.each(["/streams/foo/0/forward/20", "/streams/$all", "/streams/foo/0"])(
		"%s has no description",
		async (path) => {
			const reply = await lane().ask(get(path, DESCRIPTION));
			expect([reply.status, reply.json.type]).toEqual([406, "urn:varve:problem:not-acceptable"]);
		},
	);

	test.each([
		["without Accept", {}],
		["with */*", { Accept: "*/*" }],
		["from a browser", { Accept: "text/html, image/avif, */*;q=0.8" }],
	])("departure 1: a request %s gets the feed", async (_name, headers) => {
		const reply = await lane().ask({ path: "/streams/$all", headers });
		expect([reply.status, reply.headers["content-type"]]).toEqual([200, `${ATOM}; charset=utf-8`]);
	});

	test("departure 3: a 406 names what there is", async () => {
		const reply = await lane().ask(get("/streams/foo", "text/html"));
		expect(reply.status).toBe(406);
		expect(reply.json.available).toEqual(expect.arrayContaining([ATOM, ATOM_JSON, DESCRIPTION]));
		expect(reply.json.available).not.toContain("text/html");
	});
});

test("behind a path prefix its links lead there", async () => {
	const proxied = await startServers({ publicUrl: "https://es.example/events" });
	try {
		const reply = await proxied.ask(get("/streams/foo", DESCRIPTION));
		expect(reply.json).toMatchObject({ _links: { self: { href: "/events/streams/foo" } } });
	} finally {
		await proxied.close();
	}
});

test.each([
	["json", "application/json; charset=utf-8", '{"text":"Ping request successfully handled"}'],
	["xml", "text/xml; charset=utf-8", "<Text>Ping request successfully handled</Text>"],
	["text", "text/plain; charset=utf-8", "Text: Ping request successfully handled"],
])("`/ping?format=%s`", async (format, contentType, text) => {
	const reply = await servers.ask(get(`/ping?format=${format}`, "*/*"));
	expect([reply.status, reply.headers["content-type"]]).toEqual([200, contentType]);
	expect(reply.text).toContain(text);
});

test.each([
	["/streams/$all?format=text", 406],
	["/streams/$all?format=atomsvc", 406],
	["/ping?format=atom", 406],
	["/streams/$all?format=yaml", 400],
	["/ping?format=yaml", 400],
])("%s is %i: a format that is not there, or none at all", async (path, status) => {
	expect((await servers.ask(get(path, "*/*"))).status).toBe(status);
});
