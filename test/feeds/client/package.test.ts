/** The package as its users get it: packed, and installed alone into an empty folder. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Servers, startServers } from "../../http/harness.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const hasNpm = spawnSync("npm", ["--version"]).status === 0;
if (!hasNpm) process.stdout.write("the package varve-client is not tried: there is no npm\n");

let folder: string;
let servers: Servers;
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "varve-client-"));
	servers = await startServers();
	if (!hasNpm) return;
	await run("npm", "pack", join(ROOT, "client"), "--pack-destination", folder, "--ignore-scripts");
	const [packed = ""] = readdirSync(folder);
	writeFileSync(join(folder, "package.json"), '{"name":"user","private":true,"type":"module"}');
	await run("npm", "install", `./${packed}`, "--offline", "--no-audit", "--no-fund");
});
afterAll(async () => {
	rmSync(folder, { recursive: true, force: true });
	await servers.close();
});

const PROGRAM = `
import { append, decide, readStream, WriteError, type NewEvent, type ReadEvent } from "varve-client";
import { identify, loadCheckpoint, saveCheckpoint } from "varve-client/position-file";

const order = { url: process.argv[2] ?? "", stream: "order-1" };
const placed: NewEvent = { type: "OrderPlaced", data: { total: 12 } };
await append(order, placed, { expected: "none" });
await append(order, placed, { expected: "none" }).catch((error: unknown) => {
	if (error instanceof WriteError) console.log(error.failure, error.current);
});
const paid = await decide<boolean>(order, {
	initial: false,
	evolve: (isPaid: boolean, event: ReadEvent) => isPaid || event.type === "OrderPaid",
	decide: (isPaid: boolean) => (isPaid ? [] : [{ type: "OrderPaid" }]),
});
console.log(paid.appended?.version);
const checkpoint = await identify(order);
for await (const event of readStream({ ...order, since: "2001-01-01T00:00:00Z", until: new Date("9999-01-01") })) {
	console.log(event.at, event.type);
	await saveCheckpoint("at", event.at, checkpoint);
}
console.log(await loadCheckpoint("at", checkpoint));
`;
/** Node's own fetch needs `Buffer`; the files of the package do not see it. */
const NO_BUFFER = `
const real = globalThis.Buffer;
Object.defineProperty(globalThis, "Buffer", {
	get: () => new Error().stack.split("\\n")[2].includes("/varve-client/") ? undefined : real,
});
`;
const PRINTED = "wrong-expected-version 0\n1\n0 OrderPlaced\n1 OrderPaid\n1\n";

(hasNpm ? describe : describe.skip)("varve-client, installed alone", () => {
	test("brings no other package along", () => {
		const installed = readdirSync(join(folder, "node_modules"));
		expect(installed.filter((name) => !name.startsWith("."))).toEqual(["varve-client"]);
	});

	test("has clean types in strict mode, for browsers and for Node.js", async () => {
		writeFileSync(join(folder, "program.ts"), PROGRAM);
		mkdirSync(join(folder, "web"));
		const web = PROGRAM.replace(/^import .*position-file.*$/m, "")
			.replace(/^.*[cC]heckpoint.*$/gm, "")
			.replace("process.argv[2]", "location.href");
		writeFileSync(join(folder, "web/program.ts"), web);
		const strict = ["--strict", "--skipLibCheck", "false", "--target", "es2023"];
		const modules = ["--module", "nodenext", "--exactOptionalPropertyTypes"];
		const node = ["--lib", "es2023", "--typeRoots", join(ROOT, "node_modules/@types")];
		await run(
			process.execPath,
			TSC,
			...strict,
			...modules,
			...node,
			"--types",
			"node",
			"program.ts",
		);
		const browser = ["--lib", "es2023,dom,dom.asynciterable", "--noEmit", "--types", ""];
		await run(process.execPath, TSC, ...strict, ...modules, ...browser, "web/program.ts");
	});

	test("runs", async () => {
		expect(await run(process.execPath, "program.js", servers.url)).toBe(PRINTED);
	});

	test("does what docs/client.md shows", async () => {
		const page = readFileSync(join(ROOT, "docs/client.md"), "utf8");
		const shown = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code]) => code).join("");
		writeFileSync(join(folder, "shown.mjs"), shown.replace("http://127.0.0.1:2113", servers.url));
		expect(await run(process.execPath, "shown.mjs")).toBe(SHOWN);
	});

	test("needs nothing of Node.js, except for its transport there and a position in a file", async () => {
		const files = readdirSync(join(folder, "node_modules/varve-client/dist"), {
			recursive: true,
			encoding: "utf8",
		});
		const needy = files
			.filter((name) => name.endsWith(".js"))
			.filter((name) => {
				const path = join(folder, "node_modules/varve-client/dist", name);
				return /from "(?![./])/.test(readFileSync(path, "utf8"));
			});
		expect(needy.sort()).toEqual([
			join("node", "fetch.js"),
			join("position", "position-file.js"),
			join("position", "slots.js"),
		]);
		const bare = PROGRAM.replace(/^import .*position-file.*$/m, "")
			.replace(/^.*[cC]heckpoint.*$/gm, "")
			.replace(/, type \w+/g, "")
			.replace(/: (?:unknown|boolean|ReadEvent|NewEvent)|<boolean>/g, "")
			.replaceAll("order-1", "order-2");
		writeFileSync(
			join(folder, "bare.mjs"),
			bare.replace("\nconst order", `${NO_BUFFER}const order`),
		);
		expect(await run(process.execPath, "bare.mjs", servers.url)).toBe(PRINTED.replace(/1\n$/, ""));
	});
});

/** What the programs of docs/client.md print, one behind another. */
const SHOWN = `0 OrderPlaced { total: 12 }
1 false
3 0 OrderPlaced
3 1 OrderPaid
`;

/** What the command prints; fails with what it says if it fails. */
async function run(command: string, ...args: string[]): Promise<string> {
	const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
	const [stdout, stderr, [code]] = await Promise.all([
		text(child.stdout),
		text(child.stderr),
		once(child, "close"),
	]);
	if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`);
	return stdout;
}
