import { basename, dirname } from "node:path";
import { filesIn, type Node, type Source, sourcesIn } from "./structure/source.ts";

/**
 * What each part may import besides itself, in the order of the pipeline: from the core, which
 * knows nothing, to the edge. A name ending in `.ts` is a file, any other a folder.
 */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
	"feeds/model.ts": [],
	"feeds/geometry.ts": [],
	"feeds/errors.ts": [],
	"feeds/media.ts": [],
	"feeds/json": ["feeds/model.ts", "feeds/errors.ts"],
	"feeds/atom": ["feeds/json", "feeds/model.ts", "feeds/errors.ts"],
	"feeds/ndjson": ["feeds/json", "feeds/model.ts"],
	"feeds/event-source": ["feeds/json", "feeds/ndjson", "feeds/model.ts"],
	"feeds/json-feed": ["feeds/json", "feeds/ndjson", "feeds/model.ts"],
	"feeds/events": ["feeds/json", "feeds/model.ts", "feeds/errors.ts"],
	"feeds/cloudevents": ["feeds/events", "feeds/json", "feeds/model.ts", "feeds/errors.ts"],
	"feeds/atompub": ["feeds/atom", "feeds/events", "feeds/errors.ts"],
	"feeds/formats": [
		"feeds/atom",
		"feeds/json",
		"feeds/json-feed",
		"feeds/cloudevents",
		"feeds/media.ts",
		"feeds/model.ts",
	],
	"feeds/reader": ["feeds/json", "feeds/model.ts", "feeds/geometry.ts", "feeds/errors.ts"],
	"feeds/proof": [],
	"feeds/index.ts": ["feeds"],

	"src/errors.ts": [],
	"src/event.ts": ["src/errors.ts"],
	"src/nearest.ts": [],
	"src/networks.ts": [],
	"src/options.ts": ["src/errors.ts", "src/nearest.ts"],
	"src/indexes": ["src/event.ts"],
	"src/retention": ["feeds/json", "src/event.ts"],
	"src/log": ["feeds/proof", "src/retention", "src/indexes", "src/event.ts", "src/errors.ts"],
	"src/following": ["src/log/log.ts", "src/indexes", "src/event.ts", "src/errors.ts"],
	"src/backup": ["src/log", "src/retention", "feeds/proof", "src/event.ts", "src/errors.ts"],
	"src/config/caching.ts": ["src/options.ts", "src/purging/addresses.ts"],
	"src/config/connections.ts": ["src/options.ts"],
	"src/config.ts": [
		"src/config",
		"src/options.ts",
		"src/networks.ts",
		"src/log/log.ts",
		"src/errors.ts",
	],
	"src/pages": ["src/log/log.ts", "src/indexes", "src/event.ts", "src/errors.ts", "feeds"],
	"src/cache": ["src/event.ts", "feeds"],
	"src/purging/addresses.ts": [],
	"src/purging": [
		"src/cache/tags.ts",
		"src/retention",
		"src/indexes",
		"src/log/log.ts",
		"src/event.ts",
		"src/errors.ts",
		"feeds/geometry.ts",
	],
	"src/commands": [
		"src/log/log.ts",
		"src/retention",
		"src/indexes",
		"src/event.ts",
		"src/errors.ts",
	],
	"src/http": [
		"src/retention",
		"src/indexes",
		"src/pages",
		"src/cache",
		"src/purging/purging.ts",
		"src/commands",
		"src/log/log.ts",
		"src/log/tree.ts",
		"src/following",
		"src/event.ts",
		"src/errors.ts",
		"src/config.ts",
		"src/networks.ts",
		"feeds",
	],
	"src/main.ts": ["src", "feeds"],
	"src/cli": [
		"src/main.ts",
		"src/config.ts",
		"src/options.ts",
		"src/nearest.ts",
		"src/event.ts",
		"src/errors.ts",
		// The verbs that work on the files: verify, and those of directory/.
		"src/log",
		"src/backup",
		"feeds",
	],
};

