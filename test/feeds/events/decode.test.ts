import { BodyFormatError } from "../../../feeds/errors.ts";
import { checkJson, type DecodedEvent, decodeEventBatch } from "../../../feeds/events/decode.ts";
import { encodeEventBatch } from "../../../feeds/events/encode.ts";
import { NESTING_MAX } from "../../../feeds/json/text.ts";
import { anyJson, anyText, randomFrom, runSeed } from "../random.ts";
import { bytes, thrownBy } from "../sample.ts";

const ID = "fbf4a1a1-b4a3-4dfe-a01f-ec52c34e16e4";

type Shown = Omit<DecodedEvent, "data" | "metadata"> & { data: string; metadata: string };

function decode(body: string | Uint8Array): Shown[] {
	const events = decodeEventBatch(typeof body === "string" ? bytes(body) : body);
	return events.map((event) => ({
		...event,
		data: Buffer.from(event.data).toString(),
		metadata: Buffer.from(event.metadata).toString(),
	}));
}

/** The one event of a batch with this data. */
function withData(data: string): Shown {
	const [event] = decode(`[{"eventId":"${ID}","eventType":"t","data":${data}}]`);
	if (!event) throw new Error("no event");
	return event;
}

function faultOf(body: string | Uint8Array): BodyFormatError {
	const error = thrownBy(() => decode(body));
	expect(error).toBeInstanceOf(BodyFormatError);
	return error as BodyFormatError;
}

describe("data", () => {
	test.each([
		'{ "n" : 12345678901234567890,\r\n\t"price": 1.10 }',
		'[1.0, [ ], {"é":"\\u00e9😀"}]',
		'{"b":1,"a":2,"b":3,"__proto__":{"c":"]}"}}',
		"12345678901234567890",
		"1.10",
		"false",
	])("that are JSON are kept as sent: %s", (data) => {
		expect(withData(data)).toMatchObject({ isJson: true, data });
	});

	test("in a string that is an object or array are that document, as sent", () => {
		expect(withData(JSON.stringify('{ "a": 1.10 }'))).toMatchObject({
			isJson: true,
			data: '{ "a": 1.10 }',
		});
		expect(withData(JSON.stringify(' [ "é" ]'))).toMatchObject({ isJson: true, data: ' [ "é" ]' });
	});

	test.each(["plain", "", "1.10", "true", "null", '"quoted"', "{broken", "é 😀 \0 \n", "\ufeff{}"])(
		"in any other string are text: %j",
		(text) => {
			expect(withData(JSON.stringify(text))).toMatchObject({ isJson: false, data: text });
		},
	);

	test("written with escapes are the text they stand for", () => {
		expect(withData('"\\u00e9é\\ud83d\\ude00\\/\\""')).toMatchObject({ data: 'éé😀/"' });
	});

	test("that are null or missing are empty", () => {
		expect(withData("null")).toMatchObject({ isJson: false, data: "" });
		expect(decode('[{"eventId":"a"}]')).toEqual([
			{ eventId: "a", eventType: "", isJson: false, data: "", metadata: "" },
		]);
	});

	test("are text in an event that is JSON by its metadata", () => {
		expect(decode('[{"data":"text","metadata":{"a":1}}]')).toMatchObject([
			{ isJson: true, data: "text", metadata: '{"a":1}' },
		]);
	});

	test("are a view on the body, not a copy", () => {
		const body = bytes('[{"data":{"a":1}}]');
		expect(decodeEventBatch(body)[0]?.data.buffer).toBe(body.buffer);
	});

	test("with half a surrogate pair are refused where they are text, kept where they are JSON", () => {
		expect(faultOf('[{},{"data":"\\ud800"}]')).toMatchObject({ index: 1 });
		expect(faultOf('[{},{"data":"{\\"a\\":\\"\\ud800\\"}"}]')).toMatchObject({ index: 1 });
		expect(withData('{"a":"\\ud800"}')).toMatchObject({ data: '{"a":"\\ud800"}' });
	});
});

describe("names", () => {
	test("are matched in any case, the last duplicate counts, and unknown ones are ignored", () => {
		const body =
			'[{"EVENTID":"no","x":[{"eventId":1}],"eventid":"yes","\\u0065ventType":"é",' +
			'"Data":1,"DATA":{"a":1},"metaData":{},"constructor":1}]';
		expect(decode(body)).toEqual([
			{ eventId: "yes", eventType: "é", isJson: true, data: '{"a":1}', metadata: "{}" },
		]);
	});

	test.each(["eventId", "eventType"])("%s is refused unless it is a string", (name) => {
		expect(faultOf(`[{},{"${name}":7}]`)).toMatchObject({
			reason: `${name} is not a string`,
			index: 1,
		});
		expect(decode(`[{"${name}":null}]`)).toMatchObject([{ [name]: "" }]);
	});
});

