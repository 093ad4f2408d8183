/** `varve tail` and `varve open`, on a real server, in a pipe and on a terminal. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cutEnd, fitted, fittedName, harmless, widthOf } from "../../src/cli/terminal/cells.ts";
import {
	newDirectory,
	removeDirectories,
	type Server,
	start,
	startServer,
	until,
	varve,
} from "./varve.ts";

const BIN = fileURLToPath(new URL("../../bin/varve", import.meta.url));
/** Of util-linux: it gives a command a terminal of its own. */
const hasTerminal = String(spawnSync("script", ["--version"]).stdout).includes("util-linux");
const onTerminal = hasTerminal ? test : test.skip;

let server: Server;
const run = (...args: string[]) => varve(args, { VARVE_URL: server.url });

async function append(stream: string, type: string, body: string): Promise<void> {
	const answer = await fetch(`${server.url}/streams/${encodeURIComponent(stream)}`, {
		method: "POST",
		headers: {
			"Content-Type": "application/json",
			"ES-EventType": type,
			"ES-EventId": crypto.randomUUID(),
		},
		body,
	});
	expect(answer.status).toBe(201);
}

/** Runs varve on a terminal that is so wide. @returns what it wrote there, in lines */
async function shown(columns: number, args: string, env: Record<string, string> = {}) {
	const given = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
	const program = `${given.join(" ")} "${process.execPath}" "${BIN}" ${args}`;
	const command = `stty cols ${columns} rows 30; ${program}`;
	const child = spawn("script", ["-qec", command, "/dev/null"], {
		env: { PATH: process.env.PATH, TERM: "xterm", VARVE_URL: server.url },
	});
	let text = "";
	child.stdout.on("data", (chunk) => {
		text += chunk;
	});
	await once(child, "close");
	return text.split("\r\n").filter((line) => line !== "");
}

const HOSTILE = "odd-\u202e\u00ad/last-piece.txt";

