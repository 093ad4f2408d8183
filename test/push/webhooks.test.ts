/** Webhooks as those who make them, and those who get their messages, know them. */

import { createPublicKey, verify } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { type Ask, batch, type Reply } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";
import { type Got, type Receiver, receiver } from "./receiver.ts";

let servers: Servers;
let target: Receiver;
/** By path: the status that it answers. */
const statuses = new Map<string, number>();
beforeAll(async () => {
	target = await receiver(({ path }) => statuses.get(path) ?? 204);
	servers = await startServers({ pushAllow: "127.0.0.1", insecure: false });
	await user("una");
	await user("ben");
});
afterAll(async () => {
	await target.close();
	await servers.close();
});

const SLOW = { backoffMs: 30_000, backoffMsMax: 30_000 };
const ADMIN = basic("admin", "changeit");
const UNA = basic("una", "a good password");
const BEN = basic("ben", "a good password");
const OPS = basic("ops", "changeit");

function basic(login: string, password: string): string {
	return `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`;
}

async function user(loginName: string): Promise<void> {
	const body = { loginName, fullName: "", groups: [], password: "a good password" };
	expect((await as(ADMIN, "POST", "/users", body)).status).toBe(201);
}

function as(authorization: string, method: string, path: string, body?: object, headers = {}) {
	const sent = { Authorization: authorization, "Content-Type": "application/json", ...headers };
	const asked: Ask = { method, path, headers: sent };
	return servers.ask(body === undefined ? asked : { ...asked, body: JSON.stringify(body) });
}

function put(name: string, settings: object, by = ADMIN, headers = {}): Promise<Reply> {
	const body = { url: `${target.url}/${name}`, backoffMs: 1, backoffMsMax: 2, ...settings };
	return as(by, "PUT", `/webhooks/${name}`, body, headers);
}

async function standing(name: string) {
	return (await as(ADMIN, "GET", `/webhooks/${name}`)).json;
}

function append(stream: string, data: unknown, more: object = {}): Promise<Reply> {
	const event = { eventId: crypto.randomUUID(), eventType: "Placed", data, ...more };
	return servers.ask(batch(stream, [event], { Authorization: ADMIN }));
}

function got(name: string): Got[] {
	return target.got.filter(({ path }) => path === `/${name}`);
}

async function arrived(name: string, count: number): Promise<Got[]> {
	await until(() => got(name).length >= count);
	return got(name);
}

describe("a webhook", () => {
	test("is made once, changed as it was read, and deleted", async () => {
		const made = await put("life", { stream: "life" }, ADMIN, { "If-None-Match": "*" });
		expect([made.status, made.headers.location]).toEqual([201, `${servers.url}/webhooks/life`]);
		expect(made.json.secret).toMatch(/^whsec_/);
		const tag = made.headers.etag ?? "";
		const again = await put("life", { stream: "life" }, ADMIN, { "If-None-Match": "*" });
		expect([again.status, again.json.type]).toEqual([412, "urn:varve:problem:webhook-changed"]);

		const changed = await put("life", { stream: "life", tries: 3 }, ADMIN, { "If-Match": tag });
		expect([changed.status, changed.json.tries, changed.json.secret]).toEqual([200, 3, undefined]);
		const late = await put("life", { stream: "life" }, ADMIN, { "If-Match": tag });
		expect([late.status, late.headers.etag]).toEqual([412, changed.headers.etag]);
		const weak = await put("life", { stream: "life" }, ADMIN, { "If-Match": `W/${tag}` });
		const bare = await put("life", { stream: "life" }, ADMIN, { "If-Match": "7" });
		expect([weak.status, bare.status, bare.json.header]).toEqual([412, 400, "If-Match"]);
		const either = { "If-Match": `"999999", ${changed.headers.etag}` };
		expect((await put("life", { stream: "life" }, ADMIN, either)).status).toBe(200);
		expect((await put("life", { stream: "other" })).json).toMatchObject({ field: "stream" });

		expect(
			(await as(ADMIN, "DELETE", "/webhooks/life", undefined, { "If-Match": tag })).status,
		).toBe(412);
		expect((await as(ADMIN, "DELETE", "/webhooks/life")).status).toBe(200);
		expect((await as(ADMIN, "GET", "/webhooks/life")).status).toBe(404);
	});

	test.each<[object, string]>([
		[{ stream: "s", url: "http://una:x@127.0.0.1/" }, "url"],
		[{ stream: "s", url: "gopher://127.0.0.1/" }, "url"],
		[{ url: "https://example.org/" }, "stream"],
		[{ stream: "s", tires: 3 }, "tires"],
		[{ stream: "s", tries: 0 }, "tries"],
		[{ stream: "s", tries: "3" }, "tries"],
		[{ stream: "s", timeoutMs: 600_000 }, "timeoutMs"],
		[{ stream: "s", format: "yaml" }, "format"],
		[{ stream: "s", order: "$..x[" }, "order"],
		[{ stream: "s", start: -1 }, "start"],
		[{ stream: "$push-webhooks" }, "stream"],
		[{ stream: "$et-$PushAttempts" }, "stream"],
		[{ stream: "$all", resolveLinktos: true }, "resolveLinktos"],
		[{ stream: "s", filter: { context: "streamid", type: "prefix", data: "x" } }, "filter"],
		[{ stream: "$all", filter: { context: "streamid", type: "regex", data: "" } }, "filter"],
		[{ stream: "$all", filter: "x" }, "filter"],
	])("%j is refused, and changes nothing", async (settings, field) => {
		const reply = await put("bad", settings);
		expect([reply.status, reply.json.field]).toEqual([400, field]);
		expect((await as(ADMIN, "GET", "/webhooks/bad")).status).toBe(404);
	});

	test("has a name that stands in a URL as it is", async () => {
		for (const name of ["a%2Fb", "%20", ".x", "x".repeat(65)]) {
			expect((await put(name, { stream: "s" })).json).toMatchObject({ field: "name" });
		}
		const [text, sent] = ["[1]", { Authorization: ADMIN, "Content-Type": "application/json" }];
		const asked = { method: "PUT", path: "/webhooks/x", headers: sent, body: text };
		expect((await servers.ask(asked)).status).toBe(400);
	});
});

