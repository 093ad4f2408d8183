import {
	DELETED_BEFORE,
	NO_METADATA,
	parseMetadata,
	withTruncateBefore,
} from "../../src/retention/metadata.ts";

const bytes = (text: string) => Buffer.from(text);

describe("metadata", () => {
	test("says what the log heeds, and nothing of what it does not", () => {
		const text =
			'{"$maxCount":5,"$maxAge":60,"$tb":7,"$cacheControl":3,"$acl":{"$r":["a","b"],"$w":"c"},"x":[]}';
		expect(parseMetadata(bytes(text))).toEqual({
			maxCount: 5,
			maxAgeMs: 60_000,
			truncateBefore: 7,
			cacheSeconds: 3,
			isDeleted: false,
		});
		expect(parseMetadata(bytes("{}"))).toEqual(NO_METADATA);
	});

	test("deletes with the largest number there is, and only that", () => {
		expect(parseMetadata(bytes(`{"$tb":${DELETED_BEFORE}}`)).isDeleted).toBe(true);
		expect(parseMetadata(bytes('{"$tb":9223372036854775806}')).isDeleted).toBe(false);
	});

	test.each([
		["no JSON", '{"$maxCount":5'],
		["no object", "[1]"],
		["nothing", ""],
		["a count in text", '{"$maxCount":"5"}'],
		["a count of null", '{"$maxCount":null}'],
		["a fraction", '{"$maxAge":1.5}'],
		["an exponent", '{"$maxAge":1e3}'],
		["a number that JavaScript rounded up", '{"$tb":9223372036854776000,"$maxCount":5}'],
		["a flag that is none", '{"$tmp":1,"$maxCount":5}'],
		["an ACL of text", '{"$acl":"all","$maxCount":5}'],
		["roles that are numbers", '{"$acl":{"$mw":[1]},"$maxCount":5}'],
		["nesting without end", `{"$maxCount":5,"x":${"[".repeat(600)}${"]".repeat(600)}}`],
	])("of %s counts as empty", (_, text) => {
		expect(parseMetadata(bytes(text))).toEqual(NO_METADATA);
	});

	test("takes zero and less for unset, and the last of two", () => {
		expect(parseMetadata(bytes('{"$maxCount":0,"$maxAge":-1,"$tb":-9}'))).toEqual(NO_METADATA);
		expect(parseMetadata(bytes('{"$maxCount":1,"$maxCount":2}')).maxCount).toBe(2);
		expect(parseMetadata(bytes('{"\\u0024maxCount":2}')).maxCount).toBe(2);
	});
});

test.each([
	["", '{"$tb":7}'],
	["no JSON", '{"$tb":7}'],
	["[1]", '{"$tb":7}'],
	["{}", '{"$tb":7}'],
	[" { } ", ' {"$tb":7 } '],
	['{"a":1.10}', '{"$tb":7,"a":1.10}'],
	[
		'{"ü":"😀","$tb": 3 ,"b":12345678901234567890}',
		'{"ü":"😀","$tb": 7 ,"b":12345678901234567890}',
	],
	['{"$tb":1,"x":{"$tb":2},"$tb":"no"}', '{"$tb":7,"x":{"$tb":2},"$tb":7}'],
])("$tb is set in '%s' and all else left as it was", (before, after) => {
	expect(Buffer.from(withTruncateBefore(bytes(before), "7")).toString()).toBe(after);
});