beforeAll(async () => {
	server = await startServer();
	await append("order-1", "OrderPlaced", '{"total":1.10,\n "who":"Ana"}');
	await append("order-1", "OrderPaid", '{"by":"長い名前"}');
	await append(HOSTILE, "Named", '{"text":"\\u001b[31m and \u202e"}');
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

describe("varve tail in a pipe", () => {
	test("prints a line an event, with tabs between fields and all of the data", async () => {
		const { code, stdout } = await run("tail", "--no-follow");
		expect(code).toBe(0);
		const fields = stdout
			.trimEnd()
			.split("\n")
			.map((line) => line.split("\t"));
		expect(fields.map(([, ...rest]) => rest)).toEqual([
			["0", "order-1/0", "OrderPlaced", '{"total":1.10, "who":"Ana"}'],
			["1", "order-1/1", "OrderPaid", '{"by":"長い名前"}'],
			["2", "odd-\\u202e\\u00ad/last-piece.txt/0", "Named", '{"text":"\\u001b[31m and \\u202e"}'],
		]);
		expect(fields[0]?.[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);
	});

	test("begins with as many of the newest as asked, and then shows new ones", async () => {
		const tail = start(["tail", "order-1", "--lines", "1"], { VARVE_URL: server.url });
		await until(() => tail.stdout().includes("OrderPaid"), "the newest event");
		expect(tail.stdout()).not.toContain("OrderPlaced");
		await append("order-1", "OrderShipped", "{}");
		await until(() => tail.stdout().includes("order-1/2\tOrderShipped"), "the next event");
		tail.child.kill("SIGINT");
		expect(await tail.finished).toMatchObject({ code: 0, stderr: "" });
	});

	test("waits for a stream that is not there yet", async () => {
		const tail = start(["tail", "later-1"], { VARVE_URL: server.url });
		const said = "varve: later-1 has no events; waiting for the first one\n";
		await until(() => tail.stderr() === said, "the word that it waits");
		await append("later-1", "First", '"one"');
		await until(() => tail.stdout().includes("later-1/0\tFirst"), "the first event");
		tail.child.kill("SIGTERM");
		expect((await tail.finished).code).toBe(0);
	});
});

describe("varve tail on a terminal", () => {
	onTerminal("shows a table in colours that fits the width", async () => {
		const lines = await shown(60, "tail order-1 --no-follow --lines 2");
		expect(lines.join("\n")).toContain("\u001b[34m");
		// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours begin
		const plain = lines.map((line) => line.replace(/\u001b\[\d*m/g, ""));
		expect(plain[1]).toMatch(/^Time, UTC +No\. +Type +Data$/);
		expect(
			plain
				.slice(2)
				.map(widthOf)
				.every((width) => width <= 60),
		).toBe(true);
	});

	onTerminal("has no colours if NO_COLOR is set, and nothing a terminal acts on", async () => {
		const lines = await shown(160, "tail --no-follow", { NO_COLOR: "1" });
		expect(lines.join("")).not.toMatch(/(?! )[\p{C}\p{Z}]/u);
		expect(lines.join("\n")).toMatch(
			/last-piece.txt +Named +\{"text":"\\u001b\[31m and \\u202e"\}/,
		);
	});
});

describe("varve streams on a terminal", () => {
	onTerminal("shows a table in colours that fits the width, in a pipe names alone", async () => {
		const lines = await shown(100, "streams");
		// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours begin
		expect(lines.join("\n")).toMatch(/\u001b\[3\dmOrderShipped/);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours begin
		const plain = lines.map((line) => line.replace(/\u001b\[\d*m/g, ""));
		expect(plain[0]).toMatch(/^Stream +Events +Size +Changed, UTC +Last event$/);
		const order = plain.find((line) => line.startsWith("order-1 "));
		expect(order).toMatch(/^order-1 +3 +\d+ B +\d{4}-\d\d-\d\d \d\d:\d\d +OrderShipped$/);
		expect(plain.join("\n")).toContain("odd-\\u202e\\u00ad/last-piece.txt");
		const narrow = await shown(50, "streams odd", { NO_COLOR: "1" });
		expect(narrow.every((line) => widthOf(line) <= 50)).toBe(true);
		expect(narrow.join("\n")).toContain("piece.txt");
		expect((await run("streams", "order-")).stdout).toBe("order-1\n");
	});
});

describe("varve open", () => {
	test("prints the URL of the overview, a stream, an event", async () => {
		const printed = async (...args: string[]) => (await run("open", ...args)).stdout;
		expect(await printed()).toBe(`${server.url}/\n`);
		expect(await printed("a/b $'x'", "3")).toBe(`${server.url}/streams/a%2Fb%20%24%27x%27/3\n`);
		const event = (await printed("$all", "2")).trimEnd();
		const page = await fetch(event, { headers: { Accept: "text/html" } });
		expect(await page.text()).toContain("last-piece.txt");
	});

	test("refuses a version that is none, and a URL for a name", async () => {
		const refused = await run("open", "order-1", "-1x");
		expect(refused).toMatchObject({ code: 2, stdout: "" });
		expect((await run("open", server.url)).stderr).toContain("is a name, not a URL");
	});

	onTerminal("opens the page with the program of the system, as one argument", async () => {
		const folder = newDirectory();
		const said = join(folder, "said");
		for (const name of ["xdg-open", "open"]) {
			const opener = `#!/bin/sh\nprintf '%s\\n' "$#" "$1" > '${said}.part'\nmv '${said}.part' '${said}'\n`;
			writeFileSync(join(folder, name), opener);
			chmodSync(join(folder, name), 0o755);
		}
		const PATH = `${folder}:${process.env.PATH}`;
		expect(await shown(80, "open 'a;b $(x)'", { PATH })).toEqual([
			`${server.url}/streams/a%3Bb%20%24%28x%29`,
		]);
		await until(() => existsSync(said), "the opener");
		expect(readFileSync(said, "utf8")).toBe(`1\n${server.url}/streams/a%3Bb%20%24%28x%29\n`);
	});

	onTerminal("says that there is no such program, and has printed the URL", async () => {
		const lines = await shown(80, "open", { PATH: newDirectory() });
		expect(lines).toEqual([`${server.url}/`, expect.stringContaining("is not there to open it")]);
	});
});

describe("cells of a terminal", () => {
	test("count wide characters twice, and marks on a character not at all", () => {
		expect(["abc", "長い", "e\u0301", "🙂"].map(widthOf)).toEqual([3, 4, 1, 2]);
	});

	test.each([
		["abcdef", 4, "abc…", "ab…f"],
		["長い名前", 5, "長い…", "長…前"],
		["ab", 4, "ab  ", "ab  "],
	])("%s in %i cells", (text, width, cut, name) => {
		expect([fitted(text, width), fittedName(text, width)]).toEqual([cut, name]);
		expect(widthOf(fittedName(text, width))).toBe(width);
	});

	test("a long text is not read to its end", () => {
		expect(cutEnd("x".repeat(4 * 1024 * 1024), 10)).toBe(`${"x".repeat(9)}…`);
		expect(harmless("a\tb\n")).toBe("a\\u0009b\\u000a");
	});
});

test("a server says first where its overview is", () => {
	expect(server.greeting).toMatch(/^Varve listens on http:\S+\nOpen that in a browser /);
});
