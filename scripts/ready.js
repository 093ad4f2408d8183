// Makes a checkout ready to run: installs the dependencies and builds, each only when something
// changed since the last time. What was installed and built is remembered as a hash of its inputs,
// so a second call costs a few milliseconds, and a pull or a branch switch is noticed. It says on
// stderr what it does, and that it still does it: without a terminal, npm is silent to its end.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** npm runs the install script of better-sqlite3 as a part of it. */
const INSTALLING =
	"installing dependencies, and compiling the database if there is no binary for this machine";

/** Longer than a build takes, and shorter than anybody waits for a word. */
const SAY_AGAIN_MS = 10_000;

await when("node_modules/.varve-installed", ["package-lock.json"], INSTALLING, [
	"npm",
	"ci",
	"--no-audit",
	"--no-fund",
]);
await when(
	"dist/.varve-built",
	["tsconfig.json", "package-lock.json", "src", "feeds", "admin"],
	"building",
	[process.execPath, "node_modules/typescript/bin/tsc", "-p", "."],
);
await when(
	"dist/admin/browser/.varve-built",
	["tsconfig.json", "admin/browser", "package-lock.json"],
	"building the scripts of the admin UI",
	[process.execPath, "node_modules/typescript/bin/tsc", "-p", "admin/browser"],
);
await when(
	"dist/bundle/.varve-built",
	["scripts/bundle.js", "tsconfig.json", "package-lock.json", "src", "feeds", "admin"],
	"bundling",
	[process.execPath, "scripts/bundle.js"],
);
await when(
	"client/dist/.varve-built",
	["tsconfig.json", "client/tsconfig.json", "package-lock.json", "feeds"],
	"building the client",
	[process.execPath, "node_modules/typescript/bin/tsc", "-p", "client"],
);

async function when(stamp, inputs, doing, [command, ...args]) {
	const stampFile = join(root, stamp);
	const hash = hashOf(inputs);
	if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash) return;
	say(`${doing} (this happens once)`);
	const startedAt = performance.now();
	const timer = setInterval(() => {
		const seconds = Math.round((performance.now() - startedAt) / 1000);
		say(`still ${doing.split(",")[0]}, for ${seconds} s`);
	}, SAY_AGAIN_MS);
	// The tools' own output goes to stderr, so that stdout stays the program's.
	const [code] = await once(spawn(command, args, { cwd: root, stdio: ["ignore", 2, 2] }), "exit");
	clearInterval(timer);
	if (code !== 0) process.exit(code ?? 1);
	mkdirSync(dirname(stampFile), { recursive: true });
	writeFileSync(stampFile, hash);
}

function say(line) {
	process.stderr.write(`varve: ${line}\n`);
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
