import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request } from "node:https";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	type ConnectionOptions,
	connect as connectSecure,
	type SecureVersion,
	type TLSSocket,
} from "node:tls";
import { parseSettings, type Settings } from "../../src/config.ts";
import { Handshakes } from "../../src/http/sockets/handshakes.ts";
import { isRefusal, type RunningServer, startServer } from "../../src/main.ts";
import { LogLines } from "../../src/observe/lines.ts";
import { authority, type Made } from "./certificates.ts";

type Reply = {
	status: number;
	headers: Record<string, unknown>;
	text: string;
	fingerprint: string;
};

const directory = mkdtempSync(join(tmpdir(), "varve-tls-"));
const ours = authority("Varve test authority");
const theirs = authority("Another authority");
const server = ours.issue({ name: "localhost", hosts: ["localhost", "127.0.0.1"] });
const paths = {
	tlsCert: join(directory, "cert.pem"),
	tlsKey: join(directory, "key.pem"),
	tlsClientCa: join(directory, "clients.pem"),
};
/** What the operator log said that was wrong. */
const told: string[] = [];
const operatorLog = new LogLines("text", "warn", (line) => {
	// A reload takes the level of its settings.
	if (!line.includes(" INFO ")) told.push(line);
});
let running: RunningServer;
let settings: Settings;

function put({ cert, key }: Made): void {
	writeFileSync(paths.tlsCert, cert);
	writeFileSync(paths.tlsKey, key);
}

/** The port that it listens on. */
function port(): number {
	return Number(new URL(running.url).port);
}

function ask(
	path: string,
	options: { headers?: Record<string, string>; agent?: Agent; cert?: string; key?: string } = {},
): Promise<Reply> {
	return new Promise((resolve, reject) => {
		const { agent = false, ...rest } = options;
		const req = request(
			{ host: "127.0.0.1", port: port(), path, ca: ours.cert, agent, ...rest },
			(res) => {
				let text = "";
				const { fingerprint256 } = (res.socket as TLSSocket).getPeerCertificate();
				res.on("data", (chunk) => {
					text += chunk;
				});
				res.on("end", () => {
					const { statusCode: status = 0, headers } = res;
					resolve({ status, headers, text, fingerprint: fingerprint256 });
				});
			},
		);
		req.on("error", reject);
		req.end();
	});
}

