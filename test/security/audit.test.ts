/** The audit: who changed what of the store, and from where. */
import { randomUUID } from "node:crypto";
import { createScreens } from "../../admin/index.ts";
import type { StreamName } from "../../src/event.ts";
import { ADMIN, as, basic, OPS, PASSWORD } from "../accounts/asking.ts";
import { batch } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";

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
	const { scavengeId } = (await ask(OPS, "POST /admin/scavenge?format=json")).json;
	const { verificationId } = (await ask(OPS, "POST /admin/verification")).json;
	expect([scavengeId, verificationId]).toEqual([expect.any(String), expect.any(String)]);
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
		{ what: "scavenge-started", about: scavengeId, ...by("ops") },
		{ what: "verification-started", about: verificationId, ...by("ops") },
	]);
});

test("a deed that is done with a token names it", async () => {
	const made = await ask(ADMIN, "POST /tokens", { name: "robot", rights: ["write"] });
	const { id, token } = made.json;
	await append("$systems", `Bearer ${token}`);
	const by = { who: "admin", from: "127.0.0.1" };
	expect(await audit()).toEqual([
		{ what: "token-created", about: id, via: "password", ...by },
		{ what: "system-stream-written", about: "$systems", via: "token", token: id, ...by },
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
	await ask(OPS, "POST /subscriptions/restart");
	const told = (what: string, who: string) => ({
		...{ what, who, via: "password", from: "127.0.0.1" },
		...{ about: "order-4", group: "billing" },
	});
	expect(await audit()).toEqual([
		told("subscription-created", "ops"),
		told("subscription-changed", "admin"),
		told("parked-replayed", "admin"),
		told("subscription-deleted", "admin"),
		{ ...told("subscriptions-restarted", "ops"), about: "", group: undefined },
	]);
});

test("what was refused was not done, and is not told", async () => {
	await append("order-2", ADMIN);
	expect((await ask(ADMIN, "DELETE /users/nobody")).status).toBe(404);
	expect((await ask(OPS, "POST /users", {})).status).toBe(401);
	expect((await ask(ADMIN, "DELETE /streams/order-2/7/data")).status).toBe(404);
	expect(await audit()).toEqual([]);
});

/** Sends a form of a page as the browser of an admin does. */
async function sendForm(from: string, to: string, fields: Readonly<Record<string, string>>) {
	const html = { Accept: "text/html", Authorization: ADMIN };
	const page = await servers.ask({ path: from, headers: html });
	const cookie = String(page.headers["set-cookie"]).split(";")[0];
	const token = /name="_token" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
	const type = { "Content-Type": "application/x-www-form-urlencoded" };
	const headers = { ...html, ...type, Cookie: cookie };
	const body = new URLSearchParams({ _token: token, ...fields }).toString();
	expect((await servers.ask({ path: to, headers, body })).status).toBe(303);
}

test("a deed of a form is told like any other", async () => {
	await append("order-3", ADMIN);
	const fields = { action: "delete", how: "hard", confirm: "order-3" };
	await sendForm("/streams/order-3?deed=delete", "/streams/order-3", fields);
	expect(await audit()).toEqual([
		expect.objectContaining({ what: "stream-deleted", about: "order-3", forEver: true }),
	]);
});

test("a delete for ever is told as one, whichever of its headers says so", async () => {
	await append("order-5", ADMIN);
	const headers = { Authorization: ADMIN, "Kurrent-HardDelete": "True", "ES-HardDelete": "False" };
	const reply = await servers.ask({ method: "DELETE", path: "/streams/order-5", headers });
	expect(reply.status).toBe(204);
	expect((await ask(ADMIN, "GET /streams/order-5")).status).toBe(410);
	expect(await audit()).toEqual([
		expect.objectContaining({ what: "stream-deleted", about: "order-5", forEver: true }),
	]);
});

test("a run that the Operations page starts is told, and which one it is", async () => {
	const { scavenger, upkeep } = servers.server.context;
	await until(() => scavenger.current() === undefined);
	await until(() => upkeep.verifications.state().running === undefined);
	await sendForm("/admin", "/ui/operations", { action: "start-scavenge" });
	await sendForm("/admin", "/ui/operations", { action: "start-verification" });
	await until(() => scavenger.current() === undefined);
	const { running, runs } = upkeep.verifications.state();
	expect(await audit()).toEqual([
		expect.objectContaining({ what: "scavenge-started", about: scavenger.last()?.id }),
		expect.objectContaining({ what: "verification-started", about: (running ?? runs[0])?.id }),
	]);
});

test("permissions that a form appends are told like those of a request", async () => {
	for (const stream of ["$settings", "$$order-4", "order-4"]) {
		const path = `/streams/${encodeURIComponent(stream)}`;
		await sendForm("/streams/$settings?deed=append", path, {
			action: "append",
			id: randomUUID(),
			type: "T",
			data: "{}",
			metadata: "",
			expected: "",
		});
	}
	expect(await audit()).toEqual([
		expect.objectContaining({ what: "system-stream-written", about: "$settings", who: "admin" }),
		expect.objectContaining({ what: "metadata-written", about: "order-4", who: "admin" }),
	]);
});

test("a deed of a form on a subscription is told, too", async () => {
	const fields = { action: "create", stream: "order-3", group: "mail" };
	await sendForm("/subscriptions/order-3", "/ui/subscriptions", fields);
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
