/**
 * What a newcomer types wrong, and what the command says: what was wrong, what is right, and an
 * example.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer, type Server as Listener } from "node:net";
import { join } from "node:path";
import { ReadError } from "../../feeds/reader/error.ts";
import { readStream } from "../../feeds/reader/read.ts";
import { explain } from "../../src/cli/explain.ts";
import { newDirectory, removeDirectories, type Server, startServer, varve } from "./varve.ts";

let server: Server;
beforeAll(async () => {
	server = await startServer();
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

const run = (...args: string[]) => varve(args, { VARVE_URL: server.url });

describe("a command line that is wrong", () => {
	test.each<[string[], ...string[]]>([
		[["--port", "3000"], "no verb before --port", "varve serve --port N"],
		[["--url=http://x"], "no verb before --url;", "varve append --url URL"],
		[["-p", "3000"], "no verb before -p", "varve serve --port 2113"],
		[["start"], "unknown verb start", "the verbs are serve, append"],
		[["st\u001b[31m"], "unknown verb st\\u001b[31m"],
		[["serve", "3000"], "unexpected 3000: varve serve takes only options"],
		[["serve", "-p", "3000"], "unknown -p", "options have full names"],
		[["verify", "/elsewhere"], "unexpected /elsewhere: varve verify takes only options"],
		[["incarnation", "7"], "unexpected 7: varve incarnation takes only options"],
		[["prove", "1", "2"], "unexpected 2: varve prove takes only [POSITION] and options"],
		// What a shell makes of $ce-order, $all and "$all" without single quotes.
		[["read", "-order"], "unknown -order", "put the name in single quotes: '$ce-order'"],
		[["read"], "STREAM is missing", "'$all'"],
		[["read", ""], "STREAM is empty", "'$all'"],
		[["append", "", "--type", "T"], "STREAM is empty", "'$all'"],
		[["redact", "0"], "VERSION is missing", "order-42 7", "single quotes"],
		[["read", "http://127.0.0.1:2113/streams/s"], "a name, not a URL", "--url http://"],
		[["append", "s"], "--type is missing", "--type OrderPlaced"],
		[["append", "s", "--type", "T", "--id", "7"], "--id 7", "without --id, varve makes one"],
		[
			["append", "s", "--type", "T", "--data", "{a:1}"],
			"--data is not JSON",
			`'{"total":1}'`,
			"--raw",
		],
		[["serve", "--port", "1", "--port", "2"], "--port: it is given twice"],
		[["prove"], "name either a POSITION or --since", "varve prove 7"],
	])("%j", async (args, ...words) => {
		const { code, stderr } = await run(...args);
		expect(code).toBe(2);
		for (const word of words) expect(stderr).toContain(word);
		expect(stderr).toMatch(/\nTry: varve [a-z]* ?--help\n$/);
	});
});

describe("a command that the state of the server refuses", () => {
	test.each<[string[], ...string[]]>([
		[
			["append", "none", "--type", "T", "--data", "1", "--expected-version", "7"],
			"wrong expected version 7: none has no events",
			"--expected-version none",
		],
		[["read", "ce-order"], "stream 'ce-order' has no events", "'$ce-order'"],
		[
			["redact", "$all", "0"],
			"Event 0 of '$all' cannot be redacted",
			"name the stream that the event was appended to",
			"event 0 of order-42",
		],
	])("%j", async (args, ...words) => {
		const { code, stderr } = await run(...args);
		expect(code).toBe(1);
		for (const word of words) expect(stderr).toContain(word);
	});
});

describe("a URL with the wrong scheme", () => {
	let tls: Listener;
	let tlsUrl: string;
	beforeAll(async () => {
		// What a TLS server says to plain HTTP: an alert.
		tls = createServer((socket) => {
			socket.on("error", () => undefined);
			socket.once("data", () => socket.end(Buffer.from("15030300020246", "hex")));
		}).listen(0, "127.0.0.1");
		await once(tls, "listening");
		tlsUrl = `http://127.0.0.1:${(tls.address() as AddressInfo).port}`;
	});
	afterAll(() => tls.close());

	const append = ["append", "s", "--type", "T", "--data", "1"];

	test.each([
		[append],
		[["scavenge", "status"]],
		[["redact", "s", "0"]],
		[["read", "s"]],
		[["follow", "$all"]],
		[["export"]],
		[["prove", "0"]],
	])("https for a server without TLS: %j", async (args) => {
		const { code, stderr } = await run(...args, "--url", server.url.replace("http:", "https:"));
		expect([code, stderr]).toEqual([
			1,
			"varve: the server does not use TLS at this port; write http:// in place of https://\n",
		]);
	});

	test("a port that fetch blocks", async () => {
		const { code, stderr } = await run(...append, "--url", "http://127.0.0.1:1");
		expect([code, stderr]).toEqual([1, expect.stringContaining("take another port")]);
	});

	test("http for a server with TLS", async () => {
		const { code, stderr } = await run(...append, "--url", tlsUrl);
		expect(code).toBe(1);
		expect(stderr).toContain("write https:// in place of http://");
	});
});

test("an address of IPv6 stands in brackets, as in a URL", () => {
	const fault = Object.assign(new Error(), { code: "ECONNREFUSED", address: "::1", port: 2113 });
	expect(explain(fault)).toBe("nothing answers at [::1]:2113; is the server running?");
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** A certificate that signs itself. */
function certificateFor(name: string): { readonly cert: string; readonly key: string } {
	const directory = newDirectory();
	const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
	const form = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	const made = spawnSync("openssl", [
		...["req", "-x509", ...form, "-days", "2", "-subj", `/CN=${name}`],
		...["-addext", `subjectAltName=DNS:${name}`, "-keyout", key, "-out", cert],
	]);
	expect(made.status).toBe(0);
	return { cert, key };
}

