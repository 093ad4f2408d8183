import { cyclesAmong } from "./cycles.ts";
import { closingLiterals, statefulClosures } from "./forms.ts";
import { importsUpstream, layerOf } from "./layers.ts";
import { largeTypes, longFunctions } from "./sizes.ts";
import { parseSource } from "./source.ts";

const importing = (path: string, ...targets: readonly string[]) =>
	parseSource(path, targets.map((target) => `import "${target}";\n`).join(""));

test("a file belongs to the longest name that fits", () => {
	expect(layerOf("src/log/sqlite/tree/merkle-tree.ts")).toBe("src/log/sqlite/tree");
	expect(layerOf("src/log/sqlite/log.ts")).toBe("src/log/sqlite");
	expect(layerOf("src/log/reading/slice.ts")).toBe("src/log");
});

test("a part may import itself and what its row names, and of a part no other part within", () => {
	const found = importsUpstream(
		importing("src/log/deletion.ts", "./log.ts", "../event.ts", "./memory.ts", "express"),
	);
	expect(found).toEqual([
		expect.stringContaining(":3: src/log may not import src/log/memory.ts"),
		expect.stringContaining(":4: src/log may not import the package express"),
	]);
});

test("files that import each other are a cycle, and so are folders whose files do not", () => {
	const files = [importing("src/a/one.ts", "./two.ts"), importing("src/a/two.ts", "./one.ts")];
	expect(cyclesAmong(files)).toEqual([
		expect.stringContaining("src/a: a cycle, one.ts → two.ts → one.ts: src/a/one.ts:1 imports"),
	]);
	const folders = [importing("src/a/one.ts", "../b/x.ts"), importing("src/b/y.ts", "../a/two.ts")];
	expect(cyclesAmong(folders)).toEqual([expect.stringContaining("src: a cycle, a → b → a")]);
});

test("a file may stand above a folder and below another", () => {
	const sources = [
		importing("src/a/top.ts", "./sub/x.ts"),
		importing("src/a/sub/x.ts", "../low.ts"),
	];
	expect(cyclesAmong(sources)).toEqual([]);
});

test("a cycle is told by its shortest way round, and by how many more it holds", () => {
	const sources = [
		importing("a.ts", "./b.ts"),
		importing("b.ts", "./c.ts", "./a.ts"),
		importing("c.ts", "./a.ts"),
	];
	expect(cyclesAmong(sources)).toEqual([expect.stringMatching(/a.ts → b.ts → a.ts.*\(1 more/)]);
});

test("lines of inner functions and of methods count", () => {
	const inner = `const inner = () => {\n${"\n".repeat(60)}};`;
	const found = longFunctions(parseSource("x.ts", `\nfunction outer() {\n${inner}\n}`));
	expect(found).toEqual([
		expect.stringContaining(":2: a function of 64 lines"),
		expect.stringContaining(":3: a function of 62 lines"),
	]);
	const method = `class A {\n#m() {${"\n".repeat(60)}}\n}`;
	expect(longFunctions(parseSource("x.ts", method))).toHaveLength(1);
});

test("members of interfaces and of literals count, each part of an intersection by itself", () => {
	const members = (count: number) => `{ ${"abcdefghi".slice(0, count).split("").join("; ")} }`;
	const found = largeTypes(
		parseSource(
			"x.ts",
			`interface A ${members(9)}\ntype B = ${members(8)} & ${members(8)};\ntype C = ${members(9)};\n` +
				`function f(options: ${members(9)}) {}`,
		),
	);
	expect(found).toEqual([
		expect.stringContaining(":1: A has 9 members"),
		expect.stringContaining(":3: C has 9 members"),
		expect.stringContaining(":4: a type without a name has 9 members"),
	]);
});

test("an object literal with a close is found, however it is written", () => {
	const written = ["close() {}", "close: () => {}", "close"];
	for (const member of written)
		expect(closingLiterals(parseSource("x.ts", `f({ a: 1,\n${member} });`))).toEqual([
			expect.stringContaining(":2: an object literal with a close()"),
		]);
	expect(closingLiterals(parseSource("x.ts", "class A { close() {} }"))).toEqual([]);
});

test("functions that are returned and share a variable are found; what only reads is not", () => {
	const shared = "function f() { let count = 0; return { add: () => count++, seen() {} }; }";
	expect(statefulClosures(parseSource("x.ts", shared))).toEqual([
		expect.stringContaining("share the variable count"),
	]);
	const reads = "function f() { let a = 1; a++; return { b: a, c: () => 1 }; }";
	expect(statefulClosures(parseSource("x.ts", reads))).toEqual([]);
});
