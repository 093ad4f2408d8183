import { randomUUID } from "node:crypto";
import { grammarFaults, testWithJing } from "../../test/feeds/atom/grammar.ts";
import { batch, get, type Reply } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

const ENTRY = "application/atom+xml;type=entry";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

let streams = 0;
const newStream = () => `atompub-${++streams}`;

/** An entry as RFC 5023 shows them. */
function entry(content: string, id = `urn:uuid:${randomUUID()}`, term = "Placed"): string {
	return (
		`<?xml version="1.0"?><entry xmlns="http://www.w3.org/2005/Atom"><title>A &amp; B</title>` +
		`<id>${id}</id><updated>2003-12-13T18:30:02Z</updated><author><name>J</name></author>` +
		`${term === "" ? "" : `<category term="${term}"/>`}${content}</entry>`
	);
}

function post(stream: string, body: string, headers = {}): Promise<Reply> {
	const lane = streams % 2 === 0 ? servers : servers.express;
	return lane.ask({
		path: `/streams/${stream}`,
		headers: { "Content-Type": ENTRY, ...headers },
		body,
	});
}

async function stored(stream: string, version = 0) {
	const range = { from: version, limit: 1, direction: "forward", content: true } as const;
	const [found] = (await servers.log.read({ stream: stream as never, ...range })).entries;
	const { id, type, isJson, data, metadata } = found?.event ?? {};
	return {
		id,
		type,
		isJson,
		data: Buffer.from(data ?? []).toString("latin1"),
		metadata: Buffer.from(metadata ?? []).toString(),
	};
}