describe("what arrives", () => {
	test("is signed: the library of Standard Webhooks verifies it, and the published key does", async () => {
		const { secret, jwksUri } = (await put("signed", { stream: "signed", format: "json" })).json;
		await append("signed", { total: 1 });
		const [message] = await arrived("signed", 1);
		const { headers, body } = message as Got;
		const known = new Webhook(String(secret));
		const sent = headers as Record<string, string>;
		expect(known.verify(body, sent)).toMatchObject({ type: "Placed" });
		expect(() => known.verify(`${body} `, sent)).toThrow();

		const keys = (await servers.ask({ path: new URL(String(jwksUri)).pathname })).json.keys;
		const [key] = keys as object[];
		const [, signature = ""] = / v1a,(\S+)/.exec(` ${sent["webhook-signature"]}`) ?? [];
		const content = Buffer.from(`${sent["webhook-id"]}.${sent["webhook-timestamp"]}.${body}`);
		const by = createPublicKey({ key: { ...key }, format: "jwk" });
		expect(verify(null, content, by, Buffer.from(signature, "base64"))).toBe(true);
	});

	test("is signed by both secrets while one replaces the other", async () => {
		const before = (await put("turn", { stream: "turn", format: "json" })).json.secret;
		const turn = (keepSeconds: number) =>
			as(ADMIN, "POST", "/webhooks/turn/command/rotate-secret", { keepSeconds });
		const after = (await turn(60)).json.secret;
		expect(after).not.toBe(before);
		await append("turn", 1);
		const [both] = await arrived("turn", 1);
		const verifies = (secret: unknown, { body, headers }: Got) => {
			try {
				return Boolean(new Webhook(String(secret)).verify(body, headers as Record<string, string>));
			} catch {
				return false;
			}
		};
		expect([before, after].map((secret) => verifies(secret, both as Got))).toEqual([true, true]);
		const last = (await turn(0)).json.secret;
		await append("turn", 2);
		const [, one] = await arrived("turn", 2);
		expect([before, after, last].map((secret) => verifies(secret, one as Got))).toEqual([
			false,
			false,
			true,
		]);
		expect((await turn(-1)).status).toBe(400);
	});

	test("is a CloudEvent, thin: with the URLs of the event and of a page that caches keep", async () => {
		await put("thin", { stream: "$ce-thin" });
		await append("thin-1", { secret: "data" });
		const [message] = await arrived("thin", 1);
		const event = JSON.parse((message as Got).body);
		expect(message?.headers["content-type"]).toMatch("application/cloudevents+json");
		expect(event).toMatchObject({ specversion: "1.0", type: "Placed", stream: "thin-1" });
		expect([event.data, event.at]).toEqual([undefined, "0"]);
		const page = await as(ADMIN, "GET", event.page.slice(servers.url.length));
		expect(page.status).toBe(200);
		const data = await as(ADMIN, "GET", event.dataref.slice(servers.url.length));
		expect(data.text).toContain("<secret>data</secret>");
	});

	test("is full on request, as long as it is not too large", async () => {
		const full = { stream: "full", payload: "full", payloadBytesMax: 100 };
		await put("full", full);
		await put("full-json", { ...full, format: "json" });
		await put("full-binary", { ...full, format: "cloudevents-binary" });
		await append("full", { n: 1.1 }, { eventType: 'ä "%' });
		await append("full", { long: "x".repeat(100) });
		const events = (await arrived("full", 2)).map(({ body }) => JSON.parse(body));
		expect(events.map(({ data }) => data)).toEqual([{ n: 1.1 }, undefined]);
		const lines = (await arrived("full-json", 2)).map(({ body }) => JSON.parse(body).data);
		expect(lines.map(({ content, omitted }) => [content, omitted])).toEqual([
			[{ n: 1.1 }, undefined],
			[undefined, "too large"],
		]);
		const [first, second] = await arrived("full-binary", 2);
		expect(first).toMatchObject({ body: '{"n":1.1}' });
		expect(first?.headers).toMatchObject({
			"ce-specversion": "1.0",
			"ce-type": "%C3%A4%20%22%25",
			"content-type": "application/json",
			"ce-stream": "full",
		});
		expect(second).toMatchObject({ body: "" });
	});

	test("comes in batches, in order, each event once", async () => {
		await put("batch", { stream: "batch", start: 0, format: "cloudevents-batch", batchMax: 50 });
		const events = Array.from({ length: 120 }, (_, data) => {
			return { eventId: crypto.randomUUID(), eventType: "Counted", data };
		});
		await servers.ask(batch("batch", events, { Authorization: ADMIN }));
		const all = () => got("batch").flatMap(({ body }) => JSON.parse(body));
		await until(() => all().length >= 120);
		expect(all().map(({ version }) => version)).toEqual(events.map((_, index) => index));
		expect(got("batch").length).toBeLessThan(20);
	});

	test("is of $all what its filter lets pass, and nothing that the server writes for itself", async () => {
		const filter = { context: "eventtype", type: "prefix", data: "Wanted" };
		await put("typed", { stream: "$all", filter });
		await put("every", { stream: "$all" });
		await append("a-1", 1, { eventType: "WantedNow" });
		await append("a-1", 1, { eventType: "Other" });
		await append("a-2", 1, { eventType: "Wanted" });
		const types = (name: string) => got(name).map(({ body }) => JSON.parse(body).type);
		await until(() => types("typed").length >= 2 && types("every").length >= 3);
		expect(types("typed").sort()).toEqual(["Wanted", "WantedNow"]);
		await until(async () => (await standing("every")).lagEvents === 0);
		expect(types("every").filter((type) => type.startsWith("$Webhook"))).toEqual([]);
		await as(ADMIN, "DELETE", "/webhooks/every");
	});

	test("a test delivery says what became of it", async () => {
		await put("tried", { stream: "tried" });
		const test = () => as(ADMIN, "POST", "/webhooks/tried/command/test");
		expect((await test()).json).toMatchObject({ outcome: "delivered", status: 204 });
		expect(JSON.parse(got("tried")[0]?.body ?? "")).toMatchObject({ type: "varve.webhook.test" });
		statuses.set("/tried", 500);
		expect((await test()).json).toMatchObject({ outcome: "status", status: 500 });
		const { attempts } = (await as(ADMIN, "GET", "/webhooks/tried/attempts")).json;
		expect(attempts).toMatchObject([{ status: 500 }, { status: 204 }]);
		expect(await standing("tried")).toMatchObject({ circuit: "closed", lagEvents: 0 });
	});
});

