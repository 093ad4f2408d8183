import { parseStreamName } from "../src/event.ts";

describe("a stream name", () => {
	test.each([".", ".."])("cannot be '%s', which no client could ask for", (name) => {
		expect(() => parseStreamName(name)).toThrow("invalid-stream-name");
	});

	test.each(["...", ".a", "a..", "a/../b", "%2E", "$ce-a"])("can be '%s'", (name) => {
		expect(parseStreamName(name)).toBe(name);
	});
});
