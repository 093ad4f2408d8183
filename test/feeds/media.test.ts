import { EVENT_TYPES } from "../../feeds/formats/event.ts";
import { FEED_TYPES } from "../../feeds/formats/feed.ts";
import { acceptOfFormat, negotiate, negotiateCoding } from "../../feeds/media.ts";

const JSON_FEED = "application/vnd.eventstore.atom+json";

describe("negotiation of a feed's type", () => {
	test.each([
		[undefined, "application/atom+xml"],
		["", "application/atom+xml"],
		["  ", "application/atom+xml"],
		["*/*", "application/atom+xml"],
		["application/*", "application/atom+xml"],
		["text/*", "text/xml"],
		[JSON_FEED, JSON_FEED],
		[JSON_FEED.toUpperCase(), JSON_FEED],
		["application/vnd.kurrent.atom+json", "application/vnd.kurrent.atom+json"],
		["application/json, application/atom+xml", "application/json"],
		["text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "application/xml"],
		["application/json;q=0.1,application/atom+xml;q=0.9", "application/atom+xml"],
		["application/json; q=0.1, application/atom+xml; q=0.9", "application/atom+xml"],
		["application/json ;\tq=0.1 , application/atom+xml ; Q = 0.9", "application/atom+xml"],
		["application/json;charset=utf-8", "application/json"],
		["application/json; charset=utf-8; q=0.2, text/xml", "text/xml"],
		["application/json;version=1;q=0.9;x=2, text/xml;q=0.3", "application/json"],
		["*/*;q=0.4", "application/atom+xml"],
		["*/*;q=0.4;z=7", "application/atom+xml"],
		["*/*;q=0.4;z=7, text/xml;q=0.5", "text/xml"],
		["application/xml;q=0.7", "application/xml"],
		["application/json;q=0.3;charset=utf-8", "application/json"],
		["application/json; charset=woftam", "application/json"],
		["application/json,*/*;q=0.1", "application/json"],
		["*/*, application/json;q=0", "application/atom+xml"],
		["application/atom+xml;q=0, */*;q=0.1", JSON_FEED],
		["nonsense, application/json", "application/json"],
		[",,;;, application/json,", "application/json"],
	])("of '%s' is %s", (accept, name) => {
		expect(negotiate(accept, FEED_TYPES)?.name).toBe(name);
	});

	test.each(["image/png", "nonsense", "application/json;q=0", "text/html", ","])(
		"of '%s' fails",
		(accept) => {
			expect(negotiate(accept, FEED_TYPES)).toBeUndefined();
		},
	);

	test("of a huge header takes no time to speak of", () => {
		const huge = [";", ",", " ;q", "a/b;", "; ", '"', "*/*;q=0.5,"];
		for (const part of huge) negotiate(part.repeat(16_384 / part.length), FEED_TYPES);
	});
});

test("an event can be had as its bytes, a feed cannot", () => {
	expect(negotiate("application/octet-stream", EVENT_TYPES)?.contentType).toBe(
		"application/octet-stream",
	);
	expect(negotiate("application/octet-stream", FEED_TYPES)).toBeUndefined();
});

test("no type stands in a list twice, and all but bytes say their charset", () => {
	for (const types of [FEED_TYPES, EVENT_TYPES]) {
		expect(new Set(types.map(({ name }) => name)).size).toBe(types.length);
		for (const { name, format, contentType } of types) {
			expect(contentType).toBe(format === "data" ? name : `${name}; charset=utf-8`);
		}
	}
});

test.each([
	[undefined, "identity"],
	["", "identity"],
	["gzip", "gzip"],
	["br", "br"],
	["gzip, deflate, br", "br"],
	["gzip;q=1, br;q=0.5", "gzip"],
	["gzip; q=0.5, br; q=0.9", "br"],
	["deflate", "identity"],
	["identity", "identity"],
	["*", "br"],
	["br;q=0, *", "gzip"],
	["gzip;q=0", "identity"],
	["GZIP", "gzip"],
	["nonsense", "identity"],
])("the coding of '%s' is %s", (header, coding) => {
	expect(negotiateCoding(header)).toBe(coding);
});

test.each([
	["json", "application/json"],
	["xml", "text/xml"],
	["atom", "application/atom+xml"],
	["atomxj", JSON_FEED],
	["text", "text/plain"],
	["JSON", undefined],
	["__proto__", undefined],
])("?format=%s stands for %s", (format, accept) => {
	expect(acceptOfFormat(format)).toBe(accept);
});