/** The only places a package is used; a package that is not here is used nowhere. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
	express: ["src/http"],
	"better-sqlite3": ["src/log/sqlite", "src/backup"],
	"lru-cache": ["src/http", "src/following", "src/pages", "src/cache", "src/log/sqlite"],
	negotiator: ["feeds"],
	xml2js: ["feeds"],
};

const DRAWERS = ["utils", "util", "helpers", "helper", "common", "lib", "types", "misc", "shared"];

const FUNCTION = /Function(Declaration|Expression)$|Method$|^Constructor$/;

const product = sourcesIn("src", "feeds");
const tests = sourcesIn("test");

describe("imports point one way", () => {
	test("every file has its place in the pipeline", () => {
		const without = product.filter(({ path }) => layerOf(path) === undefined);
		expect(without.map(({ path }) => `${path}: name its layer in test/structure.test.ts`)).toEqual(
			[],
		);
	});

	test("a part imports only what lies downstream of it", () => {
		expect(breaches(product, importsUpstream)).toEqual([]);
	});

	test("the library for feeds imports nothing of the server", () => {
		const feeds = product.filter(({ path }) => path.startsWith("feeds/"));
		expect(breaches(feeds, ({ imports }) => within(imports, "src").map(importing))).toEqual([]);
	});

	test("an engine is known by those that open it, and nobody else", () => {
		const others = product.filter(
			({ path }) =>
				!path.startsWith("src/log/sqlite/") &&
				!/^src\/(cli\/(verify|directory\/\w+)\.ts$|backup\/)/.test(path),
		);
		const found = breaches(others, ({ imports }) =>
			within(imports, "src/log/sqlite").map(importing),
		);
		expect(found.filter((line) => !line.startsWith("src/main.ts"))).toEqual([]);
	});

	test("each package is used in the folders that may know it", () => {
		expect(breaches(product, importsForeign)).toEqual([]);
	});
});

describe("size", () => {
	test("a file has at most 300 lines, a list of test cases 600", () => {
		expect(breaches(product, tooLong(300))).toEqual([]);
		expect(breaches(tests, tooLong(600))).toEqual([]);
	});

	test("a function has at most 60 lines, those of functions within it left out", () => {
		expect(breaches(product, longFunctions)).toEqual([]);
	});

	// The formatter breaks code, and neither comments nor literals.
	test("a line has at most 100 columns, a tab counting as two, literals left out", () => {
		expect(breaches(product, longLines)).toEqual([]);
	});

	test("an interface has at most 8 members", () => {
		expect(breaches(product, largeInterfaces)).toEqual([]);
	});

	test("a folder holds at most 12 files", () => {
		const counts = new Map<string, number>();
		for (const path of ["src", "feeds", "migrations", "examples"].flatMap(filesIn)) {
			counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
		}
		const crowded = [...counts].filter(([, files]) => files > 12);
		expect(crowded.map(([folder, files]) => `${folder}: ${files} files; 12 is the limit`)).toEqual(
			[],
		);
	});
});

describe("names and types", () => {
	test("there are no drawers", () => {
		const drawers = [...filesIn("src"), ...filesIn("feeds"), ...filesIn("test")].filter((path) =>
			path.split("/").some((part) => DRAWERS.includes(part.replace(/(\.test)?\.ts$/, ""))),
		);
		expect(drawers.map((path) => `${path}: a drawer; name it after what it holds`)).toEqual([]);
	});

	test("a file is named in lower case with dashes", () => {
		const odd = product.filter(({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(basename(path)));
		expect(odd.map(({ path }) => path)).toEqual([]);
	});

	test("nothing is `any`", () => {
		const isAny = ({ type, kind }: Node) => type === "TsKeywordType" && kind === "any";
		expect(breaches(product, nodesWhere(isAny, "`any`; say what it is, or `unknown`"))).toEqual([]);
	});

	test("types can be erased, and read aloud", () => {
		const rules: readonly (readonly [(node: Node) => boolean, string])[] = [
			[({ type }) => type === "TsEnumDeclaration", "an enum; use a union of words"],
			[({ type }) => type === "TsModuleDeclaration", "a namespace; files are namespaces"],
			[({ type }) => type === "Decorator", "a decorator"],
			[({ type }) => type === "TsParameterProperty", "a parameter property"],
			[({ type }) => type === "TsConditionalType", "a conditional type"],
			[isOverload, "an overload; give it a name of its own"],
			[hasTypeParameters, "more than one type parameter"],
		];
		for (const [found, what] of rules)
			expect(breaches(product, nodesWhere(found, what))).toEqual([]);
	});

	test("nothing inherits but errors", () => {
		const inherits = ({ superClass }: Node) =>
			superClass != null && (superClass as { value?: string }).value !== "Error";
		expect(breaches(product, nodesWhere(inherits, "inheritance; wrap the interface"))).toEqual([]);
	});
});

/** What breaks a rule, as `file: how`, so that a failure names both. */
function breaches(
	sources: readonly Source[],
	rule: (source: Source) => readonly string[],
): string[] {
	return sources.flatMap((source) => rule(source).map((how) => `${source.path}${how}`));
}

