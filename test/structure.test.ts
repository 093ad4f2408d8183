import { basename } from "node:path";
import { cyclesAmong } from "./structure/cycles.ts";
import {
	closingLiterals,
	nodesWhere,
	READABLE_TYPES,
	statefulClosures,
} from "./structure/forms.ts";
import { importsUpstream, LAYERS, layerOf } from "./structure/layers.ts";
import {
	crowdedFolders,
	largeTypes,
	longFunctions,
	longLines,
	tooLong,
} from "./structure/sizes.ts";
import { filesIn, type Node, type Source, sourcesIn } from "./structure/source.ts";

const DRAWERS = ["utils", "util", "helpers", "helper", "common", "lib", "types", "misc", "shared"];

const product = sourcesIn("src", "feeds", "admin");
/** What can be taken away without the server missing it. */
const besides = sourcesIn("bench", "examples", "scripts");
const tests = sourcesIn("test");

describe("imports point one way", () => {
	test("every file has its place in the pipeline", () => {
		const without = product.filter(({ path }) => layerOf(path) === undefined);
		expect(without.map(({ path }) => `${path}: name its part in test/structure/layers.ts`)).toEqual(
			[],
		);
	});

	test("every part in the table is there", () => {
		const parts = new Set(product.map(({ path }) => layerOf(path)));
		const gone = Object.keys(LAYERS).filter((layer) => !parts.has(layer));
		expect(gone.map((layer) => `${layer}: no file; take it out of the table`)).toEqual([]);
	});

	test("a part imports only what lies downstream of it, and the packages that are for it", () => {
		expect(breaches(product, importsUpstream)).toEqual([]);
	});

	test("nothing imports in a cycle, neither files nor folders", () => {
		expect(cyclesAmong([...product, ...besides])).toEqual([]);
	});
});

describe("size", () => {
	test("a file has at most 300 lines, a list of test cases 600", () => {
		expect(breaches([...product, ...besides], tooLong(300))).toEqual([]);
		expect(breaches(tests, tooLong(600))).toEqual([]);
	});

	test("a function has at most 60 lines, those of functions within it included", () => {
		expect(breaches([...product, ...besides], longFunctions)).toEqual([]);
	});

	test("a line has at most 100 columns, literals left out", () => {
		expect(breaches(product, longLines)).toEqual([]);
	});

	test("an interface or the literal of a type has at most 8 members", () => {
		expect(breaches(product, largeTypes)).toEqual([]);
	});

	test("a folder holds at most 12 files", () => {
		const paths = ["src", "feeds", "admin", "migrations", "examples"].flatMap(filesIn);
		expect(crowdedFolders(paths)).toEqual([]);
	});
});

describe("names and forms", () => {
	test("there are no drawers", () => {
		const drawers = [...filesIn("src"), ...filesIn("feeds"), ...filesIn("test")].filter((path) =>
			path.split("/").some((part) => DRAWERS.includes(part.replace(/(\.test)?\.ts$/, ""))),
		);
		expect(drawers.map((path) => `${path}: a drawer; name it after what it holds`)).toEqual([]);
	});

	test("a file is named in lower case with dashes", () => {
		const odd = product.filter(({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(basename(path)));
		expect(odd.map(({ path }) => `${path}: name it in lower case with dashes`)).toEqual([]);
	});

	test("nothing is `any`", () => {
		const isAny = ({ type, kind }: Node) => type === "TsKeywordType" && kind === "any";
		expect(breaches(product, nodesWhere(isAny, "`any`; say what it is, or `unknown`"))).toEqual([]);
	});

	test("types can be erased, and read aloud", () => {
		for (const [found, what] of READABLE_TYPES)
			expect(breaches(product, nodesWhere(found, what))).toEqual([]);
	});

	test("nothing inherits but errors", () => {
		const inherits = ({ superClass }: Node) =>
			superClass != null && (superClass as { value?: string }).value !== "Error";
		expect(breaches(product, nodesWhere(inherits, "inheritance; wrap the interface"))).toEqual([]);
	});

	test("what has a lifetime or keeps state is a class", () => {
		expect(breaches([...product, ...besides], closingLiterals)).toEqual([]);
		expect(breaches([...product, ...besides], statefulClosures)).toEqual([]);
	});
});

/** What breaks a rule, as `file:line: what; what to do`, so that a failure names them. */
function breaches(
	sources: readonly Source[],
	rule: (source: Source) => readonly string[],
): string[] {
	return sources.flatMap((source) => rule(source).map((how) => `${source.path}${how}`));
}
