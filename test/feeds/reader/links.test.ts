import {
	eventOfAllUrl,
	historyOf,
	pageUrl,
	rangeOf,
	withBodies,
	withCount,
} from "../../../feeds/reader/links.ts";

const page = (from: number, count: number) => ({ direction: "forward", from, count }) as const;

test("positions of $all are written twice, in 16 upper-case hexadecimal digits", () => {
	expect(pageUrl("http://h:2113/", "$all", page(0x1ab, 73))).toBe(
		"http://h:2113/streams/%24all/00000000000001AB00000000000001AB/forward/73",
	);
});

test("an event of $all is found by its position, in the history its own link speaks of", () => {
	const own = "http://h/store/streams/s/3?i=2";
	expect(eventOfAllUrl("http://h/store/", 0x1ab, own)).toBe(
		"http://h/store/streams/%24all/00000000000001AB00000000000001AB?i=2",
	);
});

test("versions are decimal, and stream names escaped whole", () => {
	expect(pageUrl("http://h:2113", "a/b %é@1", page(48, 452))).toBe(
		"http://h:2113/streams/a%2Fb%20%25%C3%A9%401/48/forward/452",
	);
});

test("a path prefix is kept, with or without a slash at its end", () => {
	for (const server of ["http://h/store", "http://h/store/"]) {
		expect(pageUrl(server, "s", page(0, 20))).toBe("http://h/store/streams/s/0/forward/20");
	}
});

test("the range of a link is read in the notation of its stream", () => {
	expect(rangeOf("http://h/streams/s/48/forward/12?i=2", "s")).toEqual({ from: 48, count: 12 });
	const link = "http://h/streams/%24all/000000000000003c000000000000003C/forward/20";
	expect(rangeOf(link, "$all")).toEqual({ from: 60, count: 20 });
	expect(rangeOf("http://h/streams/%24all/60/forward/20", "$all")).toBeUndefined();
	expect(rangeOf("http://h/streams/s/48/backward/12", "s")).toBeUndefined();
	expect(rangeOf("http://h/streams/s", "s")).toBeUndefined();
});

test("only the count and embed of a link are ever changed", () => {
	const link = "http://h/p/streams/a%2Fb/500/forward/20?i=2";
	expect(withCount(link, 500)).toBe("http://h/p/streams/a%2Fb/500/forward/500?i=2");
	expect(withBodies(link)).toBe("http://h/p/streams/a%2Fb/500/forward/20?i=2&embed=body");
	expect(withBodies("http://h/s/0/forward/1?embed=none")).toBe("http://h/s/0/forward/1?embed=body");
});

test("links to pages by number tell their history; those to the head do not", () => {
	expect(historyOf(["http://h/streams/s", "http://h/streams/s/head/backward/20"])).toBeUndefined();
	expect(historyOf(["http://h/streams/s", "http://h/streams/s/20/forward/20"])).toBe("1");
	expect(historyOf(["http://h/streams/s", "http://h/streams/s/7/backward/20?i=2"])).toBe("2");
	const all = `http://h/streams/%24all/${"0".repeat(32)}/forward/20?embed=body&i=17`;
	expect(historyOf([all])).toBe("17");
});
