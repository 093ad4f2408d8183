/** Every word a request can be refused with: its status, its reason, and a body of RFC 9457. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Refusal, type Refusals, type RequestRefusals } from "../../src/errors.ts";
import { PARTS_MAX, QUIET_MS, ReportedDamage } from "../../src/http/answering/faults.ts";
import { answerToError, problem } from "../../src/http/answering/problems.ts";
import { type Ask, batch, EVENTS_JSON, get, head, raw } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({
		bodyBytesMax: 20_000,
		eventBytesMax: 2000,
		eventsPerAppendMax: 10,
		requestTimeoutMs: 3000,
		pageBytesMax: 3000,
		adminPassword: "a password",
		passwordCost: 10,
	});
	await servers.ask(batch("s", [event("x".repeat(1900)), event("x".repeat(1900))]));
	await servers.ask(batch("s", [stored]));
	await servers.ask(batch("gone", [event()]));
	const headers = { "ES-HardDelete": "True" };
	await servers.ask({ method: "DELETE", path: "/streams/gone", headers });
});
afterAll(() => servers.close());

const lines = (path: string, body: string): Ask => {
	return { method: "POST", path, headers: { "Content-Type": "application/x-ndjson" }, body };
};
const about = (path: string, body: object): Ask => {
	const headers = { "Content-Type": "application/json" };
	return { path: `/${path}`, headers, body: JSON.stringify(body) };
};
const event = (data: unknown = 1) => ({ eventId: randomUUID(), eventType: "t", data });
const twice = event();
const stored = event();

type Word = keyof RequestRefusals;
type Provoked = readonly [status: number, reason: string, sent: Ask | string];
/** Not to be provoked over HTTP alone; the sentence says where it is. */
type Told = readonly [status: number, reason: string, facts: object, why: string];