/** Resolves with the reason for which a connection of TLS did not come about, or "" if it did. */
function handshake(options: ConnectionOptions): Promise<string> {
	return new Promise((resolve) => {
		const socket = connectSecure({ host: "127.0.0.1", port: port(), ca: ours.cert, ...options });
		socket.once("secureConnect", () => {
			socket.destroy();
			resolve("");
		});
		socket.once("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
	});
}

function closed(socket: Socket): Promise<void> {
	return new Promise((resolve) => {
		socket.on("error", () => undefined).once("close", () => resolve());
	});
}

/** The answer to a request on a connection of its own, and the session that it may resume later. */
function askOnce({
	version,
	...given
}: Partial<Made> & { version: SecureVersion; session?: Buffer }) {
	const versions = { minVersion: version, maxVersion: version };
	const options = { host: "127.0.0.1", port: port(), ca: ours.cert, ...versions, ...given };
	return new Promise<{ status: number; isResumed: boolean; session: Buffer }>((resolve, reject) => {
		const socket = connectSecure(options);
		let text = "";
		let isResumed = false;
		let session: Buffer = Buffer.alloc(0);
		socket.on("session", (later: Buffer) => {
			session = later;
		});
		socket.on("data", (chunk) => {
			text += chunk;
		});
		socket.once("error", reject).once("close", () => {
			resolve({ status: Number(text.split(" ")[1]), isResumed, session });
		});
		socket.once("secureConnect", () => {
			isResumed = socket.isSessionReused();
		});
		const head = "GET /users/$current HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
		socket.write(head);
	});
}

beforeAll(async () => {
	put(server);
	writeFileSync(paths.tlsClientCa, ours.cert);
	const data = join(directory, "data");
	const users = { adminPassword: "correct horse battery", passwordCost: 10 };
	const usual = { ...parseSettings([], {}), ...paths, ...users, data };
	settings = { ...usual, port: 0, requestTimeoutMs: 1_000 };
	running = await startServer(settings, operatorLog);
});

afterAll(async () => {
	await running.close();
	rmSync(directory, { recursive: true });
	expect(told).toEqual([]);
});

test("a server with a certificate speaks https, and its links say so", async () => {
	expect(running.url).toMatch(/^https:/);
	const { status, text } = await ask("/streams/a?embed=body", {
		headers: { Accept: "application/vnd.eventstore.atom+json" },
	});
	expect(status).toBe(404);
	expect(text).toContain("stream-not-found");
	const service = await ask("/", { headers: { Accept: "application/atomsvc+xml" } });
	expect(service.text).toContain(`href="https://127.0.0.1:${port()}/`);
	expect(service.text).not.toContain("http://127.0.0.1");
});

test("it speaks TLS 1.2 and 1.3, and nothing older", async () => {
	expect(await handshake({ maxVersion: "TLSv1.2" })).toBe("");
	expect(await handshake({ minVersion: "TLSv1.3" })).toBe("");
	const old = {
		minVersion: "TLSv1",
		maxVersion: "TLSv1.1",
		ciphers: "DEFAULT@SECLEVEL=0",
	} as const;
	expect(await handshake(old)).toMatch(/^ERR_SSL|^ECONNRESET/);
});

test("plain HTTP to the port of TLS ends that connection, and harms no other", async () => {
	const socket = connect(port(), "127.0.0.1");
	socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
	await closed(socket.resume());
	expect((await ask("/ping")).status).toBe(200);
});

test("whoever connects and says nothing is disconnected in time", async () => {
	await closed(connect(port(), "127.0.0.1").resume());
	expect((await ask("/ping")).status).toBe(200);
});

test("of too many handshakes the oldest are closed, and an honest client comes through", async () => {
	const { cert, key } = server;
	const crowded = createServer({ cert, key }, (_, res) => res.end("here"));
	const handshakes = new Handshakes(crowded, 3);
	await new Promise<void>((resolve) => crowded.listen(0, "127.0.0.1", resolve));
	const { port: at } = crowded.address() as { port: number };
	const silent: Socket[] = [];
	const over: Promise<void>[] = [];
	for (let count = 0; count < 8; count++) {
		const socket = connect(at, "127.0.0.1");
		await new Promise((resolve) => socket.once("connect", resolve));
		silent.push(socket.resume());
		over.push(closed(socket));
	}
	await Promise.all(over.slice(0, 5));
	const honest = connectSecure({ host: "127.0.0.1", port: at, ca: ours.cert });
	honest.end("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	let text = "";
	for await (const chunk of honest) text += chunk;
	expect(text).toContain("here");
	expect(silent.slice(-2).every((socket) => !socket.destroyed)).toBe(true);
	handshakes.close();
	await Promise.all(over);
	await new Promise((resolve) => crowded.close(resolve));
});

test("a request whose client ends its half of the connection is answered", async () => {
	const socket = connectSecure({ host: "127.0.0.1", port: port(), ca: ours.cert });
	socket.end("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
	let text = "";
	for await (const chunk of socket) text += chunk;
	expect(text).toMatch(/^HTTP\/1\.1 200 /);
});

test("bytes that are no HTTP get a 400 through TLS, too", async () => {
	const socket = connectSecure({ host: "127.0.0.1", port: port(), ca: ours.cert });
	socket.write("nonsense\r\n\r\n");
	let text = "";
	for await (const chunk of socket) text += chunk;
	expect(text).toMatch(/^HTTP\/1\.1 400 /);
	expect(text).toContain("malformed-http");
});

describe("a client certificate", () => {
	const who = async (made: Partial<Made>) => {
		const headers = { Accept: "application/json" };
		const { status, text } = await ask("/users/$current", { headers, ...made });
		const { data, type } = JSON.parse(text) as { data?: { loginName: string }; type?: string };
		return [status, data?.loginName ?? type];
	};

	test("stands for the user of its common name", async () => {
		expect(await who(ours.issue({ name: "admin" }))).toEqual([200, "admin"]);
		expect(await who({})).toEqual([401, "urn:varve:problem:unauthorized"]);
	});

	test("stands for nobody if there is no such user", async () => {
		const made = ours.issue({ name: "nobody" });
		expect(await who(made)).toEqual([401, "urn:varve:problem:unauthorized"]);
	});

	test.each([
		["another authority signed", () => theirs.issue({ name: "admin" })],
		["signed itself", () => authority("admin")],
		["has expired", () => ours.issue({ name: "admin", until: new Date(Date.now() - 3600_000) })],
		["has no name", () => ours.issue({ name: "" })],
	])("that %s is refused in words", async (_, make) => {
		const { cert, key } = make();
		expect(await who({ cert, key })).toEqual([403, "urn:varve:problem:bad-client-certificate"]);
	});

	test.each(["TLSv1.2", "TLSv1.3"] as const)(
		"is not that of a client without one, which resumes a session of %s",
		async (version) => {
			const first = await askOnce({ version });
			expect([first.isResumed, first.status]).toEqual([false, 401]);
			const { session } = first;
			const resumed = await askOnce({ version, session });
			expect([resumed.isResumed, resumed.status]).toEqual([true, 401]);
		},
	);

	test("is refused once its authority is replaced, also in a session of before", async () => {
		const made = ours.issue({ name: "admin" });
		const version = "TLSv1.3";
		const { session, status } = await askOnce({ version, ...made });
		const resumed = await askOnce({ version, session });
		expect([status, resumed.isResumed, resumed.status]).toEqual([200, true, 200]);
		writeFileSync(paths.tlsClientCa, theirs.cert);
		running.reload(settings);
		const later = await askOnce({ version, session });
		expect([later.isResumed, later.status]).toEqual([false, 401]);
		expect((await askOnce({ version, ...made })).status).toBe(403);
		writeFileSync(paths.tlsClientCa, ours.cert);
		running.reload(settings);
	});
});

describe("a renewed certificate", () => {
	test("counts for new connections, and loses none that is open", async () => {
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		const before = await ask("/ping", { agent });
		put(ours.issue({ name: "localhost", hosts: ["localhost", "127.0.0.1"] }));
		running.reload(settings);
		const open = await ask("/ping", { agent });
		expect([open.status, open.fingerprint]).toEqual([200, before.fingerprint]);
		const after = await ask("/ping");
		expect(after.status).toBe(200);
		expect(after.fingerprint).not.toBe(before.fingerprint);
		agent.destroy();
	});

	test.each([
		["is missing", () => renameSync(paths.tlsCert, `${paths.tlsCert}.away`), /no such file/],
		["is no PEM", () => writeFileSync(paths.tlsCert, "nonsense"), /no PEM/],
		["came before its key", () => writeFileSync(paths.tlsCert, theirs.cert), /another certificate/],
		["has a broken key", () => writeFileSync(paths.tlsKey, "nonsense"), /no PEM/],
	])("that %s changes nothing, and the operator is told", async (_, spoil, reason) => {
		put(server);
		running.reload(settings);
		const { fingerprint } = await ask("/ping");
		spoil();
		running.reload(settings);
		expect((await ask("/ping")).fingerprint).toBe(fingerprint);
		expect(told.splice(0).join("")).toMatch(reason);
	});

	test("that expires soon is said", () => {
		put(ours.issue({ name: "localhost", until: new Date(Date.now() + 3600_000) }));
		running.reload(settings);
		expect(told.splice(0).join("")).toContain("expires soon");
		put(server);
		running.reload(settings);
	});
});

test.each([
	["no key", { tlsKey: undefined }, /--tls-key/],
	["no certificate", { tlsCert: undefined }, /--tls-cert/],
	["--tls off besides", { tls: "off" }, /leave one out/],
])("a server does not start with %s", (_, change, reason) => {
	const given = Object.entries({ ...paths, tls: "auto", ...change });
	const flags = {
		tls: "tls",
		tlsCert: "tls-cert",
		tlsKey: "tls-key",
		tlsClientCa: "tls-client-ca",
	};
	const argv = given.flatMap(([name, value]) =>
		value === undefined ? [] : [`--${flags[name as keyof typeof flags]}`, value],
	);
	expect(() => parseSettings(argv, {})).toThrow(reason);
});

test("a server does not start with a certificate that it cannot use", async () => {
	const broken = { ...settings, tlsKey: paths.tlsClientCa, data: join(directory, "other") };
	const refused = startServer(broken, operatorLog);
	await expect(refused).rejects.toThrow(/--tls-key/);
	await refused.catch((error: unknown) => expect(isRefusal(error, "invalid-option")).toBe(true));
});
