/** Hash and key: what other languages have to do alike. */
import { keyBy } from "../../../feeds/groups/key.ts";
import { keyHash, partitionOf } from "../../../feeds/groups/partition.ts";

test.each([
	["", 2872998923, 23],
	["order-42", 779839703, 3],
	["customer/ä", 716613778, 28],
	["😀", 855877642, 42],
])("'%s' has the hash %i", (key, hash, of50) => {
	expect([keyHash(key), partitionOf(key, 50)]).toEqual([hash, of50]);
});

test("keys that differ in a digit spread over all partitions alike", () => {
	const counts = new Map<number, number>();
	for (let n = 0; n < 50_000; n++) {
		const partition = partitionOf(`order-${n}`, 50);
		counts.set(partition, (counts.get(partition) ?? 0) + 1);
	}
	expect(counts.size).toBe(50);
	expect(Math.min(...counts.values())).toBeGreaterThan(800);
	expect(Math.max(...counts.values())).toBeLessThan(1200);
});

const event = (data: string, isJson = true) => ({ stream: "s-1", data: Buffer.from(data), isJson });

test.each([
	["stream", "{}", "s-1"],
	["$.who", '{"who":"una"}', "una"],
	["$.a.b", '{"a":{"b":1.50}}', "1.5"],
	["$['a b'][1]", '{"a b":[1,true]}', "true"],
	[`$["it's"]`, `{"it's":"x"}`, "x"],
	["$['\\'']", `{"'":"x"}`, "x"],
	// Without a value that can be one, the stream is the key.
	["$.who", '{"who":{}}', "s-1"],
	["$.who", '{"who":null}', "s-1"],
	["$.who", "[]", "s-1"],
	["$.constructor", "{}", "s-1"],
	["$.length", '"text"', "s-1"],
	["$.who", "", "s-1"],
])("the key by %s of %s is %s", (path, data, key) => {
	expect(keyBy(path)?.(event(data))).toBe(key);
});

test("data that are no JSON have the key of their stream", () => {
	expect(keyBy("$.who")?.(event('{"who":"una"}', false))).toBe("s-1");
});

test.each([
	"",
	"$",
	"who",
	"$.",
	"$..a",
	"$.a[",
	"$[*]",
	"$[-1]",
	"$.a b",
	"Stream",
	`$${".a".repeat(33)}`,
])("'%s' is no key", (path) => expect(keyBy(path)).toBe(undefined));
