/** The WebSub hub, as subscribers know it: real callbacks on sockets. */
import { createHmac } from "node:crypto";
import { batch, get } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";
import { type Callback, type Feed, callback as newCallback } from "./callback.ts";

const callbacks: Callback[] = [];
async function callback(): Promise<Callback> {
	const made = await newCallback();
	callbacks.push(made);
	return made;
}

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ hub: true, pushAllow: "127.0.0.1", insecure: false });
});
afterAll(async () => {
	await servers.close();
	for (const one of callbacks) await one.close();
});

const ADMIN = `Basic ${Buffer.from("admin:changeit").toString("base64")}`;

function hub(fields: Record<string, string>, headers = {}) {
	return servers.ask({
		method: "POST",
		path: "/hub",
		headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
		body: String(new URLSearchParams(fields)),
	});
}

function subscribe(stream: string, to: Callback, more: Record<string, string> = {}, headers = {}) {
	const topic = `${servers.url}/streams/${stream}`;
	const fields = { "hub.mode": "subscribe", "hub.topic": topic, "hub.callback": to.url };
	return hub({ ...fields, ...more }, headers);
}

async function subscribers(): Promise<
	readonly { readonly id: string; readonly callback: string; readonly leaseUntil: string }[]
> {
	const { json } = await servers.ask({ path: "/hub", headers: { Authorization: ADMIN } });
	return json.subscribers as { id: string; callback: string; leaseUntil: string }[];
}

async function idOf(to: Callback): Promise<string> {
	await until(() => isSubscribed(to));
	return (await subscribers()).find(({ callback }) => callback === to.url)?.id ?? "";
}

function onSubscriber(method: "GET" | "DELETE", path: string, headers = { Authorization: ADMIN }) {
	return servers.ask({ method, path: `/hub/${path}`, headers });
}

async function isSubscribed(to: Callback): Promise<boolean> {
	return (await subscribers()).some(({ callback }) => callback === to.url);
}

function append(stream: string, count = 1) {
	const events = Array.from({ length: count }, (_, data) => {
		return { eventId: crypto.randomUUID(), eventType: "Told", data: { data } };
	});
	return servers.ask(batch(stream, events, { Authorization: ADMIN }));
}

describe("a feed", () => {
	test("names the hub where it can change, in Atom and in Link, and nowhere else", async () => {
		await append("named", 45);
		const head = await servers.ask(get("/streams/named", "application/atom+xml"));
		expect(head.text).toContain(`<link href="${servers.url}/hub" rel="hub"/>`);
		expect(head.headers.link).toBe(
			`<${servers.url}/hub>; rel="hub", <${servers.url}/streams/named>; rel="self"`,
		);
		const tag = head.headers.etag ?? "";
		const held = { "If-None-Match": tag };
		expect((await servers.ask(get("/streams/named", "application/atom+xml", held))).status).toBe(
			304,
		);
		for (const path of ["/streams/named/0/forward/20", "/streams/named/40/forward/20"]) {
			const page = await servers.ask(get(path, "application/atom+xml"));
			expect(page.text).not.toContain('rel="hub"');
			expect(page.headers.link).toBeUndefined();
		}
	});

	test("has the same sealed pages, and another tag at the head, where the server is no hub", async () => {
		const plain = await startServers();
		const events = [...Array(25)].map((_, data) => {
			const tail = data.toString(16).padStart(12, "0");
			return { eventId: `5f0c7a52-1a6e-4d0b-8f3e-${tail}`, eventType: "t", data };
		});
		for (const one of [plain, servers])
			await one.ask(batch("same", events, { Authorization: ADMIN }));
		const tags = async (path: string) =>
			Promise.all(
				[plain, servers].map(async (one) => {
					const { headers } = await one.ask(get(path, "application/atom+xml"));
					return headers.etag;
				}),
			);
		const [sealed, same] = await tags("/streams/same/0/forward/20");
		expect(sealed).toBe(same);
		const [head, other] = await tags("/streams/same");
		expect(head).not.toBe(other);
		expect((await plain.ask({ method: "POST", path: "/hub", body: "" })).status).toBe(404);
		expect((await plain.ask(get("/streams/same", "application/atom+xml"))).text).not.toContain(
			"hub",
		);
		await plain.close();
	});
});

