import { fieldLines } from "../../src/cache/field-lines.ts";

test("fields become the lines that are sent", () => {
	expect(fieldLines(["ETag", '"7;1"', "Vary", "Accept"])).toBe('ETag: "7;1"\r\nVary: Accept\r\n');
	expect(fieldLines([])).toBe("");
});

test.each(["a\r\nSet-Cookie: b", "a\nb", "a\0", "a\u007f", "a\u0100"])(
	"a value that a header cannot hold is refused: %j",
	(value) => {
		expect(() => fieldLines(["X", value])).toThrow("X holds what no header can");
	},
);
