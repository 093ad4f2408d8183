/**
 * docs/generated-clients.md: the programs that stand there compile in strict mode with what the
 * generators make of openapi.json, and do what they say. A normal run has the client that needs no
 * generator. The generators, and the compiler of theirs, are large: `npm run clients` installs them
 * in folders that are removed again.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Server, startServer } from "../examples/processes.ts";
import { ROOT } from "../structure/source.ts";

const COMPILER_OPTIONS = {
	target: "es2022",
	module: "nodenext",
	lib: ["es2023", "dom", "dom.iterable"],
	types: ["node"],
	strict: true,
	skipLibCheck: true,
};
/** A development dependency of ours. */
const INSTALLED = "openapi-client-axios";

const page = readFileSync(join(ROOT, "docs/generated-clients.md"), "utf8");
/** One for each client: its commands, what it reads its settings from, and the program. */
const sections = page.split(/^## /m).filter((section) => section.includes("\n```ts "));

let folder: string;
let server: Server;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "varve-clients-"));
	server = await startServer(join(folder, "data"));
});
afterEach(async () => {
	await server?.stop();
	rmSync(folder, { recursive: true, force: true });
});

const all = process.env.VARVE_CLIENTS === "yes";
const named = sections.map((section) => [section.split("\n")[0] ?? "", section] as const);
for (const [name, section] of named) {
	const isTried = all || name === INSTALLED;
	(isTried ? test : test.skip)(
		`${name} compiles, and appends, is refused, reads and deletes${isTried ? "" : " (npm run clients)"}`,
		() => tryClient(section),
		300_000,
	);
}

function tryClient(section: string): void {
	const files = [...section.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)];
	for (const [, file = "", text = ""] of files) writeFileSync(join(folder, file), text);
	const program = files.find(([, file = ""]) => file.endsWith(".ts"))?.[1] ?? "";
	writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
	writeFileSync(
		join(folder, "tsconfig.json"),
		JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: [program] }),
	);
	if (all) {
		run(`npm install --offline ${ROOT}`);
		run("npm install --save-dev typescript@5 @types/node@20");
		run(/^```sh\n([\s\S]*?)^```$/m.exec(section)?.[1] ?? "");
	} else {
		symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
	}
	run("node_modules/.bin/tsc --project .");

	const printed = run(`VARVE_URL=${server.url} node ${program.replace(/ts$/, "js")}`);
	expect(printed.split("\n")).toEqual([
		`201 ${server.url}/streams/order%2342/0`,
		"400 urn:varve:problem:wrong-expected-version Stream 'order#42' is at version 0; version 7 was expected. Read it, decide again, and send ES-ExpectedVersion: 0.",
		'{"total":7}',
		"204",
		"",
	]);
}

function run(command: string): string {
	const done = spawnSync("bash", ["-euc", command], { cwd: folder, encoding: "utf8" });
	const output = done.status === 0 ? "" : done.stdout + done.stderr;
	expect([command, done.status, output]).toEqual([command, 0, ""]);
	return done.stdout;
}