describe("a subscriber", () => {
	test("is asked whether it wants to, and then gets new entries, signed", async () => {
		const to = await callback();
		await append("news");
		const reply = await subscribe("news", to, {
			"hub.secret": "s3cret",
			"hub.lease_seconds": "3600",
		});
		expect(reply.status).toBe(202);
		await until(() => isSubscribed(to));
		const [intent] = to.asked;
		expect(Object.fromEntries(intent ?? [])).toMatchObject({
			kept: "1",
			"hub.mode": "subscribe",
			"hub.topic": `${servers.url}/streams/news`,
			"hub.lease_seconds": "3600",
		});
		await append("news", 2);
		await until(() => to.feeds.length > 0);
		const [feed] = to.feeds as [Feed];
		const { body, headers } = feed;
		expect(headers["content-type"]).toMatch(/^application\/atom\+xml/);
		expect(headers.link).toContain(`<${servers.url}/hub>; rel="hub"`);
		expect(headers.link).toContain(`<${servers.url}/streams/news>; rel="self"`);
		const mac = createHmac("sha256", "s3cret").update(body).digest("hex");
		expect(headers["x-hub-signature"]).toBe(`sha256=${mac}`);
		// Not the one of before.
		const titles = to.feeds.flatMap(({ body }) => body.match(/\d@news/g) ?? []);
		await until(() => to.feeds.flatMap(({ body }) => body.match(/2@news/g) ?? []).length > 0);
		expect(titles).not.toContain("0@news");
		expect(body).toContain('rel="self"');
	});

	test.each<[string, (challenge: string) => string]>([
		["says something else", () => "no"],
		["repeats more than the challenge", (challenge) => `${challenge}\n`],
		["says nothing", () => ""],
	])("that %s is none", async (_, echo) => {
		const to = await callback();
		to.echo = echo;
		await subscribe("news", to);
		await until(() => to.asked.length === 1);
		await append("news");
		expect(await isSubscribed(to)).toBe(false);
		expect(to.feeds).toEqual([]);
	});

	test("ends by asking for it, if the callback wants that, and by answering 410", async () => {
		const [one, other] = [await callback(), await callback()];
		for (const to of [one, other]) {
			await subscribe("ends", to);
			await until(() => isSubscribed(to));
		}
		one.echo = () => "no";
		await subscribe("ends", one, { "hub.mode": "unsubscribe" });
		await until(() => one.asked.length === 2);
		expect(await isSubscribed(one)).toBe(true);
		one.echo = (challenge) => challenge;
		await subscribe("ends", one, { "hub.mode": "unsubscribe" });
		await until(async () => !(await isSubscribed(one)));
		other.status = 410;
		await append("ends");
		await until(async () => !(await isSubscribed(other)));
		expect([one.feeds.length, other.feeds.length]).toEqual([0, 1]);
		expect(servers.reported.splice(0)).toEqual([]);
	});

	test("is denied when whoever subscribed may not read any more", async () => {
		const to = await callback();
		await subscribe("secret", to);
		await until(() => isSubscribed(to));
		await servers.ask({
			method: "POST",
			path: "/streams/secret/metadata",
			headers: {
				Authorization: ADMIN,
				"Content-Type": "application/json",
				"ES-EventId": crypto.randomUUID(),
			},
			body: JSON.stringify({ $acl: { $r: "admin" } }),
		});
		await append("secret");
		await until(() => to.asked.some((asked) => asked.get("hub.mode") === "denied"));
		expect([await isSubscribed(to), to.feeds]).toEqual([false, []]);
		expect((await subscribe("secret", to)).status).toBe(401);
	});

	test("is ended by an operator, and told why; whoever is none may not", async () => {
		const to = await callback();
		await subscribe("unwanted", to);
		const id = await idOf(to);
		await append("unwanted");
		await until(() => to.feeds.length === 1);
		await until(async () => (await onSubscriber("GET", id)).json.lagEvents === 0);
		const { json } = await onSubscriber("GET", id);
		expect(json).toMatchObject({ id, stream: "unwanted", isSigned: false, givenUp: 0, heldUp: "" });
		expect(json.attempts).toMatchObject([{ outcome: "delivered", status: 200 }]);
		const stranger = await servers.ask({ method: "DELETE", path: `/hub/${id}` });
		const long = await onSubscriber("DELETE", `${id}?reason=${"x".repeat(201)}`);
		expect([stranger.status, long.status]).toEqual([401, 400]);
		expect(await isSubscribed(to)).toBe(true);

		const ended = await onSubscriber("DELETE", `${id}?reason=too%20slow`);
		expect([ended.status, ended.json]).toEqual([200, { id, ended: true }]);
		await until(() => to.asked.length === 2);
		expect(Object.fromEntries(to.asked[1] ?? [])).toMatchObject({
			kept: "1",
			"hub.mode": "denied",
			"hub.topic": `${servers.url}/streams/unwanted`,
			"hub.reason": "too slow",
		});
		for (const method of ["GET", "DELETE"] as const) {
			const gone = await onSubscriber(method, id);
			expect([gone.status, gone.json.type]).toEqual([
				404,
				"urn:varve:problem:subscriber-not-found",
			]);
		}
		const audit = "/streams/%24audit/head/backward/20?embed=body";
		const headers = { Authorization: ADMIN, Accept: "application/vnd.eventstore.atom+json" };
		const said = JSON.stringify((await servers.ask({ path: audit, headers })).json);
		expect(said).toContain("hub-subscriber-ended");
		expect(said).toContain(id);

		await append("unwanted");
		await subscribe("unwanted", to);
		expect(await idOf(to)).not.toBe(id);
		await append("unwanted");
		await until(() => to.feeds.length === 2);
		expect(to.feeds[1]?.body).not.toContain("1@unwanted");
	});

	test("ends with its lease, which another request makes longer", async () => {
		const to = await callback();
		await subscribe("lease", to, { "hub.lease_seconds": "1" });
		await until(() => isSubscribed(to));
		// A minute is the shortest.
		const endLeases = (seconds: number) =>
			servers.server.context.pushes.hub?.endLeases(Date.now() + seconds * 1000);
		await endLeases(50);
		expect(await isSubscribed(to)).toBe(true);
		await subscribe("lease", to, { "hub.lease_seconds": "3600" });
		await until(() => to.asked.length === 2);
		await until(async () => {
			const [one] = (await subscribers()).filter(({ callback }) => callback === to.url);
			return Date.parse(one?.leaseUntil ?? "") > Date.now() + 3_000_000;
		});
		await endLeases(3000);
		expect(await isSubscribed(to)).toBe(true);
		await endLeases(3601);
		expect(await isSubscribed(to)).toBe(false);
	});

	test("outlives a restart, with its secret and its lease", async () => {
		const to = await callback();
		await subscribe("kept", to, { "hub.secret": "s".repeat(199) });
		await until(() => isSubscribed(to));
		const [before] = (await subscribers()).filter(({ callback }) => callback === to.url);
		servers = await servers.restart();
		const [after] = (await subscribers()).filter(({ callback }) => callback === to.url);
		expect(after?.leaseUntil).toBe(before?.leaseUntil);
		await append("kept");
		await until(() => to.feeds.length === 1);
		const [feed] = to.feeds as [Feed];
		const mac = createHmac("sha256", "s".repeat(199)).update(feed.body).digest("hex");
		expect(feed.headers["x-hub-signature"]).toBe(`sha256=${mac}`);
	});
});