/** A path's entry in LAYERS. */
function layerOf(path: string): string | undefined {
	return Object.keys(LAYERS).find((layer) => isIn(path, layer));
}

function isIn(path: string, place: string): boolean {
	return path === place || path.startsWith(`${place}/`);
}

function importsUpstream({ path, imports }: Source): string[] {
	const layer = layerOf(path) ?? "";
	const allowed = [layer, ...(LAYERS[layer] ?? [])];
	return imports
		.filter(({ ours, target }) => ours && !allowed.some((place) => isIn(target, place)))
		.map(importing);
}

function importsForeign({ path, imports }: Source): string[] {
	return imports
		.filter(({ ours, target }) => !ours && !target.startsWith("node:"))
		.filter(({ target }) => !PACKAGES[target]?.some((folder) => isIn(path, folder)))
		.map(importing);
}

function within(imports: Source["imports"], place: string): Source["imports"] {
	return imports.filter(({ ours, target }) => ours && isIn(target, place));
}

function importing({ target }: { readonly target: string }): string {
	return ` imports ${target}, which is not for it`;
}

function tooLong(limit: number): (source: Source) => string[] {
	return ({ lines }) => {
		const length = lines.length - 1;
		return length > limit ? [`: ${length} lines; ${limit} is the limit`] : [];
	};
}

function longLines({ lines }: Source): string[] {
	return lines.flatMap((line, index) => {
		const isComment = /^\s*(\*|\/\/|\/\*)/.test(line);
		const measured = isComment ? line : line.replace(/(["'`/]).{40,}\1/g, "$1$1");
		const columns = measured.replaceAll("\t", "  ").length;
		return columns > 100 ? [`:${index + 1}: ${columns} columns; 100 is the limit`] : [];
	});
}

function longFunctions({ nodes, lineOf }: Source): string[] {
	const functions = nodes.flatMap(({ type, span }) =>
		FUNCTION.test(type) && span ? [{ start: lineOf(span.start), end: lineOf(span.end) }] : [],
	);
	return functions.flatMap((outer) => {
		const inner = functions.filter(
			(one) => one !== outer && one.start >= outer.start && one.end <= outer.end,
		);
		const lines = new Set<number>();
		for (let line = outer.start; line <= outer.end; line++) lines.add(line);
		for (const { start, end } of inner)
			for (let line = start + 1; line <= end; line++) lines.delete(line);
		if (lines.size <= 60) return [];
		return [`:${outer.start}: a function of ${lines.size} lines; 60 is the limit`];
	});
}

function largeInterfaces({ nodes, lineOf }: Source): string[] {
	return nodes.flatMap(({ type, body, span }) => {
		const members = (body as { body?: unknown[] } | undefined)?.body?.length ?? 0;
		if (type !== "TsInterfaceDeclaration" || members <= 8) return [];
		return [`:${lineOf(span?.start ?? 0)}: an interface of ${members} members; 8 is the limit`];
	});
}

function nodesWhere(found: (node: Node) => boolean, what: string): (source: Source) => string[] {
	return ({ nodes, lineOf }) =>
		nodes.filter(found).map(({ span }) => `:${lineOf(span?.start ?? 0)}: ${what}`);
}

/** A signature without a body, which is followed by the function it is for. */
function isOverload({ type, body, declare }: Node): boolean {
	return type === "FunctionDeclaration" && body == null && declare !== true;
}

function hasTypeParameters({ type, parameters }: Node): boolean {
	return type === "TsTypeParameterDeclaration" && (parameters as unknown[]).length > 1;
}
