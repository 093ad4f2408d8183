/** The audit: who changed what of the store, and from where. */
import { randomUUID } from "node:crypto";
import { createScreens } from "../../admin/index.ts";
import type { StreamName } from "../../src/event.ts";
import { ADMIN, as, basic, OPS, PASSWORD } from "../accounts/asking.ts";
import { batch } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";

type Entry = Readonly<Record<string, unknown>>;

const SETTINGS = { insecure: false, insecureDefaults: true, passwordCost: 10 };

// One server for all, in this order: each start of one takes a second.
let servers: Servers;
let told = 0;
beforeAll(async () => {
	servers = await startServers(SETTINGS, createScreens());
});
afterAll(() => servers.close());

/** What the audit was told since the last time, oldest first. */
async function audit(): Promise<Entry[]> {
	const stream = "$audit" as StreamName;
	const range = { stream, from: told, limit: 100, direction: "forward", content: true } as const;
	const { entries } = await servers.log.read(range);
	told += entries.length;
	return entries.map(({ event }) => JSON.parse(Buffer.from(event.data).toString()) as Entry);
}

const ask = (authorization: string, line: string, body?: object) =>
	servers.ask(as(authorization, line, body));

function event(): object {
	return { eventId: randomUUID(), eventType: "T", data: {} };
}

function append(stream: string, authorization: string) {
	return servers.ask(batch(stream, [event()], { Authorization: authorization }));
}

test("a stranger's logins write nothing into an empty log, into which another may be imported", async () => {
	await ask(basic("admin", "guess"), "GET /users");
	servers = await servers.restart();
	expect(Number(await servers.log.last("$all" as StreamName))).toBe(-1);
});

test("changes of users, tokens, rights and content are told: who, by what, from where", async () => {
	const ann = { loginName: "ann", fullName: "Ann", password: PASSWORD, groups: [] };
	await ask(ADMIN, "POST /users", ann);
	await ask(ADMIN, "POST /users/ann/command/disable", {});
	await ask(ADMIN, "POST /users/ann/command/enable", {});
	const made = await ask(basic("ann", PASSWORD), "POST /tokens", { name: "till" });
	const { id } = made.json;
	await ask(ADMIN, `DELETE /tokens/${id}`);
	await append("order-1", ADMIN);
	await append("order-1", ADMIN);
	const metadata = { path: "/streams/order-1/metadata", body: '{"$acl":{"$r":"ann"}}' };
	const headers = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
	await servers.ask({ ...metadata, headers: { ...headers, Authorization: ADMIN } });
	await ask(OPS, "DELETE /streams/order-1/0/data");
	await ask(ADMIN, "DELETE /streams/order-1");
	await append("$settings", ADMIN);
	await ask(OPS, "POST /admin/scavenge");
	const by = (who: string) => ({ who, via: "password", from: "127.0.0.1" });
	expect(await audit()).toEqual([
		{ what: "user-created", about: "ann", ...by("admin") },
		{ what: "user-disabled", about: "ann", ...by("admin") },
		{ what: "user-enabled", about: "ann", ...by("admin") },
		{ what: "token-created", about: id, ...by("ann") },
		{ what: "token-revoked", about: id, ...by("admin") },
		{ what: "metadata-written", about: "order-1", ...by("admin") },
		{ what: "event-redacted", about: "order-1", event: 0, ...by("ops") },
		{ what: "stream-deleted", about: "order-1", ...by("admin") },
		{ what: "system-stream-written", about: "$settings", ...by("admin") },
		{ what: "scavenge-started", about: expect.any(String), ...by("ops") },
	]);
});

test("changes of subscriptions are told, by their stream and group", async () => {
	const billing = "/subscriptions/order-4/billing";
	await ask(OPS, `PUT ${billing}`, {});
	await ask(ADMIN, `POST ${billing}`, { maxRetryCount: 3 });
	await ask(ADMIN, `POST ${billing}/replayParked`);
	await ask(ADMIN, `POST ${billing}/ack/${randomUUID()}`);
	await ask(ADMIN, `DELETE ${billing}`);
	expect((await ask(ADMIN, `DELETE ${billing}`)).status).toBe(404);
	const told = (what: string, who: string) => ({
		...{ what, who, via: "password", from: "127.0.0.1" },
		...{ about: "order-4", group: "billing" },
	});
	expect(await audit()).toEqual([
		told("subscription-created", "ops"),
		told("subscription-changed", "admin"),
		told("parked-replayed", "admin"),
		told("subscription-deleted", "admin"),
	]);
});

