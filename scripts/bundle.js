// Bundles what the command line, the server and its threads load into few files, `dist/bundle/`: a
// process then opens some tens of files in place of hundreds. Programs that import Varve as a
// library, and the tests of its parts, load the files of `dist/` one by one.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const bundle = join(dist, "bundle");

/** What is started or loaded by its file name. Each has the same place in `dist/bundle/` as in `dist/`. */
const ENTRIES = [
	"src/cli/signals",
	"src/cli/main",
	"src/log/sqlite/appending/writer",
	"src/log/sqlite/verify/thread",
	"src/log/sqlite/questions/child",
	"src/log/sqlite/questions/memory-watch",
	"src/projections/script/process/process",
	"src/projections/script/process/thread",
	"admin/index",
];

/** Stands for the way from a file of the bundle to `dist/`, which is known once it has its place. */
const UP = "<up>";

/** How a file says what it starts: a file of another name in its place. */
const STARTED = /import\.meta\.url\.replace\(\/(.+)\(\\\.\\w\+\)\$\/, "(.+)\$1"\)/;

/**
 * A file that starts or loads an entry looks for it in the bundle. All others find what lies beside
 * them, such as the code of the sandbox's guest, from where they stand in `dist/`.
 */
const whereFilesStand = {
	name: "where files stand",
	setup({ onLoad }) {
		onLoad({ filter: /\/(src|feeds|admin)\/.*\.ts$/ }, ({ path }) => {
			const text = readFileSync(path, "utf8");
			if (!text.includes("import.meta.url")) return undefined;
			const own = relative(root, path).replaceAll("\\", "/").replace(/\.ts$/, ".js");
			const [, here, there] = STARTED.exec(text) ?? [];
			const started = own.replace(new RegExp(`${here}\\.js$`), there);
			if (here !== undefined && !ENTRIES.includes(started))
				throw new Error(`${started}: name it in scripts/bundle.js, since ${own} starts it`);
			const place = /import\.meta\.url\.replace\(|import\(new URL/.test(text)
				? `bundle/${own}`
				: own;
			const url = `new URL("${UP}/${place}", import.meta.url).href`;
			return { contents: text.replaceAll("import.meta.url", url), loader: "ts" };
		});
	},
};

const { outputFiles } = await build({
	absWorkingDir: root,
	entryPoints: ENTRIES.map((entry) => `${entry}.ts`),
	outbase: root,
	outdir: bundle,
	bundle: true,
	splitting: true,
	packages: "external",
	platform: "node",
	format: "esm",
	target: "es2023",
	logLevel: "warning",
	write: false,
	plugins: [whereFilesStand],
});
// Written beside the old one, which processes may be loading.
const fresh = `${bundle}.new`;
rmSync(fresh, { recursive: true, force: true });
for (const { path, text } of outputFiles) {
	const file = join(fresh, relative(bundle, path));
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, text.replaceAll(UP, relative(dirname(path), dist).replaceAll("\\", "/")));
}
rmSync(bundle, { recursive: true, force: true });
renameSync(fresh, bundle);
