/** How the fast lane's patterns come from the paths of the table. */
import { NO_CORS } from "../../../src/http/answering/cors.ts";
import { createMatcher, patternOf } from "../../../src/http/lanes/matching.ts";
import { resourcesOf } from "../../../src/http/lanes/resources.ts";
import { ROUTES, type Route } from "../../../src/http/routes.ts";

const match = createMatcher(resourcesOf(ROUTES, () => NO_CORS));

test("a hot URL is taken apart, and each segment is decoded once", () => {
	const found = match("GET", "/streams/a%252Fb/5/forward/2%30?embed=body");
	expect(found?.resource.path).toBe("/streams/:stream/:from/forward/:count");
	const lacking = { group: "", id: "", time: "", tile: "", file: "", path: "" };
	const named = { stream: "a%2Fb", from: "5", count: "20", query: "embed=body" };
	expect(found?.target).toEqual({ ...named, ...lacking });
});

test.each([
	["GET", "/ping"],
	["HEAD", "/streams/s"],
	["DELETE", "/streams/s"],
	["PROPFIND", "/streams/s"],
	["toString", "/streams/s"],
	["GET", "/streams/s/"],
	["GET", "/streams/s#fragment"],
	["GET", "/streams/%zz"],
	["GET", "/streams/\xfc"],
	["GET", "/streams/s/metadata/forward/20"],
])("%s %s is left to Express", (method, url) => {
	expect(match(method, url)).toBeUndefined();
});

test("a URL that an earlier path could match is left to Express", () => {
	const pattern = patternOf("/a/:x/:y", ["/a/:x/first", "/b/one/two", "/a/:x/:y/z"]);
	expect(pattern.test("/a/1/2")).toBe(true);
	expect(pattern.test("/a/1/firstly?q")).toBe(true);
	expect(pattern.test("/a/1/first")).toBe(false);
	expect(pattern.test("/a/1/first?q")).toBe(false);
});

test("a hot route that is never come to, or has a wildcard, is refused at the start", () => {
	expect(() => patternOf("/a/b", ["/a/:x"])).toThrow("/a/b is not come to: /a/:x is first");
	expect(() => patternOf("/a/b", ["/a/*rest"])).toThrow("/a/b is not come to");
	expect(() => patternOf("/a/*rest", [])).toThrow("a hot route has no wildcard: /a/*rest");
});

test("a hot route whose row names the stream is refused at the start", () => {
	const [filtered] = ROUTES.filter(({ path }) => path === "/streams/$all/filtered");
	const hot = [{ ...filtered, isHot: true } as Route];
	expect(() => createMatcher(resourcesOf(hot, () => NO_CORS))).toThrow("names its stream");
});

test("the rows of one path stand together in the table", () => {
	const changes = ROUTES.filter(({ path }, index) => path !== ROUTES[index - 1]?.path);
	const paths = changes.map(({ path }: Route) => path);
	expect(paths).toEqual([...new Set(paths)]);
});
