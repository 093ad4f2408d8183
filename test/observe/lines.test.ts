/** Lines of the operator log: what comes from outside stays on its line, and is seen. */
import { BoundedLines, WAITING_BYTES_MAX } from "../../src/observe/bounded.ts";
import { LogLines } from "../../src/observe/lines.ts";
import type { StandardStream } from "../../src/observe/standard.ts";

/** An ANSI sequence, C1, a turn of direction, separators, half a character, a tag without a glyph. */
const HALF = String.fromCharCode(0xd800);
const TAG = String.fromCodePoint(0xe0041);
const HOSTILE = `${HALF}${TAG}a\r\nb\u001b[31m\u0085\u009b\u202e\u2066\u2028\u2029\ufeff"\\ é 😀`;
const SHOWN =
	"\\ud800\\udb40\\udc41a\\r\\nb\\u001b[31m\\u0085\\u009b\\u202e\\u2066\\u2028\\u2029\\ufeff";

function written(form: "json" | "text", tell: (log: LogLines) => void): string[] {
	const lines: string[] = [];
	tell(new LogLines(form, "info", (line) => lines.push(line)));
	return lines;
}

describe.each(["json", "text"] as const)("as %s, text from outside", (form) => {
	test("is escaped wherever it stands, and takes one line", () => {
		const [line = "", ...more] = written(form, (log) =>
			log.warn(HOSTILE, { path: HOSTILE, list: [HOSTILE], err: new Error(HOSTILE) }),
		);
		expect(more).toEqual([]);
		expect(line.split(SHOWN).length - 1).toBeGreaterThanOrEqual(4);
		expect(line.slice(0, -1)).toMatch(/^[\x20-\x7eé😀]*$/u);
		expect(line.endsWith("\n")).toBe(true);
	});

	test("is cut before it fills the disk", () => {
		const [line = ""] = written(form, (log) => log.info("request", { path: "x".repeat(1e6) }));
		expect(line.length).toBeLessThan(10_000);
		expect(line).toContain("(1000000 characters)");
	});
});

test("a line of JSON gives back what was told, with a time in UTC", () => {
	const [line = ""] = written("json", (log) => log.info("listening", { url: HOSTILE, port: 1 }));
	const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
	expect(rest).toEqual({ level: "info", url: HOSTILE, port: 1, msg: "listening" });
	expect(new Date(String(time)).toISOString()).toBe(time);
});

test("a line of text starts with time and level, and quotes what would be ambiguous", () => {
	const [line = ""] = written("text", (log) => log.error("it's so", { a: "b c", d: "e/f", g: 1 }));
	expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z ERROR it's so a="b c" d=e\/f g=1\n$/);
});

test("lines below the level are left out, until it changes", () => {
	const lines = written("text", (log) => {
		log.setLevel("error");
		log.warn("left out");
		log.setLevel("info");
		log.info("there");
	});
	expect(lines).toEqual([expect.stringContaining(" there")]);
});

test("what a stream does not take is lost, counted, and told of", () => {
	const taken: string[] = [];
	let fault: Error | undefined;
	let waiting = 0;
	const stream: StandardStream = {
		isTTY: false,
		waiting: () => waiting,
		write(text, done) {
			if (fault === undefined) taken.push(text);
			done?.(fault);
		},
	};
	const lines = new BoundedLines(stream, (lost) => lines.write(`${lost} lost`));
	lines.write("one");
	fault = new Error("ENOSPC");
	lines.write("two");
	fault = undefined;
	waiting = WAITING_BYTES_MAX + 1;
	lines.write("three");
	waiting = 0;
	lines.write("four");
	expect(taken).toEqual(["one", "four", "2 lost"]);
});
