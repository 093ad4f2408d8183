/** Rows of an answer in SQL, written as JSON and read again without a loss. */
import { ROWS, readRows } from "../../src/sql/rows.ts";

test.each([
	["nothing", { columns: ["a"], rows: [] }],
	["numbers with all digits", { columns: ["a", "b"], rows: [["9007199254740993", "1.10"]] }],
	["quotes, commas and brackets", { columns: ["],["], rows: [[JSON.stringify('"],[\\",\n')]] }],
	["blobs and nothing", { columns: ["a", "b"], rows: [['{"base64":"AP8="}', "null"]] }],
	["a value of 15 MiB", { columns: ["a"], rows: [[JSON.stringify("x".repeat(15 << 20))], ["1"]] }],
	["what was cut", { columns: ["a"], rows: [["1"]], cutBy: "rows" as const }],
])("%s", (_what, answer) => {
	expect(readRows(ROWS.json(answer))).toEqual(answer);
});

test("what is no such document is none", () => {
	expect(readRows('{"columns":[]}')).toBeUndefined();
	expect(readRows("<html></html>")).toBeUndefined();
});
