import { decodeLinks, encodeLinks } from "../../../feeds/lines/links.ts";

const BASE = "https://events.example.org/log/streams";
const PAGE = `${BASE}/order-42/40/forward/20`;
const LINKS = [
	{ relation: "self", uri: PAGE },
	{ relation: "current", uri: `${BASE}/order-42` },
	{ relation: "collection", uri: `${BASE}/order-42` },
	{ relation: "next", uri: `${BASE}/order-42/39/backward/20?i=2` },
	{ relation: "previous", uri: `${BASE}/order-42/60/forward/20?i=2` },
	{ relation: "metadata", uri: `${BASE}/order-42/metadata` },
];
const REGISTERED = LINKS.map(({ relation, uri }) => {
	return { relation: relation === "metadata" ? "describedby" : relation, uri };
});

test("links are relative to the page, and have registered names", () => {
	expect(encodeLinks(LINKS, PAGE)).toBe(
		'<20>; rel="self", <../../../order-42>; rel="current collection"' +
			', <../../39/backward/20?i=2>; rel="next", <../../60/forward/20?i=2>; rel="previous"' +
			', <../../metadata>; rel="describedby"',
	);
	expect(decodeLinks(encodeLinks(LINKS, PAGE), PAGE)).toEqual(REGISTERED);
	expect(decodeLinks(encodeLinks(LINKS), `${BASE}/order-42`)).toEqual(REGISTERED);
});

test.each(["order-42", "a:b", "%2F%2F", "x".repeat(3000), "-"])(
	"any name leads back to its page: %.20s",
	(name) => {
		const links = LINKS.map(({ relation, uri }) => {
			return { relation, uri: uri.replace("order-42", name) };
		});
		const page = PAGE.replace("order-42", name);
		const header = encodeLinks(links, page);
		// With the tags, all headers of an answer have to stay below 4 KiB.
		expect(header.length).toBeLessThan(1600);
		const found = decodeLinks(header, page);
		for (const relation of ["next", "previous"]) {
			const uri = links.find((link) => link.relation === relation)?.uri;
			expect(found).toContainEqual({ relation, uri });
		}
	},
);

test.each([
	["<a>;rel=next", ["next"]],
	['<a> ; REL = "next last"; title="a, b; rel=no"', ["next", "last"]],
	['<a>; rel=next; rel=last, <b>; title="\\"<c>"; rel="self"', ["next", "self"]],
	['<a>; rel=next; anchor="#x"', []],
	["<http://[>; rel=next, nonsense, <a", []],
	["", []],
])("%s has the relations %j", (header, relations) => {
	expect(decodeLinks(header, PAGE).map(({ relation }) => relation)).toEqual(relations);
});

test("a header with thousands of links is read at once, and in part", () => {
	expect(decodeLinks("<a>; rel=next, ".repeat(1000), PAGE)).toHaveLength(64);
	expect(decodeLinks(`<a>${'; x="'.repeat(3000)}`, PAGE)).toEqual([]);
	expect(decodeLinks(`<a>; rel${" ".repeat(15_000)}`, PAGE)).toEqual([]);
});
