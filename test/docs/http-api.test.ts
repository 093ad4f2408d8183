/**
 * docs/http-api.md: its commands are run as they stand there, one after the other on a fresh log,
 * and each answer is what the page shows. `npm run docs` writes the answers anew.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScreens } from "../../admin/index.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { operations } from "../http/openapi/document.ts";
import { ROOT } from "../structure/source.ts";
import { idsIn, shown } from "./shown.ts";

const FILE = join(ROOT, "docs/http-api.md");
const BASE = "http://127.0.0.1:2113";
/** A command, and the answer below it. */
const EXCHANGE = /^```sh\n([\s\S]*?)^```\n\n```http\n([\s\S]*?)^```$/gm;
/** Where an answer without an end has shown enough: behind the third event. */
const ENOUGH = /^id: 2\n(?:.+\n)+\n|"last":-1\}\n\n/m;

const page = readFileSync(FILE, "utf8");
const exchanges = [...page.matchAll(EXCHANGE)].map(([, command = "", answer = ""]) => ({
	command,
	answer,
}));

describe("docs/http-api.md", () => {
	let servers: Servers;
	let answers: string[];

	beforeAll(async () => {
		servers = await startServers({ publicUrl: BASE }, createScreens());
		answers = [];
		const known = new Set<string>();
		for (const { command } of exchanges) {
			for (const id of idsIn(command)) known.add(id);
			answers.push(shown(await run(command), known, answers.length === 0));
		}
		if (process.env.VARVE_DOCS === "write") write(answers);
	});
	afterAll(() => servers.close());

	test.each(exchanges.map(({ command }, index) => [command.trim(), index] as const))(
		"%s",
		(_, index) => {
			const expected = exchanges[index]?.answer;
			if (process.env.VARVE_DOCS !== "write") expect(answers[index]).toBe(expected);
		},
	);

	test("shows every resource, with every method it has", () => {
		const commands = exchanges.map(({ command }) => command.replaceAll("%24all", "$all"));
		const missing = operations().filter(({ path, method }) => {
			// The parameters that hold slashes.
			const url = path
				.replace("{tile}", "0/000.p/2")
				.replace("{path}", "es/writer")
				.split(/\{\w+\}/)
				.map((literal) => literal.replace(/[$.]/g, "\\$&"))
				.join("[^/? ']+");
			const called = new RegExp(`${BASE.replaceAll(".", "\\.")}${url}(?=[?'\\s]|$)`);
			return !commands.some((one) => methodOf(one) === method && called.test(one));
		});
		expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
	});

	/** @returns what the command prints; of one that never ends, what it prints first */
	function run(command: string): Promise<string> {
		const script = command.replaceAll(BASE, servers.url).replace(/^curl /, "exec curl -sS ");
		const child = spawn("bash", ["-euc", script], { stdio: ["ignore", "pipe", "inherit"] });
		return new Promise((resolve) => {
			let text = "";
			child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
				text += chunk;
				if (command.includes(" -N ") && ENOUGH.test(text)) child.kill();
			});
			child.on("close", () => resolve(text));
		});
	}
});

function methodOf(command: string): string {
	const [, named] = /-X (\w+)/.exec(command) ?? [];
	if (named !== undefined) return named;
	return / -d | --data-binary /.test(command) ? "POST" : "GET";
}

function write(answers: readonly string[]): void {
	let index = 0;
	const written = page.replace(EXCHANGE, (_, command: string) => {
		return `\`\`\`sh\n${command}\`\`\`\n\n\`\`\`http\n${answers[index++]}\`\`\``;
	});
	writeFileSync(FILE, written);
}
