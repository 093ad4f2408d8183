// Makes a checkout ready to run: installs the dependencies and builds, each only when something
// changed since the last time. What was installed and built is remembered as a hash of its inputs,
// so a second call costs a few milliseconds, and a pull or a branch switch is noticed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

when("node_modules/.varve-installed", ["package-lock.json"], "installing dependencies", [
	"npm",
	"ci",
	"--no-audit",
	"--no-fund",
]);
when(
	"dist/.varve-built",
	["tsconfig.json", "package-lock.json", "src", "feeds", "admin"],
	"building",
	[process.execPath, "node_modules/typescript/bin/tsc", "-p", "."],
);
when(
	"dist/admin/browser/.varve-built",
	["tsconfig.json", "admin/browser", "package-lock.json"],
	"building the scripts of the admin UI",
	[process.execPath, "node_modules/typescript/bin/tsc", "-p", "admin/browser"],
);
when(
	"client/dist/.varve-built",
	["tsconfig.json", "client/tsconfig.json", "package-lock.json", "feeds"],
	"building the client",
	[process.execPath, "node_modules/typescript/bin/tsc", "-p", "client"],
);

function when(stamp, inputs, doing, [command, ...args]) {
	const stampFile = join(root, stamp);
	const hash = hashOf(inputs);
	if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash) return;
	process.stderr.write(`varve: ${doing} (this happens once)\n`);
	// The tools' own output goes to stderr, so that stdout stays the program's.
	const done = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
	if (done.status !== 0) process.exit(done.status ?? 1);
	mkdirSync(dirname(stampFile), { recursive: true });
	writeFileSync(stampFile, hash);
}

function hashOf(inputs) {
	const hash = createHash("sha256").update(process.version.split(".")[0]);
	for (const file of inputs.flatMap((input) => filesUnder(input))) {
		hash
			.update(file)
			.update("\0")
			.update(readFileSync(join(root, file)))
			.update("\0");
	}
	return hash.digest("hex");
}

function filesUnder(path) {
	if (/\.\w+$/.test(path)) return [path];
	return readdirSync(join(root, path), { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
		.sort();
}