describe("a body that is no batch", () => {
	test.each([
		["{}", "it is not an array of events, such as [{"],
		["[]", "it is an array without events"],
		[" [ ] ", "it is an array without events"],
	])("is refused: %s", (body, reason) => {
		const fault = faultOf(body);
		expect(fault.reason).toContain(reason);
		expect(fault.byteOffset).toBeUndefined();
	});

	test("is refused with the index of what is no event", () => {
		expect(faultOf("[{},[]]")).toMatchObject({ reason: "it is not an object", index: 1 });
	});

	test("is refused with line, column and byte where it stops being JSON", () => {
		expect(faultOf('[{"eventId":"é😀"},\n {"data": é}]')).toMatchObject({
			line: 2,
			column: 11,
			byteOffset: 33,
		});
		expect(faultOf("")).toMatchObject({ line: 1, column: 1, byteOffset: 0 });
		expect(faultOf('[{"data":"a\\"b"}')).toMatchObject({ line: 1, column: 17, byteOffset: 16 });
	});

	test("is refused where it stops being UTF-8, and not where it says U+FFFD", () => {
		const body = Buffer.concat([Buffer.from('[{"a":"\ufffd'), Buffer.from([0xc3, 0x28])]);
		expect(faultOf(body)).toMatchObject({
			reason: "it is not UTF-8",
			line: 1,
			column: 9,
			byteOffset: 10,
		});
		expect(withData('"\ufffd"')).toMatchObject({ data: "\ufffd" });
	});

	test("is refused where it nests too deep, closed or not, and in strings", () => {
		const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
		expect(withData(deep(NESTING_MAX)).data).toBe(deep(NESTING_MAX));
		expect(faultOf(`[{"x":${deep(NESTING_MAX + 1)}}]`).reason).toContain("nests deeper");
		expect(faultOf(`[{"data":${deep(200_000)}}]`).reason).toContain("nests deeper");
		expect(faultOf("[".repeat(200_000)).reason).toContain("nests deeper");
		expect(faultOf(`[{"data":"${deep(200_000)}"}]`)).toMatchObject({ index: 0 });
	});
});

describe("a single JSON body", () => {
	test("may be any JSON document", () => {
		for (const body of ["{}", "[]", "1.10", '"é"', "null", " true\n"]) checkJson(bytes(body));
	});

	test("is refused as a batch is", () => {
		expect(thrownBy(() => checkJson(bytes("{\n'a':1}")))).toMatchObject({
			name: "BodyFormatError",
			line: 2,
			column: 1,
			byteOffset: 2,
		});
		expect(() => checkJson(bytes("[".repeat(600) + "]".repeat(600)))).toThrow("nests deeper");
		expect(() => checkJson(new Uint8Array([0x22, 0xff, 0x22]))).toThrow("not UTF-8");
	});
});

describe("what encodeEventBatch writes", () => {
	const seed = runSeed();

	test("comes back byte for byte", () => {
		const random = randomFrom(seed);
		for (let round = 0; round < 500; round++) {
			const events = Array.from({ length: 1 + random.upTo(5) }, (_, i) => ({
				eventId: `id ${i}`,
				eventType: anyText(random),
				isJson: true,
				data: bytes(container(anyJson(random))),
				metadata: bytes(random.upTo(2) ? container(anyJson(random)) : ""),
			}));
			const decoded = decodeEventBatch(bytes(encodeEventBatch(events)));
			expect(decoded.map(shown)).toEqual(events.map(shown));
		}
	});

	test("may be values, and text that is not to be read as JSON", () => {
		const batch = encodeEventBatch([
			{ eventId: "a", eventType: "t", data: { a: 1 }, metadata: null },
			{ eventId: "b", eventType: "t", data: "text" },
			{ eventId: "c", eventType: "t", isJson: false, data: bytes("12") },
		]);
		expect(decode(batch)).toMatchObject([
			{ isJson: true, data: '{"a":1}', metadata: "" },
			{ isJson: false, data: "text" },
			{ isJson: false, data: "12" },
		]);
	});

	test("refuses bytes that a batch would alter", () => {
		const event = { eventId: "a", eventType: "t" };
		for (const data of [new Uint8Array([0xff]), bytes('"quoted"'), bytes("null")]) {
			expect(thrownBy(() => encodeEventBatch([{ ...event, data }]))).toMatchObject({ index: 0 });
		}
	});

	/** Scalars that a batch writes as something else are put into an array. */
	function container(json: string): string {
		return /^\s*["n]/.test(json) ? `[${json}]` : json;
	}

	function shown(event: { data: Uint8Array; metadata: Uint8Array }): unknown {
		const text = (data: Uint8Array) => Buffer.from(data).toString();
		return { ...event, data: text(event.data), metadata: text(event.metadata) };
	}
});
