/** What a search is made of: paths, values in bytes, comparisons, patterns of names. */
import { fits, operandOf } from "../../src/searching/condition.ts";
import { compareDecimals } from "../../src/searching/decimal.ts";
import { isFault, type Path, parsePath } from "../../src/searching/path.ts";
import { formatSearchQuery, parseSearchQuery } from "../../src/searching/query.ts";
import { parseStreamPattern } from "../../src/searching/streams.ts";
import { PAUSE, type Value, valuesAt } from "../../src/searching/values.ts";

function pathOf(text: string): Path {
	const path = parsePath(text);
	if (isFault(path)) throw new Error(path.reason);
	return path;
}

function valuesIn(json: string, path: string): string[] {
	const found = [...valuesAt(Buffer.from(json), pathOf(path))];
	return found.filter((one) => one !== PAUSE).map(({ kind, text }: Value) => `${kind} ${text}`);
}

test.each([
	["$", '{"a":1}', ["object "]],
	["$", " 1.10 ", ["number 1.10"]],
	["$.a", '{"b":{"a":1},"a" : 2}', ["number 2"]],
	["$.a.b", '{"a":{"b":[]}}', ["array "]],
	["$['a b']", '{"a b":"x\\u0041\\n"}', ["string xA\n"]],
	['$["a"]', '{"\\u0061":null}', ["word null"]],
	["$.a", '{"a":1,"a":2}', ["number 1", "number 2"]],
	["$[1]", '["x",[2],{"a":3}]', ["array "]],
	["$[*].a", '[{"a":1},2,{"b":0,"a":true}]', ["number 1", "word true"]],
	["$.*", '{"a":"}","b":"]"}', ["string }", "string ]"]],
	["$.a.b", '{"a":[1,2]}', []],
	["$.a", "[]", []],
	["$.$type", '{"$type":"T"}', ["string T"]],
	["$.größe", '{"größe":-1e3}', ["number -1e3"]],
])("the values at %s of %s are %j", (path, json, expected) => {
	expect(valuesIn(json, path)).toEqual(expected);
});

test("bytes that are no JSON end the walk and not the process", () => {
	for (const text of [
		"",
		"{",
		'{"a',
		'{"a":',
		"[1,",
		"[}",
		'"',
		'{"a":"x\\',
		"}{",
		"[:::",
		'{"a" 1}',
	]) {
		for (const path of ["$", "$.a", "$[0]", "$[*].*"]) {
			expect([...valuesAt(Buffer.from(text), pathOf(path))].length).toBeLessThan(10);
		}
	}
});

test("in data of megabytes the walk pauses, before it has found anything", () => {
	const json = `{"long":[${"1,".repeat(500_000)}1],"a":7}`;
	const steps = [...valuesAt(Buffer.from(json), pathOf("$.a"))];
	expect(steps.filter((one) => one === PAUSE).length).toBeGreaterThan(10);
	expect(steps.at(-1)).toEqual({ kind: "number", text: "7" });
	const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
	expect([...valuesAt(Buffer.from(deep), pathOf("$.a"))]).not.toContain("a");
});

test.each([
	["", 0],
	["total", 0],
	["$total", 1],
	["$.", 2],
	["$..a", 2],
	["$.a b", 3],
	["$.a[", 3],
	["$.a[-1]", 4],
	["$.a[?(@.b)]", 4],
	["$.a['b]", 3],
	[`$${".a".repeat(33)}`, 65],
	[`$.${"a".repeat(600)}`, 512],
])("the path %j has its fault at %i", (path, at) => {
	expect(parsePath(path)).toMatchObject({ at });
});

test.each([
	["1", "1.0", 0],
	["1.10", "1.1", 0],
	["0", "-0.0", 0],
	["100", "1e2", 0],
	["9223372036854775807", "9223372036854775808", -1],
	["1e400", "1e399", 1],
	["-2", "-10", 1],
	["-1", "1", -2],
	["0.09", "0.1", -1],
	["12", "1.3", 1],
	["0", "0.001", -1],
])("%s and %s compare as %i", (one, other, expected) => {
	expect(Math.sign(compareDecimals(one, other))).toBe(Math.sign(expected));
	expect(Math.sign(compareDecimals(other, one)) + Math.sign(expected)).toBe(0);
});

test.each([
	["eq", "60", "number", "60.0", true],
	["eq", "60", "string", "60", true],
	["eq", '"60"', "number", "60", false],
	["eq", '"60"', "string", "60", true],
	["eq", "true", "word", "true", true],
	["eq", '"true"', "word", "true", false],
	["ne", "60", "number", "61", true],
	["ne", "60", "object", "", false],
	["ge", "60", "string", "70", false],
	["lt", "2026-03", "string", "2026-02-11", true],
	["gt", "a", "number", "5", false],
	["contains", "oo", "string", "foot", true],
	["contains", "1", "number", "11", false],
	["there", "", "array", "", true],
] as const)("%s %s and the %s %j: %s", (is, sent, kind, text, expected) => {
	const condition = { text: "$", path: [], is, operand: operandOf(sent) };
	expect(fits(condition, { kind, text })).toBe(expected);
});

test.each([
	["order-*", "order-1", true],
	["order-*", "order-", true],
	["order-*", "orders-1", false],
	["*-1", "order-1", true],
	["*-1", "order-12", false],
	["a*a", "a", false],
	["a*b*c", "aXbYbZc", true],
	["a\\*b", "a*b", true],
	["a\\*b", "axb", false],
	["a\\\\*", "a\\x", true],
	["*", "anything", true],
])("the pattern %j and the name %j: %s", (pattern, name, expected) => {
	const parsed = parseStreamPattern(pattern);
	expect(typeof parsed === "string" ? parsed : parsed.fits(name)).toBe(expected);
});

test("a search comes back from its query as it was", () => {
	const text =
		"id=0d9b7f3e-7a3c-4f0e-8f52-3a6c1f5a2b11&stream=order-*&type=T&path=%24.a&is=ge&value=1" +
		"&from=2026-03-01T14%3A00%3A00.000Z&until=2026-03-02T14%3A00%3A00.000Z&before=7&limit=3";
	expect(String(formatSearchQuery(parseSearchQuery(new URLSearchParams(text))))).toBe(text);
});