describe("rights", () => {
	test("who may read a stream makes webhooks of it, and sees their own; operators see all", async () => {
		const closed = { $acl: { $r: ["una"], $w: "$all" } };
		await as(ADMIN, "POST", "/streams/theirs/metadata", closed, {
			"ES-EventId": crypto.randomUUID(),
		});
		expect((await put("of-una", { stream: "theirs" }, UNA)).status).toBe(201);
		expect((await put("of-ben", { stream: "theirs" }, BEN)).status).toBe(401);
		expect((await put("of-una", { stream: "theirs" }, BEN)).status).toBe(401);
		expect((await as(BEN, "GET", "/webhooks/of-una")).status).toBe(404);
		expect((await as(BEN, "DELETE", "/webhooks/of-una")).status).toBe(404);
		expect((await as(BEN, "GET", "/webhooks")).json).toEqual({ total: 0, webhooks: [] });
		expect((await as(UNA, "GET", "/webhooks")).json.total).toBe(1);
		const limited = { name: "t", rights: ["read", "write"], streams: ["other-"] };
		const { token } = (await as(UNA, "POST", "/tokens", limited)).json;
		const bearer = `Bearer ${token}`;
		expect((await as(bearer, "GET", "/webhooks")).json.total).toBe(0);
		expect((await put("of-una", { stream: "theirs" }, bearer)).status).toBe(401);
		expect((await as(OPS, "GET", "/webhooks/of-una")).json.createdBy).toBe("una");
		// Who says where it sends to is who reads: operators read no more by it than they may.
		expect((await put("of-una", { stream: "theirs" }, OPS)).json.createdBy).toBe("ops");
		await append("theirs", 1);
		await until(async () => (await standing("of-una")).heldUp === "unauthorized");
		expect(got("of-una")).toEqual([]);
		const stranger = await servers.ask({ path: "/webhooks" });
		expect(stranger.status).toBe(401);
	});

	test("what the creator may not read any more is left out, or waits", async () => {
		const open = (roles: string[]) =>
			as(
				ADMIN,
				"POST",
				"/streams/mixed-2/metadata",
				{ $acl: { $r: roles } },
				{
					"ES-EventId": crypto.randomUUID(),
				},
			);
		await open(["ben"]);
		await put("mixed", { stream: "$ce-mixed", format: "json" }, UNA);
		await append("mixed-1", 1);
		await append("mixed-2", 2);
		await append("mixed-1", 3);
		await arrived("mixed", 2);
		await until(async () => (await standing("mixed")).lagEvents === 0);
		const streams = got("mixed").map(({ body }) => JSON.parse(body).data.stream);
		expect(streams).toEqual(["mixed-1", "mixed-1"]);

		await as(ADMIN, "POST", "/users/una/command/disable");
		await append("mixed-1", 4);
		await until(async () => (await standing("mixed")).heldUp === "unauthorized");
		expect(await standing("mixed")).toMatchObject({ lagEvents: 1, state: "active" });
		await as(ADMIN, "POST", "/users/una/command/enable");
		await append("mixed-1", 5);
		await arrived("mixed", 4);
	});

	test("each deed stands in the audit", async () => {
		await put("told", { stream: "told" });
		await as(ADMIN, "POST", "/webhooks/told/command/pause");
		await as(ADMIN, "DELETE", "/webhooks/told");
		const page = await as(
			ADMIN,
			"GET",
			"/streams/%24audit/head/backward/20?embed=body",
			undefined,
			{
				Accept: "application/vnd.eventstore.atom+json",
			},
		);
		const entries = page.json.entries as { data: string }[];
		const deeds = entries
			.map(({ data }) => JSON.parse(data))
			.filter(({ about }) => about === "told");
		expect(deeds.map(({ what, who }) => [what, who])).toEqual([
			["webhook-deleted", "admin"],
			["webhook-paused", "admin"],
			["webhook-written", "admin"],
		]);
	});
});

