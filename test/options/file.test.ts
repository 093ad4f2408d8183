/** Settings and secrets in files: what they may hold, and which of two values counts. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OPTIONS, parseSettings } from "../../src/config.ts";
import { parseArguments, refuseUnknownVariables } from "../../src/options.ts";

const directory = mkdtempSync(join(tmpdir(), "varve-options-"));
const file = join(directory, "varve.json");
afterAll(() => rmSync(directory, { recursive: true }));

function settings(text: string, argv: string[] = [], env: Record<string, string> = {}) {
	writeFileSync(file, text);
	return parseSettings(["--config", file, ...argv], env);
}

function refusal(work: () => unknown) {
	try {
		work();
	} catch (error) {
		return (error as { facts: Record<string, unknown> }).facts;
	}
	return undefined;
}

describe("a file of settings", () => {
	test("gives every kind of value, under the names of the flags", () => {
		const text =
			'{ "port": 3000, "body-bytes-max": "2MiB", "check-reads": true, "data": "/there" }';
		const found = { port: 3000, bodyBytesMax: 2 * 1024 * 1024, checkReads: true, data: "/there" };
		expect(settings(text)).toMatchObject(found);
		expect(settings('{ "event-bytes-max": 2048, "upgrade-copy": "no" }')).toMatchObject({
			eventBytesMax: 2048,
			upgradeCopy: false,
		});
	});

	test("counts more than the default, less than a variable, and less than a flag", () => {
		const text = '{ "port": 1, "data": "file", "info-state": "master" }';
		const env = { VARVE_PORT: "2", VARVE_DATA: "variable" };
		expect(settings(text, ["--port", "3"], env)).toMatchObject({
			port: 3,
			data: "variable",
			infoState: "master",
			logLevel: "info",
		});
	});

	test("can be named by a variable", () => {
		writeFileSync(file, '{ "port": 7 }');
		expect(parseSettings([], { VARVE_CONFIG: file }).port).toBe(7);
	});

	test("may hold options of the server that a verb on a data directory does not have", () => {
		writeFileSync(file, '{ "port": 7, "data": "/there" }');
		const options = OPTIONS.filter(({ name }) => name === "data" || name === "config");
		const { values } = parseArguments(["--config", file], {}, options, OPTIONS);
		expect(values).toEqual({ config: file, data: "/there" });
	});

	test("says of each value where it came from, also when it is read again", () => {
		writeFileSync(file, '{ "port": 7, "log-level": "warn", "body-bytes-max": "2MiB" }');
		const env = { VARVE_LOG_LEVEL: "error", VARVE_SEARCH_MS: "20" };
		const call = parseArguments(["--config", file, "--body-bytes-max", "1MiB"], env, OPTIONS);
		const wanted = {
			config: "argument",
			bodyBytesMax: "argument",
			logLevel: "environment",
			searchMs: "environment",
			port: "file",
			host: "default",
		};
		expect(call.sources).toMatchObject(wanted);
		writeFileSync(file, "{}");
		expect(call.reread?.().sources).toMatchObject({ ...wanted, port: "default" });
	});

	test("is read again on request", () => {
		writeFileSync(file, '{ "port": 7 }');
		const call = parseArguments(["--config", file], {}, OPTIONS);
		writeFileSync(file, '{ "port": 8 }');
		expect([call.values.port, call.reread?.().values.port]).toEqual([7, 8]);
	});

	test.each<[string, string, RegExp]>([
		['{ "prot": 80 }', '"prot" in FILE', /undefined/],
		['{ "url": "http://a" }', '"url" in FILE', /undefined/],
		['{ "port": 80, "port": 80 }', '"port" in FILE', /given twice/],
		['{ "port": "eighty" }', '"port" in FILE', /whole number/],
		['{ "port": null }', '"port" in FILE', /must be a string, a number, true or false/],
		['{ "port": [80] }', '"port" in FILE', /must be a string, a number, true or false/],
		['{ "data": "" }', '"data" in FILE', /it is empty/],
		['{ "config": "other" }', '"config" in FILE', /cannot name another/],
		["", "--config", /not JSON: line 1, column 1/],
		['{\n "port": 80,\n}', "--config", /not JSON: line 3, column 1/],
		["[]", "--config", /one JSON object/],
		["80", "--config", /one JSON object/],
		[`{ "data": "${"x".repeat(1024 * 1024)}" }`, "--config", /longer than 1048576 bytes/],
	])("%.40s is refused", (text, option, reason) => {
		const facts = refusal(() => settings(text));
		expect(facts?.option).toBe(option.replace("FILE", file));
		expect(String(facts?.reason)).toMatch(reason);
	});

	test("names the nearest option for an unknown one", () => {
		expect(refusal(() => settings('{ "prot": 80 }'))?.nearest).toBe('"port"');
	});

	test("does not come out of a pipe that nobody writes into, and nobody waits for one", () => {
		const pipe = join(directory, "pipe");
		if (spawnSync("mkfifo", [pipe]).status !== 0) {
			console.warn("SKIPPED: a named pipe, mkfifo is not there");
			return;
		}
		expect(refusal(() => parseSettings(["--config", pipe], {}))?.reason).toMatch(/it is empty/);
	});

	test.each([
		["/nowhere/varve.json", "there is no such file"],
		[tmpdir(), "it is a directory"],
		["/dev/zero", "it is longer than 1048576 bytes"],
	])("%s cannot be one", (path, reason) => {
		expect(refusal(() => parseSettings(["--config", path], {}))).toMatchObject({
			option: "--config",
			value: path,
			reason,
		});
	});
});

describe("a secret in a file", () => {
	const secret = join(directory, "secret");
	const env = { VARVE_PURGE_URL_FILE: secret };
	const url = "http://user:s3cret@varnish:6081";

	test.each([url, `${url}\n`, `${url}\r\n`])("is %j without the line break at its end", (text) => {
		writeFileSync(secret, text);
		expect(parseSettings([], env).purgeUrl).toBe(url);
		expect(() => refuseUnknownVariables(env, OPTIONS)).not.toThrow();
	});

	test("counts less than the flag", () => {
		writeFileSync(secret, url);
		expect(parseSettings(["--purge-url", "http://a"], env).purgeUrl).toBe("http://a");
	});

	test.each<[string, RegExp]>([
		["", /the file is empty/],
		["\n", /the file is empty/],
		[`${url}\n\n`, /more than one line/],
		["a\u0000b", /control character/],
		["x".repeat(65 * 1024), /longer than 65536 bytes/],
		["ftp://user:s3cret@a", /must be a list of URLs/],
		["http://us/er:s3cret,@a", /must be a list of URLs/],
	])("%.20j is refused, and not shown", (text, reason) => {
		writeFileSync(secret, text);
		const facts = refusal(() => parseSettings([], env));
		expect(String(facts?.reason)).toMatch(reason);
		expect(JSON.stringify(facts)).not.toContain("s3cret");
	});

	test("is refused beside the variable itself, and if there is no file", () => {
		writeFileSync(secret, url);
		const both = { ...env, VARVE_PURGE_URL: url };
		expect(refusal(() => parseSettings([], both))?.reason).toMatch(/VARVE_PURGE_URL is set, too/);
		const none = { VARVE_PURGE_URL_FILE: "/nowhere" };
		expect(refusal(() => parseSettings([], none))?.reason).toBe("there is no such file");
	});

	test("is not shown of a URL that may have none", () => {
		const argv = ["--public-url", "http://user:s3c/ret,@a"];
		expect(refusal(() => parseSettings(argv, {}))?.value).toBe("http://***@a");
	});

	test("is offered for options that hold secrets, and for no others", () => {
		const facts = refusal(() => refuseUnknownVariables({ VARVE_LOG_LEVEL_FILE: "x" }, OPTIONS));
		expect(facts).toMatchObject({ option: "VARVE_LOG_LEVEL_FILE", nearest: "VARVE_LOG_LEVEL" });
	});
});
