import { deriveId, idOf, itemOf, parseLine } from "../../../src/cli/import/event.ts";

const ID = "c322e299-cb73-4b47-97c5-5054f920746e";
const latin1 = (text: string) => Buffer.from(text, "utf8").toString("latin1");
const item = (line: string) => itemOf(parseLine(latin1(line), 7), ID);
const refusal = (line: string) => {
	try {
		item(line);
	} catch (error) {
		return (error as Error).message;
	}
	return undefined;
};

describe("a line of an import", () => {
	test("sends data and metadata byte for byte", () => {
		const data = '{ "n": 12345678901234567890, "x":1.10, "é":"\\u00e9\\"}" }';
		const line = `{"stream":"s","data":${data},"type":"T","metadata":[ 1.0 ]}`;
		expect(item(line)).toEqual({
			line: 7,
			headers: undefined,
			body: latin1(`{"eventId":"${ID}","eventType":"T","data":${data},"metadata":[ 1.0 ]}`),
		});
	});

	test("names its stream in Unicode, however it is written", () => {
		expect(parseLine(latin1('{"stream":"é","type":"T"}'), 1).stream).toBe("é");
		expect(parseLine('{"stream":"\\u00e9","type":"T"}', 1).stream).toBe("é");
	});

	test("takes null for nothing", () => {
		const { body } = item('{"stream":"s","type":"T","data":null,"metadata":null}');
		expect(body).toBe(`{"eventId":"${ID}","eventType":"T"}`);
	});

	test("sends a JSON string by itself, for a batch would take it for text", () => {
		const { headers, body } = item('{"stream":"s","type":"Té","data":"x"}');
		expect(headers).toContain("Content-Type: application/json\r\n");
		expect(headers).toContain(`ES-EventType: ${latin1("Té")}\r\n`);
		expect(body).toBe('"x"');
	});

	test("sends bytes that are not JSON by themselves", () => {
		const { headers, body } = item('{"stream":"s","type":"T","dataBase64":"/wAB"}');
		expect(headers).toContain("Content-Type: application/octet-stream\r\n");
		expect(body).toBe("\xff\x00\x01");
	});

	test("lets no event type end its header", () => {
		expect(refusal('{"stream":"s","type":"T\\r\\nA: b","data":"x"}')).toContain(
			"control character",
		);
	});

	test.each([
		['{"stream":"s","type":"T"', "line 7: it is not JSON"],
		["[]", 'it is not an object, such as {"stream":"order-42",'],
		['{"type":"T"}', 'stream is missing; a line needs {"stream":"order-42",'],
		['{"stream":"s","eventType":"T"}', "unknown member eventType; the members are stream, type"],
		['{"stream":"","type":"T"}', "stream is not valid: it is empty"],
		['{"stream":5,"type":"T"}', "stream is not a string"],
		['{"stream":"s"}', "type is missing"],
		['{"stream":"s","type":""}', "type is empty"],
		['{"stream":"s","type":"T","metdata":{}}', "unknown member metdata; did you mean metadata?"],
		['{"stream":"s","type":"T","type":"U"}', "type appears twice"],
		['{"stream":"s","type":"T","metadata":"m"}', "metadata is a string"],
		['{"stream":"s","type":"T","data":"d","metadata":{}}', "cannot have metadata"],
		['{"stream":"s","type":"T","dataBase64":"a"}', "this is not Base64"],
		['{"stream":"s","type":"T","data":{},"dataBase64":"YQ=="}', "both plain and Base64"],
	])("%s is refused: %s", (line, words) => {
		expect(refusal(line)).toContain(words);
	});

	test("is refused where it is not UTF-8", () => {
		expect(() => parseLine('{"stream":"\xff","type":"T"}', 3)).toThrow("line 3: it is not UTF-8");
	});

	test("keeps the id it brings, in one notation", () => {
		const line = `{"stream":"s","type":"T","id":"{${ID.toUpperCase()}}"}`;
		expect(idOf(parseLine(line, 1))).toBe(ID);
		const bad = parseLine('{"stream":"s","type":"T","id":"7"}', 9);
		expect(() => idOf(bad)).toThrow("line 9: id is not a UUID");
	});
});

describe("a derived id", () => {
	const line = (text: string) => parseLine(text, 1);
	const one = line('{"stream":"s","type":"T","data":{"a":1}}');

	test("is a version 8 UUID, the same each time", () => {
		expect(deriveId("f", 0, one)).toMatch(
			/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
		);
		expect(deriveId("f", 0, one)).toBe(deriveId("f", 0, one));
	});

	test("differs by source, place in the stream, stream, type, data and metadata", () => {
		const ids = [
			deriveId("f", 0, one),
			deriveId("g", 0, one),
			deriveId("f", 1, one),
			deriveId("f", 0, line('{"stream":"t","type":"T","data":{"a":1}}')),
			deriveId("f", 0, line('{"stream":"s","type":"U","data":{"a":1}}')),
			deriveId("f", 0, line('{"stream":"s","type":"T","data":{"a":2}}')),
			deriveId("f", 0, line('{"stream":"s","type":"T","metadata":{"a":1}}')),
		];
		expect(new Set(ids).size).toBe(ids.length);
	});
});