const POST = `Content-Type: ${EVENTS_JSON}`;
const WORDS: { readonly [W in Word]: Provoked | Told } = {
	"malformed-http": [400, "Bad Request", "nonsense\r\n\r\n"],
	"headers-too-large": [
		431,
		"Request Header Fields Too Large",
		head("GET /ping", `X: ${"x".repeat(20_000)}`),
	],
	"request-too-slow": [
		408,
		"Request Timeout",
		`POST /streams/s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n${POST}\r\n\r\n[`,
	],
	"malformed-url": [400, "Bad Request", head("GET /streams/%zz")],
	"malformed-host": [
		400,
		"Bad Request",
		"GET /streams/s HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n",
	],
	"malformed-body": [400, "Bad Request", batch("s", "{}")],
	"malformed-json": [400, "Bad Request", batch("s", "[{]")],
	"malformed-header": [400, "Bad Request", batch("s", [event()], { "ES-ExpectedVersion": "x" })],
	"malformed-query": [400, "Bad Request", get("/streams/s?format=doc")],
	"misspelt-name": [400, "Bad Request", batch("s", [event()], { ExpectedVersion: "0" })],
	"route-not-found": [404, "Not Found", get("/nowhere")],
	"method-not-allowed": [405, "Method Not Allowed", { ...get("/streams/s"), method: "PATCH" }],
	"not-acceptable": [406, "Not Acceptable", get("/streams/s", "image/png")],
	"unsupported-media-type": [
		415,
		"Invalid or missing Content-Type",
		{ path: "/streams/s", body: "x" },
	],
	"body-too-large": [413, "Payload Too Large", batch("s", " ".repeat(20_001))],
	"body-incomplete": [
		400,
		"Bad Request",
		{ received: 7 },
		"the client is gone before it can be told",
	],
	"form-not-ours": [403, "Forbidden", {}, "only a server with an admin UI takes forms: test/admin"],
	"host-not-ours": [421, "Misdirected Request", get("/ping", "*/*", { Host: "evil.example" })],
	"foreign-origin": [403, "Forbidden", batch("s", [event()], { Origin: "http://evil.example" })],
	"bad-client-certificate": [
		403,
		"Forbidden",
		{ reason: "SELF_SIGNED_CERT_IN_CHAIN" },
		"test/security/tls.test.ts: the server here speaks plain HTTP",
	],
	"plain-credentials": [
		403,
		"Forbidden",
		get("/streams/s", "*/*", { Authorization: "Basic YTpi", "X-Forwarded-For": "192.0.2.1" }),
	],
	"invalid-stream-name": [400, "Bad Request", get("/streams/%00")],
	"invalid-event-number": [400, "Bad Request", get("/streams/s/x")],
	"invalid-count": [400, "Bad Request", get("/streams/s/0/forward/5000")],
	"invalid-position": [400, "Bad Request", get("/streams/$all/x/forward/5")],
	"invalid-filter": [400, "Bad Request", get("/streams/$all/filtered")],
	"missing-event-type": [
		400,
		"Bad Request",
		{ path: "/streams/s", headers: { "Content-Type": "application/json" }, body: "1" },
	],
	"invalid-event": [400, "Bad Request", batch("s", [{}])],
	"malformed-metadata": [
		400,
		"Bad Request",
		{
			path: "/streams/s/metadata",
			headers: { "Content-Type": "application/json", "ES-EventId": randomUUID() },
			body: '{"$acl":"all"}',
		},
	],
	"duplicate-event-id": [400, "Bad Request", batch("s", [twice, twice])],
	"event-too-large": [
		413,
		"Too large events received. Limit is 2000 bytes.",
		batch("s", [event("x".repeat(2001))]),
	],
	"too-many-events": [
		413,
		"Payload Too Large",
		batch(
			"s",
			Array.from({ length: 11 }, () => event()),
		),
	],
	"invalid-line": [400, "Bad Request", lines("/admin/import", "{}\n")],
	"import-conflict": [409, "Conflict", lines(`/admin/import?from=999&root=${"0".repeat(64)}`, "")],
	unauthorized: [401, "Unauthorized", { cause: "anonymous" }, "../access/door.test.ts"],
	"logins-busy": [
		503,
		"Service Unavailable",
		{ retryAfterSeconds: 1 },
		"needs more logins at a time than the server checks",
	],
	"logins-slowed": [
		429,
		"Too Many Requests",
		{ retryAfterSeconds: 1 },
		"../accounts/logins.test.ts",
	],
	"issuer-unreachable": [
		503,
		"Service Unavailable",
		{ retryAfterSeconds: 1 },
		"../accounts/oidc.test.ts",
	],
	"login-unfinished": [403, "Forbidden", { reason: "r" }, "../security/issuer-login.test.ts"],
	"invalid-user": [
		400,
		"Bad Request",
		about("users", { loginName: "a:b", password: "a password" }),
	],
	"invalid-token": [400, "Bad Request", about("tokens", { name: "", user: "admin" })],
	"user-not-found": [404, "Not Found", { path: "/users/nobody" }],
	"user-exists": [409, "Conflict", about("users", { loginName: "admin", password: "another one" })],
	"last-admin": [409, "Conflict", { path: "/users/admin", method: "DELETE" }],
	"token-not-found": [404, "Not Found", { path: "/tokens/0" }],
	"too-many-accounts": [409, "Conflict", { kind: "users", max: 9 }, "needs ten thousand users"],
	"invalid-projection": [
		400,
		"Bad Request",
		{ reason: "SyntaxError: … at line 2", line: 2 },
		"projections/contract.test.ts",
	],
	"too-many-projections": [409, "Conflict", { projectionsMax: 1 }, "it takes a thousand"],
	"projection-exists": [409, "Conflict", { projection: "p" }, "projections/contract.test.ts"],
	"projection-not-found": [404, "Not Found", { path: "/projection/nobody" }],
	"projection-busy": [409, "Failed", { path: "/projection/$streams", method: "DELETE" }],
	"projection-author-gone": [409, "Conflict", { login: "ann" }, "projections/rights.test.ts"],
	"replay-faulted": [
		409,
		"Conflict",
		{ projection: "p", reason: "Error: no, on 3@s", position: 7 },
		"projections/running.test.ts",
	],
	"replay-too-long": [
		409,
		"Conflict",
		{ projection: "p", eventsMax: 2_000_000, seconds: 20 },
		"it takes two million events",
	],
	"invalid-subscription": [
		400,
		"Bad Request",
		{ reason: "Buffer Size (0) must be positive" },
		"subscriptions/contract.test.ts",
	],
	"invalid-message-id": [
		400,
		"messageid should be a properly formed guid",
		{ value: "x" },
		"subscriptions/contract.test.ts",
	],
	"too-many-subscriptions": [
		409,
		"Conflict",
		{ subscriptionsMax: 1 },
		"it takes a hundred thousand",
	],
	"invalid-sql": [400, "Bad Request", about("admin/sql", { sql: "DELETE FROM events" })],
	"sql-too-slow": [
		422,
		"Unprocessable Entity",
		about("admin/sql", {
			sql: "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT sum(x) FROM c",
			timeMs: 1,
		}),
	],
	"sql-too-large": [
		422,
		"Unprocessable Entity",
		{ memoryBytesMax: 1024 },
		"it takes hundreds of MiB: see sql.test.ts",
	],
	"sql-busy": [
		503,
		"Service Unavailable",
		{ atOnceMax: 2, retryAfterSeconds: 1 },
		"it takes two statements that run: see sql.test.ts",
	],
	"invalid-reader-position": [
		400,
		"Bad Request",
		{ reason: "at must be a number" },
		"readers/positions.test.ts",
	],
	"too-many-reader-positions": [409, "Conflict", { positionsMax: 1 }, "it takes ten thousand"],
	"invalid-group": [400, "Bad Request", { reason: "no" }, "readers/groups.test.ts"],
	"too-many-groups": [409, "Conflict", { groupsMax: 1 }, "it takes ten thousand"],
	"too-many-members": [409, "Conflict", { group: "g", membersMax: 1 }, "it takes a thousand"],
	"invalid-webhook": [
		400,
		"Bad Request",
		{
			method: "PUT",
			path: "/webhooks/w",
			headers: { "Content-Type": "application/json" },
			body: '{"url":"http://127.0.0.1/","stream":"s"}',
		},
	],
	"too-many-webhooks": [409, "Conflict", { webhooksMax: 1 }, "it takes a hundred thousand"],
	"invalid-hub-request": [
		400,
		"Bad Request",
		{ parameter: "hub.mode", reason: "it is wrong" },
		"../push/hub.test.ts",
	],
	"subscriber-not-found": [404, "Not Found", { id: "x" }, "../push/hub.test.ts"],
	"stream-not-writable": [401, "Unauthorized", batch("$ce-s", [event()])],
	"event-not-redactable": [
		403,
		"Forbidden",
		{ stream: "s", eventNumber: 0, reason: "it is a link" },
		"erasure/redaction.test.ts",
	],
	"wrong-expected-version": [
		400,
		"Wrong expected EventNumber",
		batch("s", [event()], { "ES-ExpectedVersion": "9" }),
	],
	"events-known": [400, "Wrong expected EventNumber", batch("s", [stored, event()])],
	"precondition-failed": [
		412,
		"Precondition Failed",
		batch("s", [event()], { "If-Match": '"9;1"' }),
	],
	"stream-not-found": [404, "Not Found", get("/streams/none")],
	"event-not-found": [404, "Not Found", get("/streams/s/9")],
	"stream-deleted": [410, "Deleted", get("/streams/gone")],
	"history-replaced": [410, "Gone", get("/streams/s/0/forward/20?i=2")],
	"tile-not-found": [404, "Not Found", get("/log/tile/0/999")],
	"subscription-exists": [
		409,
		"Conflict",
		{ stream: "s", group: "g" },
		"subscriptions/contract.test.ts",
	],
	"subscription-not-found": [
		404,
		"Not Found",
		{ stream: "s", group: "g" },
		"subscriptions/contract.test.ts",
	],
	"stale-delivery": [
		409,
		"Conflict",
		{ stream: "s", group: "g", ids: [randomUUID()] },
		"subscriptions/delivery.test.ts",
	],
	"reader-position-not-found": [404, "Not Found", { path: "/positions/none" }],
	"reader-position-not-yours": [
		403,
		"Forbidden",
		{ name: "n", owner: "una" },
		"readers/positions.test.ts",
	],
	"reader-position-elsewhere": [
		409,
		"Conflict",
		{ name: "n", stream: "s" },
		"readers/positions.test.ts",
	],
	"reader-position-ahead": [
		409,
		"Conflict",
		{ name: "n", stream: "s", at: 9, last: 3 },
		"readers/positions.test.ts",
	],
	"reader-position-of-another-log": [
		409,
		"Conflict",
		{ name: "n", log: "a", current: "b" },
		"readers/positions.test.ts",
	],
	"resource-changed": [
		412,
		"Precondition Failed",
		{ resource: "position n", precondition: "If-Match: *", current: "" },
		"readers/positions.test.ts",
	],
	"group-not-found": [404, "Not Found", { group: "g" }, "readers/groups.test.ts"],
	"group-fixed": [409, "Conflict", { group: "g", setting: "key" }, "readers/groups.test.ts"],
	"lease-lost": [409, "Conflict", { group: "g", member: "m" }, "readers/groups.test.ts"],
	"partitions-lost": [
		409,
		"Conflict",
		{ group: "g", member: "m", partitions: [1, 2] },
		"readers/groups.test.ts",
	],
	"webhook-not-found": [404, "Not Found", get("/webhooks/w", "application/json")],
	"webhook-changed": [
		412,
		"Precondition Failed",
		{ name: "w", version: 7 },
		"../push/webhooks.test.ts",
	],
	"webhook-busy": [409, "Conflict", { name: "w", reason: "it is" }, "../push/webhooks.test.ts"],
	"scavenge-running": [
		400,
		"Bad Request",
		{ scavengeId: randomUUID() },
		"erasure/scavenge.test.ts",
	],
	"scavenge-not-found": [404, "Not Found", { scavengeId: "none" }, "erasure/scavenge.test.ts"],
	"verification-running": [
		409,
		"Conflict",
		{ verificationId: randomUUID() },
		"operations/verification.test.ts",
	],
	"verification-not-found": [404, "Not Found", { method: "DELETE", path: "/admin/verification" }],
	overloaded: [
		503,
		"Server Is Too Busy",
		{ queue: "append", limit: 1, retryAfterSeconds: 1 },
		"overload.test.ts",
	],
	"request-timeout": [
		503,
		"Service Unavailable",
		{ timeoutMs: 1, retryAfterSeconds: 1 },
		"needs a disk that stands still",
	],
	"position-not-reached": [
		503,
		"Service Unavailable",
		get("/streams/s", undefined, { "ES-MinPosition": "99" }),
	],
	"page-too-large": [400, "Bad Request", get("/streams/s?embed=body")],
	"disk-full": [
		507,
		"Insufficient Storage",
		{ path: "/secret/place" },
		"needs a full disk: test/durability",
	],
	"insufficient-storage": [
		507,
		"Insufficient Storage",
		{ freeBytes: 10, freeBytesMin: 100, retryAfterSeconds: 30 },
		"needs a disk that is low: test/log/room",
	],
	"writer-stopped": [
		503,
		"Service Unavailable",
		{ reason: "SQLITE_IOERR_FSYNC: disk I/O error", retryAfterSeconds: 1 },
		"needs a disk that fails: test/faults",
	],
	"log-locked": [
		503,
		"Service Unavailable",
		{ retryAfterSeconds: 1 },
		"needs another program with a lock: test/files/locked.test.ts",
	],
	"not-leader": [
		503,
		"Service Unavailable",
		{ leader: "http://10.0.0.7:2113", retryAfterSeconds: 1 },
		"needs two servers over one database: test/log/postgres/nodes.test.ts",
	],
	"database-unreachable": [
		503,
		"Service Unavailable",
		{ reason: "ECONNREFUSED", retryAfterSeconds: 1 },
		"needs a database that is gone: test/log/postgres/failing.test.ts",
	],
	"no-standby": [
		503,
		"Service Unavailable",
		{ retryAfterSeconds: 1 },
		"needs a standby that is gone: test/log/postgres/standby.test.ts",
	],
	"log-damaged": [
		500,
		"Internal Server Error",
		{ part: "s at 0", reason: "SQLITE_CORRUPT: database disk image is malformed" },
		"needs a damaged page: test/faults",
	],
	"shutting-down": [503, "Server Is Not Ready", { retryAfterSeconds: 1 }, "overload.test.ts"],
};

