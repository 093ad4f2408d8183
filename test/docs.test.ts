import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { VERBS } from "../src/cli/main.ts";
import { OPTIONS } from "../src/config.ts";
import { environmentName, sizeText } from "../src/options.ts";
import { type Server, startServer } from "./examples/processes.ts";
import { filesIn, ROOT } from "./structure/source.ts";

const readme = read("README.md");

describe("README.md", () => {
	let directory: string;
	let server: Server;

	beforeAll(async () => {
		directory = mkdtempSync(join(tmpdir(), "varve-readme-"));
		server = await startServer(join(directory, "data"));
	});

	afterAll(async () => {
		await server?.stop();
		rmSync(directory, { recursive: true, force: true });
	});

	// One after the other, as a newcomer would paste them.
	test("every command of the first minute works when pasted, and does what the text says", () => {
		const [append, read, conflict, indexes, commands] = runnable(readme).map(paste);
		expect(append).toMatch(/^HTTP\/1.1 201 Created/);
		expect(paste(runnable(readme)[0] ?? "")).toMatch(/Location: .*\/streams\/order-42\/0\r\n/);

		expect(read).toContain("application/atom+xml");
		expect(read).toContain("max-age=31536000, public, immutable");
		expect(read).toContain('"{\\"total\\":1.10}"');
		expect(read).toMatch(/\{"total":1\.10\}\n*$/);
		expect(conflict).toMatch(
			/^HTTP\/1.1 400 Wrong expected EventNumber\r\nES-CurrentVersion: 1\r\n/,
		);
		expect(indexes?.match(/"eventType":"OrderPaid"/g)).toHaveLength(3);
		expect(commands).toMatch(/"version":2.*\n(\{.*\}\n){3}$/);
	});

	test("each form a stream is to be had as is what its command gets", () => {
		const commands = [...readme.matchAll(/^\| .* \| `curl (.*)` \|$/gm)].map(
			([, command]) => command,
		);
		// Server-sent events never end by themselves.
		const types = commands.map((command = "") =>
			paste(`curl -so /dev/null -w '%{content_type}' ${command.replace(/^-N /, "-I ")}`),
		);
		expect(types.map((type) => type.replace("; charset=utf-8", ""))).toEqual([
			"application/x-ndjson",
			"text/event-stream",
			"application/cloudevents-batch+json",
			"application/feed+json",
			"application/atom+xml",
			"application/atomsvc+xml",
		]);
	});

	test("its table of limits agrees with the options", () => {
		const limit = (name: string) => Number(OPTIONS.find((option) => option.name === name)?.default);
		expect(readme).toContain(
			`up to ${sizeText(limit("eventBytesMax")).replace("M", " M")} of data`,
		);
		expect(readme).toContain(
			`up to ${limit("eventsPerAppendMax").toLocaleString("en")} events and`,
		);
		expect(readme).toContain(
			`and ${sizeText(limit("bodyBytesMax")).replace("M", " M")}, to one stream`,
		);
		expect(readme).toContain(`and ${sizeText(limit("pageBytesMax")).replace("M", " M")}; links`);
	});

	test("it names every verb and every folder of the product", () => {
		for (const { name } of VERBS) expect(readme).toContain(`\`${name}\``);
		const folders = new Set(
			filesIn("src").flatMap((path) => path.match(/^src\/[^/]+(?=\/)/) ?? []),
		);
		for (const folder of folders) expect(readme).toContain(`\`${folder}/\``);
	});

	test("it has at most 150 lines", () => {
		expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(150);
	});

	function paste(command: string): string {
		const script = command.replaceAll("http://127.0.0.1:2113", server.url);
		const env = { ...process.env, VARVE_URL: server.url };
		const done = spawnSync("bash", ["-euc", script], { cwd: ROOT, env, encoding: "utf8" });
		expect(`${done.status} ${done.status === 0 ? "" : done.stderr}`).toBe("0 ");
		return done.stdout;
	}
});

