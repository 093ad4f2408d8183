import { encodeEntryAtom, encodeFeedAtom } from "../../../feeds/atom/encode.ts";
import { encodeDataXml, encodeEventXml } from "../../../feeds/atom/event.ts";
import { anyFeed, randomFrom, runSeed } from "../random.ts";
import { bytes, entry, entryWith, event, head, STREAM } from "../sample.ts";
import { grammarFaults, testWithJing } from "./grammar.ts";

const CONTENT =
	'<eventStreamId xmlns="">newstream</eventStreamId><eventNumber xmlns="">0</eventNumber>' +
	'<eventType xmlns="">SomeEvent</eventType>' +
	'<eventId xmlns="">c322e299-cb73-4b47-97c5-5054f920746e</eventId>' +
	'<data xmlns=""><something>has data</something></data><metadata xmlns=""/>';

function dataXml(data: string, isJson = true): string {
	return encodeDataXml({ ...event, isJson, data: bytes(data) });
}

describe("an Atom feed", () => {
	const ENTRY =
		`<entry><title>0@newstream</title><id>${STREAM}/0</id>` +
		"<updated>2026-06-14T09:31:22.1234567Z</updated><author><name>EventStore</name></author>" +
		`<summary>SomeEvent</summary><link href="${STREAM}/0" rel="edit"/>` +
		`<link href="${STREAM}/0" rel="alternate"/>`;

	test("shows the page in the order clients know", () => {
		expect(encodeFeedAtom(head, "none")).toBe(
			'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">' +
				`<title>Event stream 'newstream'</title><id>${STREAM}</id>` +
				"<updated>2026-06-14T09:31:22.1234567Z</updated>" +
				"<author><name>EventStore</name></author>" +
				`<link href="${STREAM}" rel="self"/><link href="${STREAM}/head/backward/20" rel="first"/>` +
				`<link href="${STREAM}/1/forward/20" rel="previous"/>` +
				`<link href="${STREAM}/metadata" rel="metadata"/>${ENTRY}</entry></feed>`,
		);
	});

	test.each(["content", "rich", "body", "pretty", "tryharder"] as const)(
		"shows a JSON event in no namespace at %s",
		(embed) => {
			expect(encodeFeedAtom(head, embed)).toContain(
				`${ENTRY}<content type="application/xml">${CONTENT}</content></entry>`,
			);
		},
	);

	test("shows no content of events that are not JSON", () => {
		const feed = { ...head, entries: [entryWith({ isJson: false })] };
		expect(encodeFeedAtom(feed, "content")).not.toContain("<content");
	});

	test("carries the mark of an archive document only when it is one", () => {
		const mark = '<fh:archive xmlns:fh="http://purl.org/syndication/history/1.0"/>';
		expect(encodeFeedAtom({ ...head, archive: true }, "none")).toContain(mark);
		expect(encodeFeedAtom(head, "none")).not.toContain("archive");
	});

	test("stays well-formed whatever text it holds", () => {
		const title = "]]> <a> & \" ' \0 \u001f \ud800 \ufffe \r\n 😀";
		const uri = 'http://h/?a="&b=<\n\t';
		const feed = { ...head, title, links: [{ relation: "self", uri }], entries: [] };
		const xml = encodeFeedAtom(feed, "none");
		expect(xml).toContain(
			"<title>]]&gt; &lt;a&gt; &amp; &quot; ' \ufffd \ufffd \ufffd \ufffd &#xD;\n 😀</title>",
		);
		expect(xml).toContain('href="http://h/?a=&quot;&amp;b=&lt;&#xA;&#x9;"');
	});
});

describe("a single Atom entry", () => {
	test("has prefixed names, and always the content of a JSON event", () => {
		const xml = encodeEntryAtom(entry, "none");
		expect(xml).toContain('<atom:entry xmlns:atom="http://www.w3.org/2005/Atom"><atom:title>0@');
		expect(xml).toContain(
			`<atom:content type="application/xml">${CONTENT.replaceAll(' xmlns=""', "")}` +
				"</atom:content></atom:entry>",
		);
	});
});