describe("a request", () => {
	test.each([
		[{ "hub.mode": "publish" }, "hub.mode"],
		[{ "hub.topic": "https://example.org/streams/s" }, "hub.topic"],
		[{ "hub.topic": "/streams/s" }, "hub.topic"],
		[{ "hub.callback": "http://una:x@127.0.0.1/" }, "hub.callback"],
		[{ "hub.callback": "javascript:alert(1)" }, "hub.callback"],
		[{ "hub.secret": "s".repeat(200) }, "hub.secret"],
		[{ "hub.lease_seconds": "soon" }, "hub.lease_seconds"],
	])("with %j is refused, and nobody is asked", async (fields, parameter) => {
		const to = await callback();
		const reply = await subscribe("s", to, fields as Record<string, string>);
		expect([reply.status, reply.json.parameter]).toEqual([400, parameter]);
		expect(to.asked).toEqual([]);
	});

	test("is refused for pages, for streams of the hub itself, and if it comes too often", async () => {
		const to = await callback();
		for (const stream of ["s/0/forward/20", "s?embed=body", "%24push-hub"]) {
			expect((await subscribe(stream, to)).status).toBeGreaterThanOrEqual(400);
		}
		const statuses = [];
		for (let at = 0; at < 25; at++) statuses.push((await subscribe("often", to)).status);
		expect(statuses.filter((status) => status === 202)).toHaveLength(20);
		expect(statuses.filter((status) => status === 503)).toHaveLength(5);
		await until(() => to.asked.length === 20);
	});

	test("for a callback in a network of ours that is not named reaches nobody", async () => {
		const reply = await hub({
			"hub.mode": "subscribe",
			"hub.topic": `${servers.url}/streams/s`,
			"hub.callback": "https://10.0.0.1/cb",
		});
		expect(reply.status).toBe(202);
		expect((await subscribers()).some(({ callback }) => callback.includes("10.0.0.1"))).toBe(false);
	});
});