describe("a first start", () => {
	test("decides for each package whether its install script runs, so that npm asks nothing", () => {
		type Lock = { packages: Record<string, { hasInstallScript?: true; optional?: true }> };
		const { packages } = JSON.parse(read("package-lock.json")) as Lock;
		const { allowScripts } = JSON.parse(read("package.json")) as { allowScripts: object };
		const scripted = Object.entries(packages)
			.filter(([, { hasInstallScript }]) => hasInstallScript)
			.map(([path]) => path.replace(/^.*node_modules\//, ""));
		expect(Object.keys(allowScripts).sort()).toEqual([...new Set(scripted)].sort());
	});
});

describe("docs/", () => {
	test("options.md has every option of the server as the code has it", () => {
		const documented = read("docs/options.md").match(/^\| `--.*$/gm);
		expect(documented).toEqual(
			OPTIONS.map((option) => {
				const value = defaultText(option);
				const cell = value === "" ? "" : `\`${value}\``;
				return `| \`--${option.flag}\` | \`${environmentName(option)}\` | ${cell} | ${option.help} |`;
			}),
		);
	});

	test("problems.md has every refusal with its status and its facts", () => {
		const documented = [
			...read("docs/problems.md").matchAll(/^\| `(.+?)` \| (\d+) \|.*\| (.*)\|$/gm),
		];
		const rows = documented.map(([, word, status, facts]) => ({
			word,
			status,
			facts: [...(facts ?? "").matchAll(/`(\w+)`/g)].map(([, fact]) => fact),
		}));
		const statuses = statusOfWord();
		const expected = factsOfWord().map(({ word, facts }) => ({
			word,
			status: statuses.get(word),
			facts,
		}));
		expect(rows).toEqual(expected);
	});

	test("decisions are numbered without gaps and have their three parts", () => {
		const decisions = filesIn("docs/decisions");
		decisions.forEach((path, index) => {
			const number = String(index + 1).padStart(4, "0");
			expect(path).toMatch(new RegExp(`/${number}-[a-z0-9-]+\\.md$`));
			const text = read(path);
			for (const part of ["Context", "Decision", "Consequences"]) {
				expect(`${path}: ${text.includes(`\n**${part}.** `) ? part : "missing"}`).toBe(
					`${path}: ${part}`,
				);
			}
		});
	});

	test("a link to a file of the project leads to one", () => {
		const pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
		for (const page of [...pages, ...filesIn("docs"), ...filesIn("examples")]) {
			if (!page.endsWith(".md")) continue;
			for (const [, target = ""] of read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
				const there = existsSync(join(ROOT, dirname(page), target));
				expect(`${page} → ${target}: ${there ? "there" : "missing"}`).toMatch(/there$/);
			}
		}
	});

	test("a source file the documents name exists", () => {
		for (const page of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]) {
			for (const [, path = ""] of read(page).matchAll(/`((?:src|feeds|test|bin)\/[\w./-]*)`/g)) {
				const there = existsSync(join(ROOT, path));
				expect(`${page} → ${path}: ${there ? "there" : "missing"}`).toMatch(/there$/);
			}
		}
	});
});

/** The blocks marked as runnable: ```sh run */
function runnable(text: string): string[] {
	return [...text.matchAll(/^```sh run\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? "");
}

function read(path: string): string {
	return readFileSync(join(ROOT, path), "utf8");
}

function defaultText(option: (typeof OPTIONS)[number]): string {
	if (option.default === undefined) return "";
	if (option.kind === "yes-no") return option.default ? "yes" : "no";
	return option.kind === "bytes" ? sizeText(Number(option.default)) : String(option.default);
}

/** From the source, as types leave nothing behind to be asked. */
function factsOfWord(): { word: string; facts: string[] }[] {
	const [requests = ""] = read("src/errors.ts").split("export type StartRefusals");
	return [...requests.matchAll(/^\t"?([a-z-]+)"?: (?:\{(.*)\}|Record<never, never>);$/gm)].map(
		([, word = "", facts = ""]) => ({
			word,
			facts: [...facts.matchAll(/(\w+)\??:/g)].map(([, fact]) => fact ?? ""),
		}),
	);
}

function statusOfWord(): Map<string, string> {
	const tables = ["src/http/answering/problems.ts", ...filesIn("src/http/answering/problems")]
		.map(read)
		.join("\n");
	const entries = tables.matchAll(/^\t"?([a-z-]+)"?: \{\s*status: (\d+)/gm);
	return new Map([...entries].map(([, word = "", status = ""]) => [word, status]));
}
