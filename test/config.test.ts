import {
	environmentName,
	isLoopback,
	isOpen,
	OPTIONS,
	parseSettings,
	type Settings,
} from "../src/config.ts";
import { nearest } from "../src/nearest.ts";
import { refuseUnknownVariables } from "../src/options.ts";

/** The word and facts of what `work` is refused with. */
function refusalOf(work: () => unknown) {
	try {
		work();
	} catch (error) {
		const { word, facts } = error as { word: string; facts: Record<string, unknown> };
		return { word, ...facts };
	}
	return undefined;
}

const refused = (...argv: string[]) => refusalOf(() => parseSettings(argv, {}));

describe("settings", () => {
	test("are the defaults of the table where nothing is given", () => {
		const settings = parseSettings([], {});
		for (const option of OPTIONS) expect(settings[option.name]).toBe(option.default);
	});

	test("take a value after an equals sign or as the next argument", () => {
		expect(parseSettings(["--port=80"], {}).port).toBe(80);
		expect(parseSettings(["--port", "80"], {}).port).toBe(80);
	});

	test.each(OPTIONS.filter(({ kind }) => kind === "yes-no").map(({ flag, name }) => [flag, name]))(
		"of yes or no stand alone, or with a value of either form: --%s",
		(flag, name) => {
			const settingOf = (...argv: string[]) => parseSettings(argv, {})[name as keyof Settings];
			expect(settingOf(`--${flag}`)).toBe(true);
			expect(settingOf(`--${flag}`, "--port", "1")).toBe(true);
			for (const [word, value] of Object.entries({
				yes: true,
				no: false,
				ON: true,
				false: false,
			})) {
				expect(settingOf(`--${flag}=${word}`)).toBe(value);
				expect(settingOf(`--${flag}`, word)).toBe(value);
			}
			expect(settingOf(`--${flag}=0`)).toBe(false);
			expect(refused(`--${flag}=maybe`)).toMatchObject({ reason: "it must be yes or no" });
		},
	);

	test("prefer the flag to the environment and the environment to the default", () => {
		const env = { VARVE_PORT: "1111", VARVE_DATA: "/there" };
		expect(parseSettings(["--port", "2222"], env)).toMatchObject({ port: 2222, data: "/there" });
	});

	/** Options that are refused alone, with what they need. */
	const NEEDED: Record<string, Record<string, string>> = {
		"read-store": { VARVE_STORE: "postgres://varve@db.example/varve" },
		standby: { VARVE_STORE: "postgres://varve@db.example/varve" },
		"store-session": { VARVE_STORE: "postgres://varve@db.example/varve" },
		"tls-cert": { VARVE_TLS_KEY: "key.pem" },
		"tls-key": { VARVE_TLS_CERT: "cert.pem" },
		"tls-client-ca": { VARVE_TLS_CERT: "cert.pem", VARVE_TLS_KEY: "key.pem" },
	};

	test("can all be given in the environment", () => {
		const texts = { text: "127.0.0.9", "yes-no": "yes", url: "https://a/b" } as const;
		// Each of an issuer's needs these two.
		const issuer = { VARVE_OIDC_ISSUER: "https://a", VARVE_OIDC_AUDIENCE: "a" };
		// A file that is named has to be there: test/options has its tests.
		for (const option of OPTIONS.filter(({ name }) => name !== "config")) {
			const kind = option.kind;
			const words: Record<string, string> = {
				store: "postgres://varve@db.example/varve",
				"store-session": "postgres://varve@db.example/varve",
				"read-store": "postgres://varve@replica.example/varve",
				standby: "require",
				"cors-origin": "none",
				"cors-headers": "none",
				"purge-url": "http://a/b,http://u:p@c",
				"purge-method": "BAN",
				"purge-by": "urls",
				"on-write-failure": "exit",
				"info-state": "master",
				"log-format": "json",
				"log-level": "warn",
				tls: "off",
				"session-key": "0123456789abcdef0123456789abcdef",
				"push-key": "0123456789abcdef0123456789abcdef",
				"push-allow": "10.0.0.0/8",
				"oidc-groups": "a=b",
				"oidc-scope": "openid a",
			};
			const word = words[option.flag] ?? texts.text;
			const text =
				kind === "whole-number" || kind === "bytes"
					? String(option.max)
					: { ...texts, text: word }[kind];
			const needed = { ...issuer, ...NEEDED[option.flag] };
			const settings = parseSettings([], { ...needed, [environmentName(option)]: text });
			expect(String(settings[option.name])).toBe(kind === "yes-no" ? "true" : text);
		}
	});

	test.each([
		["--read-store", "postgres://varve@db.example/varve"],
		["--store-session", "postgres://varve@db.example/varve"],
		["--standby", "require"],
	])("refuse %s without --store", (flag, value) => {
		expect(refused(`${flag}=${value}`)).toMatchObject({
			word: "invalid-option",
			option: flag,
			reason: "it needs --store",
		});
	});

	test.each([
		["64MiB", 64 * 1024 * 1024],
		["64 mib", 64 * 1024 * 1024],
		["16MB", 16_000_000],
		["100kB", 100_000],
		["4096", 4096],
		["4096B", 4096],
	])("read %s as a number of bytes", (text, bytes) => {
		expect(parseSettings(["--body-bytes-max", text], {}).bodyBytesMax).toBe(bytes);
	});

	test.each(["64M", "1.5GB", "-1", "many", "", "999GiB", "1"])("refuse %j as a size", (text) => {
		expect(refused(`--body-bytes-max=${text}`)).toMatchObject({
			word: "invalid-option",
			option: "--body-bytes-max",
			value: text,
			reason: "it must be a size such as 64MiB, 1GB or 1000, 1024 to 256MiB",
		});
	});

	test.each(["65536", "-1", "80.5", "0x50", "eighty", "1e3"])("refuse %s as a port", (text) => {
		expect(refused("--port", text)).toMatchObject({
			reason: "it must be a whole number, 0 to 65535",
		});
	});

	test("refuse an option given twice, even to the same effect", () => {
		expect(refused("--port", "80", "--port=80")).toMatchObject({
			option: "--port",
			value: "",
			reason: "it is given twice; leave one out",
		});
	});

	test("refuse an option whose value is missing", () => {
		expect(refused("--port")).toMatchObject({ reason: "its value is missing" });
		expect(refused("--data", "--port=1")).toMatchObject({ option: "--data" });
	});

	test.each([
		["--prot", "--port"],
		["--dta", "--data"],
		["--allow-anonymus", "--allow-anonymous"],
		["--append-queue", "--append-queue-max"],
		["-port", "--port"],
	])("refuse %s and name %s", (option, close) => {
		expect(refused(`${option}=1`)).toEqual({ word: "unknown-option", option, nearest: close });
	});

	test("refuse a word that is no option", () => {
		expect(refused("now")).toEqual({ word: "unknown-option", option: "now" });
	});

	test.each(["0.0.0.0", "::", "192.168.0.1", "example.org", "127.evil.org"])(
		"ask for credentials on %s, unless --allow-anonymous is given",
		(host) => {
			expect(isOpen(parseSettings(["--host", host], {}))).toBe(false);
			expect(isOpen(parseSettings(["--host", host, "--allow-anonymous"], {}))).toBe(true);
		},
	);

	test.each([
		["--public-url", "https://store.example"],
		["--trusted-proxies", "::1"],
	])("ask for credentials behind %s %s, unless --allow-anonymous is given", (...options) => {
		expect(isOpen(parseSettings([], {}))).toBe(true);
		expect(isOpen(parseSettings(options, {}))).toBe(false);
		expect(isOpen(parseSettings([...options, "--allow-anonymous"], {}))).toBe(true);
	});

	test.each(["localhost", "127.0.0.1", "127.9.9.9", "::1"])("take %s for loopback", (host) => {
		expect(isLoopback(host)).toBe(true);
	});

	test.each(["ftp://a", "a.org", "http://u:p@a", "http://a?b"])("refuse %s as a URL", (url) => {
		expect(refused("--public-url", url)).toMatchObject({ option: "--public-url" });
	});
});

