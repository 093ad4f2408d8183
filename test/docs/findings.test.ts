/** findings/: the scripts are run by hand; what can be told without a network is told here. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesIn, ROOT } from "../structure/source.ts";

const scripts = filesIn("findings").filter((path) => path.endsWith(".sh"));

test("the README lists every script, and no other", () => {
	const page = readFileSync(join(ROOT, "findings/README.md"), "utf8");
	const listed = [...page.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, name]) => name);
	expect(listed.map((name) => `findings/${name}.sh`)).toEqual(scripts);
});

test.each(scripts)("%s says what is expected and seen, compares, and leaves nothing", (path) => {
	const text = readFileSync(join(ROOT, path), "utf8");
	const [head = "", body = ""] = text.split("\nset -euo pipefail\n");
	expect(head).toMatch(/^#!\/usr\/bin\/env bash\n# .*\d+\.\d+/);
	for (const part of ["# Expected: ", "# Seen: ", "# For us: "])
		expect(head).toContain(`\n${part}`);
	expect(body).toContain("mktemp -d");
	expect(body).toMatch(/trap '.*rm -rf "\$folder"' EXIT/);
	expect(body).toMatch(/\ndiff - seen\.txt <<'END'\n[\s\S]+\nEND\necho "as described"\n$/);
});

test("packages are pinned, and Varve is none of them", () => {
	for (const path of scripts) {
		const text = readFileSync(join(ROOT, path), "utf8");
		const installed = [...text.matchAll(/(?:npm|pip) install ((?:-\S+ )*)(.+)$/gm)];
		for (const [, , packages = ""] of installed) {
			for (const name of packages.split(" "))
				expect([path, name]).toEqual([path, expect.stringMatching(/\w(?:@|==)\d/)]);
		}
		expect([path, text]).toEqual([
			path,
			expect.not.stringMatching(/varve (?:serve|append)|bin\/varve/),
		]);
	}
});