describe("the service document", () => {
	test("lists what can be read, and the streams that take entries", async () => {
		const stream = "a&b <c>/ü";
		await servers.ask(batch(stream, [{ eventId: randomUUID(), eventType: "t" }]));
		const reply = await servers.ask(get("/", "application/atomsvc+xml"));
		expect([reply.status, reply.headers["content-type"]]).toEqual([
			200,
			"application/atomsvc+xml; charset=utf-8",
		]);
		const href = `${servers.url}/streams/a%26b%20%3Cc%3E%2F%C3%BC`;
		expect(reply.text).toContain(
			`<collection href="${href}"><atom:title>a&amp;b &lt;c&gt;/ü</atom:title>` +
				`<accept>${ENTRY}</accept></collection>`,
		);
		expect(reply.text).toContain(
			`<collection href="${servers.url}/streams/%24all"><atom:title>All events</atom:title>` +
				"<accept/></collection>",
		);
	});

	testWithJing("is valid by the grammar of RFC 5023", async () => {
		const { text } = await servers.ask(get("/", "*/*"));
		expect(grammarFaults([text], "app-service.rnc")).toBe("");
	});

	test("is had with no Accept at all, and nothing else is", async () => {
		expect((await servers.ask({ path: "/" })).status).toBe(200);
		expect((await servers.ask(get("/", "image/png"))).status).toBe(406);
		const posted = await servers.ask({ path: "/", method: "POST", body: "" });
		expect([posted.status, posted.headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"]);
	});
});

describe("an entry that is posted", () => {
	test("becomes an event, and comes back as the member it is now", async () => {
		const stream = newStream();
		const id = randomUUID();
		const content = '<content type="application/json">{"n": 1.10, "s":"&lt;"}</content>';
		const reply = await post(stream, entry(content, `urn:uuid:${id.toUpperCase()}`));
		const location = reply.headers.location ?? "";
		expect([reply.status, reply.headers["content-type"]]).toEqual([201, `${ENTRY};charset=utf-8`]);
		expect(new URL(location).pathname).toBe(`/streams/${stream}/0`);
		expect(reply.headers["content-location"]).toBe(location);
		expect(await stored(stream)).toEqual({
			id,
			type: "Placed",
			isJson: true,
			data: '{"n": 1.10, "s":"<"}',
			metadata: '{"atom":{"title":"A & B","contentType":"application/json"}}',
		});
		const member = await servers.ask(get(new URL(location).pathname, "application/atom+xml"));
		expect(reply.text.replaceAll(new URL(location).origin, servers.url)).toBe(member.text);
	});

	testWithJing("comes back valid by the grammar of RFC 4287", async () => {
		const { text } = await post(newStream(), entry('<content type="application/json">1</content>'));
		expect(grammarFaults([text])).toBe("");
	});

	test.each([
		['<content type="text/plain">a &lt; b</content>', "a < b"],
		["<content>words</content>", "words"],
		['<content type="html">&lt;p&gt;x</content>', "<p>x"],
		[
			'<content type="application/xml"><o xmlns="" a="1"><content>2</content></o></content>',
			'<o xmlns="" a="1"><content>2</content></o>',
		],
		[
			'<content type="image/svg+xml"><!-- <content> --><g xmlns="urn:g"/></content>',
			'<!-- <content> --><g xmlns="urn:g"/>',
		],
		[
			'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><b>x</b></div></content>',
			'<div xmlns="http://www.w3.org/1999/xhtml"><b>x</b></div>',
		],
		['<content type="image/png">AP8\n=</content>', "\u0000\u00ff"],
		["", ""],
	])("has its content as data: %s", async (content, data) => {
		const stream = newStream();
		expect((await post(stream, entry(content))).status).toBe(201);
		expect(await stored(stream)).toMatchObject({ isJson: false, data });
	});

	test.each([
		[
			"JSON in Base64",
			'<content type="application/json">eyJu\nIjoxfQ==</content>',
			'{"n":1}',
			true,
		],
		[
			"JSON that is in Base64's alphabet",
			'<content type="application/json">1234</content>',
			"1234",
			true,
		],
		[
			"text like a document type",
			"<content><![CDATA[<!DOCTYPE a>]]></content>",
			"<!DOCTYPE a>",
			false,
		],
		[
			"content behind that of another namespace",
			'<m:content xmlns:m="http://search.yahoo.com/mrss/" url="u"/>' +
				'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">x</div></content>',
			'<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
			false,
		],
		[
			"content before a content of another namespace",
			'<content>ours</content><content xmlns="urn:other">theirs</content>',
			"ours",
			false,
		],
	])("has %s as its data", async (_, content, data, isJson) => {
		const stream = newStream();
		expect((await post(stream, entry(content))).status).toBe(201);
		expect(await stored(stream)).toMatchObject({ isJson, data });
	});

	const ATOM = "http://www.w3.org/2005/Atom";
	test.each([
		["<a:content type='text/xml'><x:d xmlns:x='urn:x'/></a:content>", "<x:d xmlns:x='urn:x'/>"],
		[
			"<a:content type='xhtml'> <h:div>1<h:b k='v'/></h:div> </a:content>",
			"<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\">1<h:b k='v'/></h:div>",
		],
		["<a:content type='text/xml'><d/></a:content>", '<d xmlns="urn:d"/>'],
		["<a:content type='text/xml' xmlns=''><d/></a:content>", "<d/>"],
		["<a:content type='text/xml' xmlns='urn:e'><d/></a:content>", '<d xmlns="urn:e"/>'],
		[
			"<a:content type='text/xml'><!-- <d> --><d xmlns='urn:e' t='h:p'></d></a:content>",
			"<!-- <d> --><d xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns='urn:e' t='h:p'></d>",
		],
		["<a:content type='text/xml'/>", ""],
	])("keeps the namespaces that its content inherits: %s", async (content, data) => {
		const stream = newStream();
		const body =
			`<a:entry xmlns:a="${ATOM}" xmlns:h="http://www.w3.org/1999/xhtml" xmlns="urn:d">` +
			'<a:title type="xhtml"> <h:div>Less: <h:em> &lt; </h:em></h:div> </a:title>' +
			`<a:category term="t"/>${content}</a:entry>`;
		expect((await post(stream, body)).status).toBe(201);
		const { data: found, metadata } = await stored(stream);
		expect(found).toBe(data);
		expect(JSON.parse(metadata).atom.title).toBe("Less:  <");
	});

	test("without a category is told that it lacks one", async () => {
		const { json } = await post(newStream(), entry("", undefined, ""));
		expect(json).toMatchObject({ type: "urn:varve:problem:missing-event-type", status: 400 });
		expect(json.detail).toContain('<category term="');
	});

	test("with the same urn:uuid is a repeat; a placeholder for an id makes a new event each time", async () => {
		const stream = newStream();
		const same = entry("<content>x</content>");
		const first = await post(stream, same);
		const again = await post(stream, same);
		expect([again.status, again.headers.location]).toEqual([201, first.headers.location]);
		expect(again.headers["varve-repeated"]).toBe("true");
		for (const _ of [1, 2]) await post(stream, entry("<content>x</content>", "urn:x:placeholder"));
		expect(await servers.log.last(stream as never)).toBe(2);
	});

	test("takes type and id from headers where they are there", async () => {
		const stream = newStream();
		const id = randomUUID();
		const headers = { "ES-EventType": "FromHeader", "ES-EventId": id };
		expect((await post(stream, entry("", undefined, ""), headers)).status).toBe(201);
		expect(await stored(stream)).toMatchObject({ id, type: "FromHeader" });
	});

	test("obeys preconditions", async () => {
		const stream = newStream();
		expect((await post(stream, entry(""), { "If-None-Match": "*" })).status).toBe(201);
		expect((await post(stream, entry(""), { "If-None-Match": "*" })).status).toBe(412);
	});

	test.each([
		["no XML", "<entry"],
		["no entry", "<feed xmlns='http://www.w3.org/2005/Atom'/>"],
		["an entry of no namespace", "<entry><category term='t'/></entry>"],
		["a document type", `<!DOCTYPE entry [<!ENTITY a "b">]>${entry("")}`],
		["JSON that is none", entry('<content type="application/json">{</content>')],
		["elements for text", entry("<content><b/></content>")],
		["content elsewhere", entry('<content type="image/png" src="http://x/y"/>')],
		["two contents", entry("<content>1</content><content>2</content>")],
		["two roots in its content", entry('<content type="text/xml"><a/><b/></content>')],
		["text beside the root of its content", entry('<content type="text/xml">x<a/></content>')],
		["an entity of no document", entry("<content>&toString;</content>")],
		["an entity that XML has not", entry("<content>&nbsp;</content>")],
		["an attribute twice", entry('<content type="text/xml"><a b="1" b="2"/></content>')],
		["too many elements", entry(`<x xmlns="urn:x">${"<a/>".repeat(100_000)}</x>`)],
		[
			"too many attributes",
			entry(`<x ${Array.from({ length: 20_000 }, (_, n) => `a${n}=""`).join(" ")}/>`),
		],
		["no Base64", entry('<content type="image/png">&amp;</content>')],
		["a prefix from without", entry('<content type="application/xml"><x:a/></content>')],
		["no id of an event", entry("", "urn:uuid:nonsense")],
		["no type", entry("", undefined, "")],
	])("is refused: %s", async (_, body) => {
		const stream = newStream();
		const reply = await post(stream, body);
		expect([reply.status, reply.headers["content-type"]]).toEqual([
			400,
			"application/problem+json",
		]);
		expect(await servers.log.last(stream as never)).toBe(-1);
	});
});

test.each(["PUT", "DELETE", "PATCH"])(
	"a member refuses %s, and says what it takes",
	async (method) => {
		const stream = newStream();
		await post(stream, entry(""));
		const reply = await servers.ask({ method, path: `/streams/${stream}/0`, body: "" });
		expect([reply.status, reply.headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"]);
	},
);