describe("the environment", () => {
	test("refuses a variable of ours that does not exist and names the nearest", () => {
		const work = () => refuseUnknownVariables({ VARVE_PROT: "80" }, OPTIONS);
		expect(refusalOf(work)).toEqual({
			word: "unknown-option",
			option: "VARVE_PROT",
			nearest: "VARVE_PORT",
		});
	});

	test("lets pass what Kubernetes sets for services named varve", () => {
		const env = {
			VARVE_SERVICE_HOST: "10.0.0.1",
			VARVE_SERVICE_PORT_HTTP: "80",
			VARVE_PORT_2113_TCP_ADDR: "10.0.0.1",
			VARVE_PROXY_PORT: "tcp://10.0.0.1:80",
			PATH: "/bin",
		};
		expect(() => refuseUnknownVariables(env, OPTIONS)).not.toThrow();
	});

	test("explains the port that Kubernetes sets", () => {
		const work = () => parseSettings([], { VARVE_PORT: "tcp://10.0.0.1:2113" });
		expect(refusalOf(work)).toMatchObject({
			option: "VARVE_PORT",
			reason: expect.stringContaining("enableServiceLinks"),
		});
	});
});

describe("nearest", () => {
	test.each([
		["prot", "port"],
		["HOST", "host"],
		["req", "request-timeout-ms"],
	])("takes %s for %s", (word, known) => {
		expect(nearest(word, ["port", "host", "request-timeout-ms"])).toBe(known);
	});

	test.each(["", "x", "zebra"])("makes no wild guess for %j", (word) => {
		expect(nearest(word, ["port", "host", "data"])).toBeUndefined();
	});
});
