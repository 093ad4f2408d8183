/**
 * What the audit is told at the edges: certificates, an issuer that does not answer, imports, and
 * deeds that fail halfway.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Audit } from "../../src/audit/audit.ts";
import { parseSettings, type Settings } from "../../src/config.ts";
import { Refusal } from "../../src/errors.ts";
import { failureOf } from "../../src/http/answering/screens/recording.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { type RunningServer, startServer } from "../../src/main.ts";
import { LogLines } from "../../src/observe/lines.ts";
import { basic } from "../accounts/asking.ts";
import { authority, type Made } from "./certificates.ts";

type Entry = Readonly<Record<string, unknown>>;
type Asked = { status: number; text: string };
type Sent = Partial<Made> & {
	authorization?: string;
	body?: string | object;
	type?: string;
	headers?: Record<string, string>;
};

const PASSWORD = "correct horse battery";
const ADMIN = basic("admin", PASSWORD);
const BY_ADMIN = { who: "admin", via: "password", from: "127.0.0.1" };
const NOTHING_LISTENS = "http://127.0.0.1:9";

const directory = mkdtempSync(join(tmpdir(), "varve-audit-"));
const ours = authority("Varve test authority");
const theirs = authority("Another authority");
const paths = {
	tlsCert: join(directory, "cert.pem"),
	tlsKey: join(directory, "key.pem"),
	tlsClientCa: join(directory, "clients.pem"),
};
const said: string[] = [];
const operatorLog = new LogLines("text", "warn", (line) => said.push(line));
let running: RunningServer;

function settingsIn(data: string): Settings {
	const oidc = { oidcIssuer: NOTHING_LISTENS, oidcAudience: "varve" };
	const users = { adminPassword: PASSWORD, passwordCost: 10 };
	const usual = { ...parseSettings([], {}), ...paths, ...users, ...oidc, port: 0 };
	return { ...usual, data: join(directory, data) };
}

async function restart(data: string): Promise<void> {
	await running?.close();
	running = await startServer(settingsIn(data), operatorLog);
}

function ask(line: string, { authorization = ADMIN, body, type, cert, key, ...sent }: Sent = {}) {
	const [method = "", path = ""] = line.split(" ");
	const credentials = cert === undefined ? { Authorization: authorization } : {};
	const headers = { ...credentials, "Content-Type": type ?? "application/json", ...sent.headers };
	const at = { host: "127.0.0.1", port: new URL(running.url).port, agent: false } as const;
	return new Promise<Asked>((resolve, reject) => {
		const options = { ...at, method, path, headers, ca: ours.cert, cert, key };
		const req = request(options, (res) => {
			let text = "";
			res.on("data", (chunk) => {
				text += chunk;
			});
			res.on("end", () => resolve({ status: res.statusCode ?? 0, text }));
		});
		req.on("error", reject);
		req.end(typeof body === "object" ? JSON.stringify(body) : body);
	});
}

async function append(stream: string): Promise<number> {
	const body = [{ eventId: randomUUID(), eventType: "T", data: {} }];
	const type = "application/vnd.eventstore.events+json";
	return (await ask(`POST /streams/${stream}`, { body, type })).status;
}

async function audit(): Promise<Entry[]> {
	const { text } = await ask("GET /streams/$audit?embed=body&format=json");
	const { entries = [] } = JSON.parse(text) as { entries?: { data: string }[] };
	return entries.reverse().map(({ data }) => JSON.parse(data) as Entry);
}

beforeAll(async () => {
	const { cert, key } = ours.issue({ name: "localhost", hosts: ["127.0.0.1"] });
	writeFileSync(paths.tlsCert, cert);
	writeFileSync(paths.tlsKey, key);
	writeFileSync(paths.tlsClientCa, ours.cert);
	await restart("first");
});
afterAll(async () => {
	await running.close();
	rmSync(directory, { recursive: true });
});

test("refused certificates and malformed credentials are counted; an issuer's silence is not", async () => {
	await append("order-1");
	expect((await ask("GET /", theirs.issue({ name: "admin" }))).status).toBe(403);
	expect((await ask("GET /", ours.issue({ name: "nobody" }))).status).toBe(401);
	expect((await ask("GET /", { authorization: "Basic %%%" })).status).toBe(401);
	const authorization = `Bearer ${"a".repeat(20)}.b.c`;
	for (let count = 0; count < 3; count++) {
		expect((await ask("GET /", { authorization })).status).toBe(503);
	}
	await restart("first");
	expect(await audit()).toEqual([
		expect.objectContaining({
			what: "logins-refused",
			count: 3,
			by: [{ who: "", from: "127.0.0.1", count: 3 }],
		}),
	]);
});

test("a new password that cannot be announced is set, and told", async () => {
	const before = (await audit()).length;
	const body = { loginName: "ann", fullName: "", groups: [], password: PASSWORD };
	for (let time = 0; time < 2; time++) {
		expect((await ask("POST /users", { body })).status).toBe(201);
	}
	const notifications = "$users-password-notifications";
	const headers = { "ES-HardDelete": "True" };
	expect((await ask(`DELETE /streams/${notifications}`, { headers })).status).toBe(204);
	const change = { body: { newPassword: "another one" } };
	const reset = await ask("POST /users/ann/command/reset-password", change);
	expect(reset.status).toBe(200);
	const authorization = basic("ann", "another one");
	expect((await ask("GET /users/$current", { authorization })).status).toBe(200);
	expect((await audit()).slice(before)).toEqual([
		// The repeat has changed nothing.
		{ what: "user-created", about: "ann", ...BY_ADMIN },
		{ what: "stream-deleted", about: notifications, forEver: true, ...BY_ADMIN },
		{ what: "password-reset", about: "ann", ...BY_ADMIN },
	]);
	const told = said.filter((line) => line.includes("the password of ann is set"));
	expect(told).toEqual([expect.stringContaining("stream-deleted")]);
});

test("what was imported is told once somebody writes behind it, also after a restart", async () => {
	const { text: lines } = await ask("GET /admin/export");
	const events = lines.trimEnd().split("\n").length;
	await restart("copy");
	const type = "application/x-ndjson";
	expect((await ask("POST /admin/import", { body: lines, type })).status).toBe(200);
	// A repeat adds nothing.
	expect((await ask("POST /admin/import", { body: lines, type })).status).toBe(200);
	const before = (await audit()).length;
	await restart("copy");
	expect(await audit()).toHaveLength(before);
	expect(await append("order-2")).toBe(201);
	await restart("copy");
	expect((await audit()).slice(before)).toEqual([
		{ what: "log-imported", ...BY_ADMIN, first: 0, events },
	]);
	await append("order-2");
	await restart("copy");
	expect((await audit()).slice(before)).toHaveLength(1);
});

test("what the log does not take is told to the operator, with the reason", async () => {
	const log = createMemoryLog();
	const reported: unknown[] = [];
	const told = new Audit(log, (error) => reported.push(error));
	await log.close();
	const by = { who: "admin", via: "password", from: "" };
	await told.record({ what: "user-created", about: "ann", ...by });
	expect(reported.map(String)).toEqual([
		expect.stringMatching(/audit could not be told of .*"user-created".*: shutting-down/),
	]);
});

test.each([
	["a change that ended in a fault", new Error("EIO"), false, "internal-error"],
	["one that may come later", timeout(), false, "request-timeout"],
	["one step of several that was refused for now", busy(), true, "overloaded"],
	["a single step that was refused for now", busy(), false, undefined],
	["a refusal", new Refusal("user-not-found", { loginName: "a" }), true, undefined],
])("of deeds that failed, those are told that may be done: %s", (_, error, inSteps, failed) => {
	expect(failureOf(error, inSteps)).toBe(failed);
});

function timeout(): Refusal {
	return new Refusal("request-timeout", { timeoutMs: 1, retryAfterSeconds: 1 });
}

function busy(): Refusal {
	return new Refusal("overloaded", { queue: "appends", limit: 1, retryAfterSeconds: 1 });
}
