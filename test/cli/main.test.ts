import { VERBS } from "../../src/cli/main.ts";
import { environmentName } from "../../src/options.ts";
import { varve } from "./varve.ts";

describe("the command line", () => {
	test.each([[[]], [["--help"]], [["-h"]], [["help"]]])("lists its verbs for %j", async (args) => {
		const { code, stdout } = await varve(args);
		expect(code).toBe(0);
		for (const verb of VERBS) expect(stdout).toContain(verb.summary);
	});

	test.each([[["version"]], [["--version"]], [["-v"]]])(
		"prints its version for %j",
		async (args) => {
			expect((await varve(args)).stdout).toMatch(/^varve \d+\.\d+\.\d+\n$/);
		},
	);

	test.each(VERBS.map((verb) => verb.name))("explains every option of %s", async (name) => {
		const { stdout, code } = await varve([name, "--help"]);
		expect(code).toBe(0);
		expect((await varve(["help", name])).stdout).toBe(stdout);
		for (const option of VERBS.find((verb) => verb.name === name)?.options ?? []) {
			if (!option.isOffCommandLine) expect(stdout).toContain(`--${option.flag}`);
			if (!option.perCall) expect(stdout.replace(/\s+/g, " ")).toContain(environmentName(option));
		}
		for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
	});

	test("refuses an unknown verb and names the nearest", async () => {
		expect(await varve(["imprt"])).toMatchObject({
			code: 2,
			stderr: "varve: unknown verb imprt; did you mean import?\nTry: varve --help\n",
		});
	});

	test("refuses an unknown option and names the nearest", async () => {
		expect(await varve(["read", "s", "--form", "3"])).toMatchObject({
			code: 2,
			stderr: "varve: unknown --form; did you mean --from?\nTry: varve read --help\n",
		});
	});

	test("refuses an unknown variable, whatever the verb", async () => {
		const { code, stderr } = await varve(["read", "s"], { VARVE_ULR: "http://x" });
		expect(code).toBe(2);
		expect(stderr).toContain("unknown variable VARVE_ULR; did you mean VARVE_URL?");
	});

	test("takes a variable of another verb for no mistake", async () => {
		const { stderr } = await varve(["import", "/nowhere"], { VARVE_CACHE_BYTES_MAX: "1MB" });
		expect(stderr).toBe("varve: /nowhere: no such file or directory\n");
	});

	test.each([
		[["append"], "STREAM is missing: name the stream to append to"],
		[["append", "s"], "--type is missing: name the event's type"],
		[["append", "s", "--type", "T", "--data", "{'a':1}"], "--data is not JSON"],
		[["append", "s", "--type", "T", "--id", "7"], "it is not a UUID"],
		[["append", "s", "--type", "T", "--expected-version", "-1"], "any, none or exists"],
		[["read"], "STREAM is missing: name the stream to read"],
		[["read", "a", "b"], "unexpected b: varve read takes only STREAM"],
	])("refuses %j", async (args, words) => {
		const { code, stderr } = await varve(args);
		expect(code).toBe(2);
		expect(stderr).toContain(words);
	});

	test("says in one line that no server answers", async () => {
		const args = ["append", "s", "--type", "T", "--url", "http://127.0.0.1:3"];
		expect(await varve(args)).toMatchObject({
			code: 1,
			stderr: "varve: nothing answers at 127.0.0.1:3; is the server running?\n",
		});
	});
});