test("what was refused was not done, and is not told", async () => {
	await append("order-2", ADMIN);
	expect((await ask(ADMIN, "DELETE /users/nobody")).status).toBe(404);
	expect((await ask(OPS, "POST /users", {})).status).toBe(401);
	expect((await ask(ADMIN, "DELETE /streams/order-2/7/data")).status).toBe(404);
	expect(await audit()).toEqual([]);
});

test("a deed of a form is told like any other", async () => {
	await append("order-3", ADMIN);
	const html = { Accept: "text/html", Authorization: ADMIN };
	const page = await servers.ask({ path: "/streams/order-3?deed=delete", headers: html });
	const cookie = String(page.headers["set-cookie"]).split(";")[0];
	const token = /name="_token" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
	const fields = { _token: token, action: "delete", how: "hard", confirm: "order-3" };
	const type = { "Content-Type": "application/x-www-form-urlencoded" };
	const headers = { ...html, ...type, Cookie: cookie };
	const body = new URLSearchParams(fields).toString();
	expect((await servers.ask({ path: "/streams/order-3", headers, body })).status).toBe(303);
	expect(await audit()).toEqual([
		expect.objectContaining({ what: "stream-deleted", about: "order-3", forEver: true }),
	]);
});

test("a deed of a form on a subscription is told, too", async () => {
	const html = { Accept: "text/html", Authorization: ADMIN };
	const path = "/subscriptions/order-3";
	const page = await servers.ask({ path, headers: html });
	const cookie = String(page.headers["set-cookie"]).split(";")[0];
	const token = /name="_token" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
	const fields = { _token: token, action: "create", stream: "order-3", group: "mail" };
	const type = { "Content-Type": "application/x-www-form-urlencoded" };
	const headers = { ...html, ...type, Cookie: cookie };
	const body = new URLSearchParams(fields).toString();
	const made = await servers.ask({ method: "POST", path: "/ui/subscriptions", headers, body });
	expect(made.status).toBe(303);
	expect(await audit()).toEqual([
		expect.objectContaining({ what: "subscription-created", about: "order-3", group: "mail" }),
	]);
});

test("admins alone read it, and nobody writes or deletes it", async () => {
	for (const who of ["", OPS, basic("ann", PASSWORD)]) {
		expect((await ask(who, "GET /streams/$audit")).status).toBe(401);
	}
	expect((await ask(ADMIN, "GET /streams/$audit")).status).toBe(200);
	expect((await append("$audit", ADMIN)).json.type).toMatch(/stream-not-writable$/);
	expect((await ask(ADMIN, "DELETE /streams/$audit")).json.type).toMatch(/stream-not-writable$/);
	expect((await ask(ADMIN, "DELETE /streams/$audit/0/data")).json.type).toMatch(/not-redactable$/);
	expect(await audit()).toEqual([]);
});

test("refused logins and reads of admins are counted, and written once; no reader wakes itself", async () => {
	// What was counted so far is written with the end of a server.
	servers = await servers.restart();
	await audit();
	// Who reads the whole log or the audit is not counted.
	for (const stream of ["$all", "$audit", "$streams", "$et-T", "order-2"]) {
		await ask(ADMIN, `GET /streams/${stream}`);
	}
	for (let guess = 0; guess < 4; guess++) {
		expect((await ask(basic("admin", `guess ${guess}`), "GET /users")).status).toBe(401);
	}
	expect((await ask(basic("my secret, in the wrong field", "x"), "GET /users")).status).toBe(401);
	await ask(ADMIN, "GET /users");
	await ask(ADMIN, "GET /streams/$users");
	expect(await audit()).toEqual([]);
	servers = await servers.restart();
	const at = { from: "127.0.0.1" };
	expect(await audit()).toEqual([
		{
			what: "logins-refused",
			count: 5,
			seconds: expect.any(Number),
			by: [
				{ who: "admin", count: 4, ...at },
				{ who: "", count: 1, ...at },
			],
		},
		{
			what: "admin-reads",
			count: 2,
			seconds: expect.any(Number),
			by: [{ who: "admin", count: 2, ...at }],
		},
	]);
});
