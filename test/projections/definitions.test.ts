/** The samples are what a user writes: type checkers take them, and so does the sandbox. */
import { execFileSync } from "node:child_process";
import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openScripts } from "../../src/projections/script/script.ts";
import { eventAt, tryScript } from "./script/trying.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SAMPLES = join(ROOT, "test/projections/samples");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const OPTIONS = ["--noEmit", "--allowJs", "--checkJs", "--strict", "--lib", "es2023"];
const MORE = ["--target", "es2023", "--module", "nodenext", "--types", "varve/projections"];

const scripts = openScripts();
/** A project that has the package installed, with what it would publish. */
const project = mkdtempSync(join(tmpdir(), "varve-definitions-"));
beforeAll(() => {
	const installed = join(project, "node_modules/varve");
	mkdirSync(installed, { recursive: true });
	for (const name of ["package.json", "projections"])
		cpSync(join(ROOT, name), join(installed, name), { recursive: true });
});
afterAll(async () => {
	rmSync(project, { recursive: true });
	await scripts.close();
});

/** What tsc says of a file; undefined if it takes it. */
function refusal(name: string, text: string): string | undefined {
	writeFileSync(join(project, name), text);
	try {
		execFileSync(process.execPath, [TSC, ...OPTIONS, ...MORE, name], { cwd: project });
		return undefined;
	} catch (error) {
		return String((error as { stdout: unknown }).stdout);
	}
}

const samples = readdirSync(SAMPLES);

test("the samples are taken as they are", () => {
	const all = samples.map((name) => readFileSync(join(SAMPLES, name), "utf8")).join("\n");
	expect(refusal("samples.js", all)).toBeUndefined();
});

test.each([
	["fromNowhere()", "fromNowhere"],
	["fromAll().foreachStream().outputState()", "outputState"],
	["fromStream('a').foreachStream()", "foreachStream"],
	["fromAll().when({ $init: () => ({ n: 0 }), A(s) { s.m++ } })", "'m'"],
	["fromAll().when({ A(s, e) { e.sequence } })", "sequence"],
	["fromAll().when({ A() { emit('a', 'b', 'c') } })", "string"],
	["options({ speed: 1 })", "speed"],
])("%s is refused", (text, word) => {
	expect(refusal("wrong.js", text)).toContain(word);
});

test.each(samples)("%s runs", async (name) => {
	const { run, script } = await tryScript(scripts, readFileSync(join(SAMPLES, name), "utf8"));
	const data = JSON.stringify({ amount: 70, customer: "c" });
	const events = [0, 1, 2, 3].map((at) =>
		eventAt(at, { type: "OrderPlaced", stream: "order-1", data }),
	);
	const outcome = await run(events, { results: "last" });
	expect(outcome).toMatchObject({ done: 4, handled: 4 });
	expect(outcome.results).toHaveLength(1);
	await script.close();
});