test("a restart goes on where it was, counts tries on, and shows no secret anywhere", async () => {
	statuses.set("/kept", 500);
	const made = (await put("kept", { stream: "kept", tries: 100, ...SLOW })).json;
	await put("waits", { stream: "waits" });
	await as(ADMIN, "POST", "/webhooks/waits/command/pause");
	await append("kept", 1);
	await append("waits", 1);
	await arrived("kept", 1);
	await until(async () => (await standing("kept")).retrying === 1);
	const [before] = got("kept");

	servers = await servers.restart((directory) => {
		const secret = String(made.secret).slice("whsec_".length);
		const files = readdirSync(directory).filter((name) => name.startsWith("log.sqlite"));
		const bytes = Buffer.concat(files.map((name) => readFileSync(join(directory, name))));
		expect(bytes.includes('"previousUntil":')).toBe(true);
		for (const text of [Buffer.from(secret), Buffer.from(secret, "base64")]) {
			expect(bytes.includes(text)).toBe(false);
		}
	});
	statuses.delete("/kept");
	const [, after] = await arrived("kept", 2);
	expect(after?.headers["webhook-id"]).toBe(before?.headers["webhook-id"]);
	expect(
		new Webhook(String(made.secret)).verify(after?.body ?? "", after?.headers as never),
	).toBeTruthy();
	const { attempts } = (await as(ADMIN, "GET", "/webhooks/kept/attempts")).json;
	expect(attempts).toMatchObject([
		{ tries: 2, outcome: "delivered" },
		{ tries: 1, status: 500 },
	]);
	expect(await standing("waits")).toMatchObject({ state: "paused", lagEvents: 1 });
	await as(ADMIN, "POST", "/webhooks/waits/command/resume");
	await arrived("waits", 1);
});