describe("data as XML", () => {
	test.each([
		['{"something":"has data"}', "<data><something>has data</something></data>"],
		['{"n":12345678901234567890,"p": 1.10}', "<n>12345678901234567890</n><p>1.10</p>"],
		['{"a":[1,{"b":2},null]}', "<data><a>1</a><a><b>2</b></a><a/></data>"],
		['{"a":[[1,2],[3]]}', "<data><a><a>1</a><a>2</a></a><a><a>3</a></a></data>"],
		['{"a":[],"t":true,"e":{}}', "<data><t>true</t><e/></data>"],
		["[1,[2]]", "<data><data>1</data><data><data>2</data></data></data>"],
		["{}", "<data/>"],
		["null", "<data/>"],
		["", "<data/>"],
		['"text"', "<data>text</data>"],
		['{"@id":"a\\"b","x":1,"@n":1.0}', '<data id="a&quot;b" n="1.0"><x>1</x></data>'],
		['{"@a":1,"@a":2}', '<data a="2"/>'],
		['{"@o":{"b":1}}', "<data><_x0040_o><b>1</b></_x0040_o></data>"],
		['{"#text":"t","b":1}', "<data>t<b>1</b></data>"],
		['{"@xmlns":"urn:x","a:b":1}', '<data _x0078_mlns="urn:x"><a_x003A_b>1</a_x003A_b></data>'],
		['{"1st":1,"a b":2,"":3}', "<_x0031_st>1</_x0031_st><a_x0020_b>2</a_x0020_b><_>3</_>"],
		['{"größe":1,"日本":2}', "<data><größe>1</größe><日本>2</日本></data>"],
		['{"_x0041_":1,"😀":2}', "<_x005F_x0041_>1</_x005F_x0041_><_x0001F600_>2</_x0001F600_>"],
		['{"</data>":"</data>"}', ">&lt;/data&gt;<"],
	])("maps %s", (json, xml) => {
		expect(dataXml(json)).toContain(xml);
	});

	test("shows what is not JSON as text", () => {
		expect(dataXml("a < b", false)).toBe("<data>a &lt; b</data>");
		expect(dataXml('{"a":1}', false)).toBe("<data>{&quot;a&quot;:1}</data>");
		expect(dataXml("{broken")).toBe("<data>{broken</data>");
	});

	test("shows JSON that is nested beyond all bounds as text", () => {
		const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
		expect(dataXml(deep)).toBe(`<data>${deep}</data>`);
	});

	test("of a whole event repeats the element for an array", () => {
		const xml = encodeEventXml({ ...event, data: bytes("[1,2]"), metadata: bytes("text") });
		expect(xml).toBe(
			"<event><eventStreamId>newstream</eventStreamId><eventNumber>0</eventNumber>" +
				"<eventType>SomeEvent</eventType>" +
				"<eventId>c322e299-cb73-4b47-97c5-5054f920746e</eventId>" +
				"<data>1</data><data>2</data><metadata>text</metadata></event>",
		);
		expect(encodeEventXml({ ...event, data: bytes("[]") })).toContain("<data/><metadata/>");
	});
});

describe("the grammar of RFC 4287", () => {
	const seed = runSeed();

	testWithJing("accepts feeds and entries of any events", () => {
		const random = randomFrom(seed);
		const feeds = Array.from({ length: 60 }, () => anyFeed(random));
		const documents = feeds.flatMap((feed) => [
			encodeFeedAtom({ ...feed, archive: true }, "none"),
			encodeFeedAtom(feed, "content"),
			...feed.entries.map((entry) => encodeEntryAtom(entry, "none")),
		]);
		expect(grammarFaults(documents)).toBe("");
	});

	testWithJing("is really asked", () => {
		expect(grammarFaults(['<feed xmlns="http://www.w3.org/2005/Atom"/>'])).toContain("error");
	});
});
