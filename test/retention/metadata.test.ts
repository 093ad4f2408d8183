import {
	aclFaultOf,
	DELETED_BEFORE,
	faultsOf,
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
		["nesting without end", `{"$maxCount":5,"x":${"[".repeat(600)}${"]".repeat(600)}}`],
	])("of %s counts as empty, and is named as a whole", (_, text) => {
		expect(parseMetadata(bytes(text))).toEqual(NO_METADATA);
		expect(faultsOf(bytes(text))).toEqual([
			{ rule: "metadata", reason: "it is not a JSON object" },
		]);
	});

	test("of no bytes is none, and without a fault", () => {
		expect([parseMetadata(bytes("")), faultsOf(bytes(""))]).toEqual([NO_METADATA, []]);
	});

	test("knows a rule by its name, with escapes or without", () => {
		const text = '{"\\u0024maxCount":5,"$max\\u0041ge":"x","\\u0024acl":{"$r":7}}';
		expect(parseMetadata(bytes(text))).toEqual({ maxCount: 5, isDeleted: false });
		expect(faultsOf(bytes(text)).map(({ rule }) => rule)).toEqual(["$maxAge", "$acl"]);
		expect(aclFaultOf(bytes(text))).toContain("$r is neither");
	});

	test("takes the last of several rules of one name, and names it", () => {
		const text = bytes('{"$maxCount":5,"x":1,"$maxCount":7,"x":2,"\\u0024tb":1,"$tb":"1"}');
		expect(parseMetadata(text)).toEqual({ maxCount: 7, isDeleted: false });
		expect(faultsOf(text)).toEqual([
			{ rule: "$maxCount", reason: "it is there more than once; the last one counts" },
			{ rule: "$tb", reason: "it is not a number" },
		]);
	});

	test.each([
		["$maxAge", '"5"', "it is not a number"],
		["$maxAge", "null", "it is not a number"],
		["$maxAge", "true", "it is not a number"],
		["$maxAge", "[60]", "it is not a number"],
		["$maxAge", "1.5", "it is not a whole number"],
		["$maxAge", "5e-1", "it is not a whole number"],
		["$tb", "9223372036854776000", "it is beyond 9223372036854775807"],
		["$tb", "1e999999999999", "it is beyond 9223372036854775807"],
		["$cacheControl", '"1 h"', "it is not a number"],
		["$tmp", "1", "it is neither true nor false"],
		["$maxage", "5", "the log knows it as $maxAge"],
		["$acl", '"all"', "it is not an object"],
	])("with %s of %s keeps its good rules, and names that one", (rule, value, reason) => {
		const text = bytes(`{"${rule}":${value},"$maxCount":5}`);
		expect(parseMetadata(text)).toEqual({ maxCount: 5, isDeleted: false });
		expect(faultsOf(text)).toEqual([{ rule, reason }]);
	});

	test.each([
		["2.0", 2],
		["2e0", 2],
		["20E-1", 2],
		["0.2e+1", 2],
		["1e3", 1000],
		[`7.${"0".repeat(400)}`, 7],
	])("reads %s as the number that it stands for", (text, number) => {
		expect(parseMetadata(bytes(`{"$maxCount":${text}}`)).maxCount).toBe(number);
		expect(faultsOf(bytes(`{"$maxCount":${text}}`))).toEqual([]);
	});

	test.each([
		["null", "it is not an object"],
		['"all"', "it is not an object"],
		["[]", "it is not an object"],
		['{"$mw":[1]}', "$mw is neither the name of a user or group nor a list of such names"],
		['{"$r":null}', "$r is neither the name of a user or group nor a list of such names"],
		['{"$r":[["a"]]}', "$r is neither the name of a user or group nor a list of such names"],
	])("says what is wrong with the ACL %s", (acl, fault) => {
		expect(aclFaultOf(bytes(`{"$maxCount":5,"$acl":${acl}}`))).toBe(fault);
	});

	test("finds no fault in an ACL that can be applied, or in none", () => {
		expect(aclFaultOf(bytes('{"$acl":{"$r":["a","b"],"$w":"c","$d":[]}}'))).toBeUndefined();
		expect(aclFaultOf(bytes('{"$maxCount":5}'))).toBeUndefined();
	});

	test("takes zero and less for unset, and the last of two", () => {
		const unset = bytes('{"$maxCount":0,"$maxAge":-1,"$tb":-9.0,"$cacheControl":0.0}');
		expect([parseMetadata(unset), faultsOf(unset)]).toEqual([NO_METADATA, []]);
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
