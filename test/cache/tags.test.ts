import { createHash } from "node:crypto";
import { tagHeaders, tagsOf, tagsToPurge } from "../../src/cache/tags.ts";
import type { StreamName } from "../../src/event.ts";

function streams(count: number): StreamName[] {
	return Array.from({ length: count }, (_, i) => `order-${i}` as StreamName);
}

test("the tag of a stream is one an operator can compute", () => {
	const name = "Bestellung-ü" as StreamName;
	const digits = createHash("sha256").update(name).digest("hex");
	expect(tagsOf([name])).toEqual(["varve", digits.slice(0, 16)]);
});

test("a purge of a stream names a tag of every document that shows it, however many it shows", () => {
	for (const count of [1, 2, 48, 49, 500, 4096]) {
		const document = tagsOf(streams(count));
		for (const stream of streams(count)) {
			expect(tagsToPurge(stream).some((tag) => document.includes(tag))).toBe(true);
		}
	}
});

test("tags are safe in a header, and few enough for any proxy", () => {
	for (const count of [0, 1, 48, 49, 256, 4096]) {
		const [tags, commas, keys, spaces] = tagHeaders(tagsOf(streams(count)));
		expect([tags, keys]).toEqual(["Cache-Tag", "Surrogate-Key"]);
		expect(commas).toMatch(/^[a-z0-9]+(,[a-z0-9]+)*$/);
		expect(spaces).toBe(commas?.replaceAll(",", " "));
		expect(Number(commas?.length) + Number(spaces?.length)).toBeLessThan(2048 - 64);
	}
});