test.each(Object.entries(WORDS).filter(([, told]) => told.length === 3) as [Word, Provoked][])(
	"%s is answered as the contract has it",
	async (word, [status, reason, sent]) => {
		const reply =
			typeof sent === "string" ? parse(await raw(servers.port, sent)) : await servers.ask(sent);
		expectProblem(
			word,
			{ ...reply, type: reply.headers["content-type"], body: reply.json },
			status,
			reason,
		);
		expect(reply.headers["cache-control"]).toBe("no-store");
	},
);

test.each(Object.entries(WORDS).filter(([, told]) => told.length === 4) as [Word, Told][])(
	"%s would be answered as the contract has it",
	(word, [status, reason, facts]) => {
		const answer = problem(new Refusal(word, facts as Refusals[Word]));
		const body = JSON.parse(Buffer.from(answer.body ?? "").toString());
		const type = answer.headers[answer.headers.indexOf("Content-Type") + 1];
		expectProblem(
			word,
			{ status: answer.status, reason: answer.reason ?? reason, type, body },
			status,
			reason,
		);
		if (status === 503)
			expect(answer.headers).toEqual(expect.arrayContaining(["Retry-After", "1"]));
		expect(JSON.stringify(body)).not.toContain("/secret/place");
	},
);

type Shown = {
	status: number;
	reason: string;
	type: string | undefined;
	body: { [member: string]: unknown };
};

