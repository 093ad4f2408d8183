import { BodyFormatError } from "../../../feeds/errors.ts";
import { decodeEventXml, ELEMENTS_MAX } from "../../../feeds/events/xml.ts";

const ID = "c322e299-cb73-4b47-97c5-5054f920746e";

function event(data: string, metadata = ""): string {
	return `<event><eventId>${ID}</eventId><eventType>T</eventType>${data}${metadata}</event>`;
}

function dataOf(xml: string): [data: string, isJson: boolean] {
	const [one] = decodeEventXml(Buffer.from(`<events>${event(xml)}</events>`));
	return [Buffer.from(one?.data ?? []).toString(), one?.isJson ?? false];
}

function reasonOf(xml: string | Uint8Array): string {
	try {
		decodeEventXml(Buffer.from(xml));
	} catch (error) {
		if (error instanceof BodyFormatError) return error.message;
		throw error;
	}
	return "nothing is wrong";
}

describe("what an element stands for", () => {
	test.each([
		["text", "<data>just text</data>", "just text", false],
		["text of an object", '<data>{"a": 1.10}</data>', '{"a": 1.10}', true],
		["nothing", "<data/>", "", false],
		["spaces", "<data>  </data>", "", false],
		["children", "<data><a>1</a><b>x</b></data>", '{"a":"1","b":"x"}', true],
		["repeated children", "<data><a>1</a><b/><a>2</a></data>", '{"a":["1","2"],"b":""}', true],
		["attributes", '<data n="1"/>', '{"@n":"1"}', true],
		["mixed text", "<data>x<a>1</a>y</data>", '{"a":"1","#text":"xy"}', true],
		["deeper", "<data><a><b><c>1</c></b></a></data>", '{"a":{"b":{"c":"1"}}}', true],
		["CDATA", "<data><![CDATA[<!DOCTYPE html> & ü😀]]></data>", "<!DOCTYPE html> & ü😀", false],
		["references", "<data>&lt;&amp;&#252;&#x1F600;</data>", "<&ü😀", false],
		["odd names", "<data><__proto__>1</__proto__></data>", '{"__proto__":"1"}', true],
		["others", "<data><constructor>1</constructor></data>", '{"constructor":"1"}', true],
	])("%s", (_, xml, data, isJson) => {
		expect(dataOf(xml)).toEqual([data, isJson]);
	});
});

test("events keep their order, whatever their elements are called", () => {
	const names = ["paid", "placed", "paid", "e", "placed"];
	const xml = names.map((name, i) => `<${name}><eventType>${i}</eventType></${name}>`).join("");
	const types = decodeEventXml(Buffer.from(`<?xml version="1.0"?><x>${xml}</x>`));
	expect(types.map(({ eventType }) => eventType)).toEqual(["0", "1", "2", "3", "4"]);
});

test("names of fields are read in any case, metadata like data", () => {
	const xml = `<e><x><EVENTID>${ID}</EVENTID><EventType>T</EventType>
		<MetaData><a>1</a></MetaData></x></e>`;
	const [one] = decodeEventXml(Buffer.from(xml));
	expect(one).toMatchObject({ eventId: ID, eventType: "T", isJson: true });
	expect(Buffer.from(one?.metadata ?? []).toString()).toBe('{"a":"1"}');
});

describe("what is refused", () => {
	test.each([
		["a document type", "<!DOCTYPE e><e/>", /document type/],
		["one in lower case", "<!doctype e><e/>", /well-formed|document type/],
		["an entity bomb", bomb(), /document type/],
		[
			"an external entity",
			'<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]><e><e><data>&x;</data></e></e>',
			/document type/,
		],
		["an unknown entity", "<e><e><data>&x;</data></e></e>", /well-formed/],
		["no XML", "[]", /XML/],
		["nothing", "", /not an XML document/],
		["text after the document", "<e></e>x", /well-formed/],
		["half a document", "<e><e>", /well-formed XML: .*at line 1, column/],
		["two roots", "<e/><e/>", /XML|without events/],
		["no event", "<events/>", /without events/],
		["text in place of an event", "<events><event>x</event></events>", /not an object \(event 0\)/],
		[
			"an id that is no text",
			"<e><e><eventId><x/></eventId></e></e>",
			/eventId is not a string \(event 0\)/,
		],
		["half a surrogate pair", "<e><e><data>&#xD800;</data></e></e>", /./],
		["too deep", `<e><e>${"<a>".repeat(5000)}${"</a>".repeat(5000)}</e></e>`, /nests deeper/],
	])("%s", (_, xml, reason) => {
		expect(reasonOf(xml)).toMatch(reason);
		expect(reasonOf(xml)).not.toBe("nothing is wrong");
	});

	test("what is not UTF-8", () => {
		expect(reasonOf(Buffer.from("<e>\xff</e>", "latin1"))).toMatch(/not UTF-8/);
		expect(reasonOf(Buffer.from("<e/>", "utf16le"))).toMatch(/XML|UTF-8/);
	});

	test("more elements than the process has time for, before it looks at any", () => {
		expect(reasonOf(`<e>${"<a/>".repeat(ELEMENTS_MAX)}</e>`)).toMatch(/more than 100000 elements/);
	});
});

function bomb(): string {
	const level = (n: number) => `<!ENTITY l${n} "${`&l${n - 1};`.repeat(10)}">`;
	const levels = Array.from({ length: 9 }, (_, i) => level(i + 1)).join("");
	return `<!DOCTYPE e [<!ENTITY l0 "lol">${levels}]><e><e><data>&l9;</data></e></e>`;
}
