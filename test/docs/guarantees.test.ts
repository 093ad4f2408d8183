/** `docs/guarantees.md` against the tests it names. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Node, ROOT, type Source, sourcesIn } from "../structure/source.ts";

const text = readFileSync(join(ROOT, "docs/guarantees.md"), "utf8");
const [promises = "", others = ""] = text.split("## What is not promised");
const NAMED = /^- `(test\/[^`]+\.ts)`: (.+)$/gm;

test("every test a guarantee names exists", () => {
	const titles = new Map(sourcesIn("test").map((source) => [source.path, titlesIn(source)]));
	for (const [, file = "", title = ""] of promises.matchAll(NAMED)) {
		expect([file, titles.get(file) ?? []]).toEqual([file, expect.arrayContaining([title])]);
	}
});

test("guarantees are numbered one by one, and each names a test", () => {
	const guarantees = promises.split(/^(?=\*\*\d+\. )/m).slice(1);
	expect(guarantees.length).toBeGreaterThan(10);
	for (const [index, guarantee] of guarantees.entries()) {
		expect(guarantee).toMatch(new RegExp(`^\\*\\*${index + 1}\\. `));
		expect([index + 1, guarantee.match(NAMED) ?? []]).not.toEqual([index + 1, []]);
	}
});

test("what is not promised names no test", () => {
	expect(others).toContain("- **");
	expect(others).not.toMatch(NAMED);
});

/**
 * The titles of a file's tests, each alone and behind those of the groups around it. What a title
 * takes from a table is `…`; the seed at its end is left out.
 */
function titlesIn({ nodes }: Source): string[] {
	const named = nodes.flatMap((node) => {
		const kind = kindOf(node);
		const title = kind === undefined ? undefined : titleOf(node);
		return kind === undefined || title === undefined || !node.span
			? []
			: [{ kind, title, ...node.span }];
	});
	return named.flatMap(({ kind, title, start, end }) => {
		if (kind !== "test") return [];
		const groups = named.filter(
			(one) => one.kind === "describe" && one.start < start && one.end >= end,
		);
		return [title, [...groups.map((group) => group.title), title].join(" ")];
	});
}

/** Whether a node calls `test`, `test.each(…)` or the same of `describe`. */
function kindOf({ type, callee }: Node): "test" | "describe" | undefined {
	if (type !== "CallExpression") return undefined;
	let called = callee as Node | undefined;
	while (called && called.type !== "Identifier") {
		called = (called.type === "CallExpression" ? called.callee : called.object) as Node | undefined;
	}
	return called?.value === "test" || called?.value === "describe" ? called.value : undefined;
}

function titleOf(call: Node): string | undefined {
	const [first] = call.arguments as { expression?: Node }[];
	if (!first?.expression) return undefined;
	const { type, value, quasis } = first.expression;
	const written =
		type === "TemplateLiteral"
			? (quasis as { cooked: string }[]).map(({ cooked }) => cooked).join("…")
			: type === "StringLiteral"
				? String(value)
				: undefined;
	return written?.replace(/%[spidjo]/g, "…").replace(/ \(VARVE_SEED=…\)$/, "");
}
