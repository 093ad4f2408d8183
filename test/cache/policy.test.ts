import { FEED_TYPES } from "../../feeds/formats/feed.ts";
import { cacheControl, eTag, eTagValue, matches } from "../../src/cache/policy.ts";

test("what is sealed may be kept for ever, what is not is revalidated", () => {
	expect(cacheControl(true, 0)).toBe("max-age=31536000, public, immutable");
	expect(cacheControl(true, 9)).toBe("max-age=31536000, public, immutable");
	expect(cacheControl(false, 0)).toBe("no-cache");
	expect(cacheControl(false, 9)).toBe("max-age=9, public, stale-while-revalidate=9");
});

test.each([
	["a sealed page", [true, 0, undefined, 60], "max-age=60, public, immutable"],
	["a page under $maxAge", [false, 0, 3600, 60], "max-age=60, public"],
	["$cacheControl", [false, 63_072_000, undefined, 60], "max-age=60, public"],
	[
		"a head page, stale included",
		[false, 40, undefined, 60],
		"max-age=40, public, stale-while-revalidate=20",
	],
	[
		"a head page that is short",
		[false, 30, undefined, 60],
		"max-age=30, public, stale-while-revalidate=30",
	],
	["$cacheControl of 19 digits by a year", [false, 2 ** 63, undefined], "max-age=31536000, public"],
	["everything by 0", [true, 5, 5, 0], "no-cache"],
	["a head page by 0", [false, 5, undefined, 0], "no-cache"],
] as const)("the longest lifetime caps %s", (_, [sealed, head, keep, longest], control) => {
	expect(cacheControl(sealed, head, keep, longest)).toBe(control);
});

const HISTORY = { incarnation: 1, erasures: 0 };

test("each erasure and each history has tags of its own", () => {
	const [atom] = FEED_TYPES;
	const tags = [1, 2, 3].flatMap((incarnation) =>
		[0, 1, 2].map((erasures) => atom && eTag(5, atom, "identity", { incarnation, erasures })),
	);
	expect(new Set(tags).size).toBe(9);
});

test("a tag is one number for the last version and one for the form, the same for ever", () => {
	const tags = FEED_TYPES.flatMap((type) =>
		(["identity", "gzip", "br"] as const).map((coding) => eTag(5, type, coding, HISTORY)),
	);
	expect(new Set(tags).size).toBe(tags.length);
	for (const tag of tags) expect(tag).toMatch(/^"5;\d{1,10}"$/);
	// Whoever changes this one changes the bytes of every page as well, or has made all caches forget
	// for nothing.
	const atom = FEED_TYPES[0];
	expect(atom && eTagValue(5, atom, "identity", HISTORY)).toBe("5;1245222667");
});

test.each([
	[undefined, false],
	["*", true],
	['"5;1"', true],
	['W/"5;1"', true],
	['"4;1","5;1"', true],
	['"4;1" , W/"5;1" ', true],
	['"5;10"', false],
	["5;1", false],
	['w/"5;1"', false],
	["", false],
	[",,,", false],
])("If-None-Match %s names the tag: %s", (header, does) => {
	expect(matches(header, '"5;1"')).toBe(does);
});