(hasOpenssl ? describe : describe.skip)("a certificate that does not do", () => {
	let files: ReturnType<typeof certificateFor>;
	let tls: ReturnType<typeof createTlsServer>;
	let url: string;
	beforeAll(async () => {
		files = certificateFor("elsewhere.test");
		const [cert, key] = [readFileSync(files.cert), readFileSync(files.key)];
		tls = createTlsServer({ cert, key }).listen(0, "127.0.0.1");
		await once(tls, "listening");
		url = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`;
	});
	afterAll(() => tls.close());

	test.each([
		[["append", "s", "--type", "T"]],
		[["read", "s"]],
		[["follow", "s"]],
		[["export"]],
		[["prove", "0"]],
		[["redact", "s", "0"]],
	])("ends %j at once, with what to do", async (args) => {
		const untrusted = await varve([...args, "--url", url]);
		expect([untrusted.code, untrusted.stdout, untrusted.stderr]).toEqual([
			1,
			"",
			expect.stringMatching(
				/^varve: .*does not trust the server's certificate.*--ca ca\.pem for varve.*\n$/,
			),
		]);
		const trusted = { NODE_EXTRA_CA_CERTS: files.cert };
		const misnamed = await varve([...args, "--url", url], trusted);
		expect([misnamed.code, misnamed.stderr]).toEqual([
			1,
			expect.stringMatching(/^varve: .*certificate is for another name.*\n$/),
		]);
	});

	test("ends a program's reader with an error, and no repeat", async () => {
		const retries: unknown[] = [];
		const onRetry = (retry: unknown) => retries.push(retry);
		const reading = readStream({ url, stream: "s", follow: true, onRetry }).next();
		const error = await reading.catch((thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(ReadError);
		expect(error).toMatchObject({ failure: "refused", status: undefined });
		expect((error as ReadError).message).toContain("NODE_EXTRA_CA_CERTS=");
		expect(retries).toEqual([]);
	});
});