function expectProblem(word: Word, shown: Shown, status: number, reason: string): void {
	expect([shown.status, shown.reason, shown.type]).toEqual([
		status,
		reason,
		"application/problem+json",
	]);
	expect(shown.body).toMatchObject({
		type: `urn:varve:problem:${word}`,
		status,
		title: expect.stringMatching(/^[A-Z]/),
		detail: expect.stringMatching(/\S/),
	});
	expect(shown.body.detail).not.toMatch(/undefined|\[object|\.\.$/);
}

function parse(text: string) {
	const [top = "", body = ""] = text.split("\r\n\r\n");
	const [line = "", ...lines] = top.split("\r\n");
	const [, status, reason = ""] = /^HTTP\/1\.1 (\d+) (.*)$/.exec(line) ?? [];
	const headers: { [name: string]: string } = {};
	for (const one of lines) {
		const colon = one.indexOf(": ");
		headers[one.slice(0, colon).toLowerCase()] = one.slice(colon + 2);
	}
	return { status: Number(status), reason, headers, json: JSON.parse(body) };
}

test("the list here is the list there", () => {
	// Types are gone at run time, so the source has to say it.
	const source = readFileSync(new URL("../../src/errors.ts", import.meta.url), "utf8");
	const block = /RequestRefusals = \{([\s\S]*?)\n\};/.exec(source)?.[1] ?? "";
	const words = [...block.matchAll(/^\t"?([a-z-]+)"?:/gm)].map(([, word]) => word);
	expect(Object.keys(WORDS).sort()).toEqual(words.sort());
});

test("a conflict says in full what it conflicts with", async () => {
	const reply = await servers.ask(batch("s", [event()], { "ES-ExpectedVersion": "9" }));
	expect(reply.json).toEqual({
		type: "urn:varve:problem:wrong-expected-version",
		title: "Wrong expected version",
		status: 400,
		detail:
			"Stream 's' is at version 2; version 9 was expected. " +
			"Read it, decide again, and send ES-ExpectedVersion: 2.",
		stream: "s",
		expected: 9,
		current: 2,
	});
});

test("405 says what is allowed, 401 how to show who one is", async () => {
	const wrong = await servers.ask({ ...get("/streams/s/0"), method: "DELETE" });
	expect([wrong.status, wrong.headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"]);
	const options = await servers.ask({ path: "/streams/s", method: "OPTIONS" });
	expect([options.status, options.headers.allow, options.text]).toEqual([
		200,
		"GET, POST, DELETE, HEAD, OPTIONS",
		"",
	]);
	const denied = await servers.ask(batch("$all", [event()]));
	expect(denied.headers["www-authenticate"]).toBe('Basic realm="Varve", charset="UTF-8"');
});

test("a damaged part is told once a minute, and no more than a hundred of them", () => {
	const told = new ReportedDamage();
	const due = (parts: string[], nowMs: number) => parts.filter((part) => told.isDue(part, nowMs));
	expect(due(["a at 0", "a at 0", "b at 7"], 1e6)).toEqual(["a at 0", "b at 7"]);
	expect(due(["a at 0", "c at 1"], 1e6 + QUIET_MS - 1)).toEqual(["c at 1"]);
	expect(due(["c at 1", "a at 0", "a at 0"], 1e6 + QUIET_MS)).toEqual(["a at 0"]);
	const many = Array.from({ length: 3 * PARTS_MAX }, (_, n) => `many at ${n}`);
	expect(due(many, 1e7)).toEqual(many.slice(0, PARTS_MAX));
	expect(due(many, 1e7 + QUIET_MS)).toHaveLength(PARTS_MAX);
});

test("a fault of ours is told to the operator, and not to the client", () => {
	const told: unknown[] = [];
	const fault = new Error("/secret/place is broken");
	const answer = answerToError(fault, (error) => told.push(error));
	expect([answer.status, told]).toEqual([500, [fault]]);
	expect(Buffer.from(answer.body ?? "").toString()).not.toContain("secret");
});
