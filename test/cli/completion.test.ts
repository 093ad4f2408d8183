/**
 * The scripts of `varve completion`, run by the shells themselves. A shell that this machine does
 * not have is skipped.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VERBS } from "../../src/cli/main.ts";
import { varve } from "./varve.ts";

const has = (shell: string) => spawnSync(shell, ["-c", "exit 0"]).status === 0;
const where = (shell: string) => (has(shell) ? describe : describe.skip);

let folder = "";
const scripts: Record<string, string> = {};
beforeAll(async () => {
	for (const shell of ["bash", "zsh", "fish"])
		scripts[shell] = (await varve(["completion", shell])).stdout;
	folder = mkdtempSync(join(tmpdir(), "varve-completion-"));
	writeFileSync(join(folder, "a file.ndjson"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is typed, word by word, and what the shell offers for the last one. */
const OFFERS: [string[], string[]][] = [
	[["se"], ["serve"]],
	[
		["help", "re"],
		["read", "redact", "restore"],
	],
	[
		["scavenge", "st"],
		["start", "stop", "status"],
	],
	[
		["completion", ""],
		["bash", "zsh", "fish"],
	],
	[["serve", "--checkp"], ["--checkpoints"]],
	[
		["serve", "--info-state", ""],
		["leader", "master"],
	],
	[
		["append", "s", "--expected-version", ""],
		["any", "none", "exists"],
	],
	[["append", "s", "--type", ""], []],
	[["follow", "s", "--checkpoint", "a"], ["a file.ndjson"]],
	[["import", "a"], ["a file.ndjson"]],
	[["read", "s", "--unt"], ["--until"]],
];

where("bash")("bash", () => {
	test.each(OFFERS)("for %j offers %j", (words, offers) => {
		const typed = ["varve", ...words].map((word) => `'${word}'`).join(" ");
		const program = `${scripts.bash}
			COMP_WORDS=(${typed}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _varve
			((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`;
		expect(linesOf("bash", ["--norc", "-c", program]).sort()).toEqual(offersOf(words, offers));
	});

	test("completes the value after an equals sign, which bash makes a word", () => {
		for (const typed of ["--info-state = m", "--info-state ="]) {
			const program = `${scripts.bash}
				COMP_WORDS=(varve serve ${typed}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _varve
				printf '%s\\n' "\${COMPREPLY[@]}"`;
			expect(linesOf("bash", ["--norc", "-c", program])).toContain("master");
		}
	});
});

where("zsh")("zsh", () => {
	// The functions of its completion system say what they are given.
	const STANDINS = `
		compdef() { : }
		compset() { words[CURRENT]=\${words[CURRENT]#*=} }
		compadd() { shift; print -rl -- $@ }
		_describe() { [[ $1 == -o ]] && shift; print -rl -- \${(P)2%%:*} }
		_files() { print -rl -- *(N) }
	`;
	test.each(OFFERS)("for %j offers %j", (words, offers) => {
		const typed = ["varve", ...words].map((word) => `'${word}'`).join(" ");
		const program = `${STANDINS}\n${scripts.zsh}\nwords=(${typed}); CURRENT=$#words; _varve`;
		const last = words.at(-1) ?? "";
		const offered = linesOf("zsh", ["-f", "-c", program]).filter((line) => line.startsWith(last));
		expect(optionsLeftOut(offered, last).sort()).toEqual([...offers].sort());
	});
});

where("fish")("fish", () => {
	test.each(OFFERS)("for %j offers %j", (words, offers) => {
		const line = ["varve", ...words].join(" ");
		const program = `${scripts.fish}\ncomplete -C ${JSON.stringify(line)}`;
		const offered = linesOf("fish", ["--no-config", "-c", program]);
		const names = offered.map((text) => text.replace(/\t.*/, "").replaceAll("\\ ", " "));
		expect(optionsLeftOut(names, words.at(-1) ?? "").sort()).toEqual([...offers].sort());
	});
});

describe("every script", () => {
	test.each(["bash", "zsh", "fish"])("of %s names every verb and every option", (shell) => {
		const stdout = scripts[shell] ?? "";
		for (const { name, options } of VERBS) {
			expect(stdout).toContain(name);
			for (const { flag, isOffCommandLine } of options) {
				const isOffered = new RegExp(`(--|-l )${flag}\\b`).test(stdout);
				expect([flag, isOffered]).toEqual([flag, !isOffCommandLine]);
			}
		}
	});

	test.each([[[]], [["tcsh"]]])("of an unknown shell is refused: %j", async (shell) => {
		const { code, stdout, stderr } = await varve(["completion", ...shell]);
		expect([code, stdout]).toEqual([2, ""]);
		expect(stderr).toContain("name one of bash, zsh, fish");
	});
});

/** In a folder with one file; what the shell itself complains of fails the test. */
function linesOf(shell: string, args: string[]): string[] {
	const env = { PATH: process.env.PATH, HOME: folder };
	const stdio = ["ignore", "pipe", "inherit"] as const;
	const printed = execFileSync(shell, args, { cwd: folder, env, stdio: [...stdio] });
	return printed.toString().split("\n").filter(Boolean);
}

/** bash offers options beside the words of an operand, even before a dash is typed. */
function offersOf(words: string[], offers: string[]): string[] {
	const all = words[0] === "completion" ? [...offers, "--help"] : offers;
	return [...all].sort();
}

/** zsh and fish offer options only after a dash, or as a group of its own. */
function optionsLeftOut(offered: string[], last: string): string[] {
	return last.startsWith("-") ? offered : offered.filter((text) => !text.startsWith("-"));
}
