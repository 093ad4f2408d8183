/**
 * The gateways: nginx and Varnish with pages that not everybody may read. A proxy that is not
 * installed is skipped by name.
 */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allTo, as, type Role, setAcl, startWithRoles } from "../access/roles.ts";
import { ATOM_JSON, ask, batch, get, type Reply } from "../http/ask.ts";
import type { Servers } from "../http/harness.ts";
import { ROOT, type Server } from "./processes.ts";

const EXAMPLE = `${ROOT}examples/reverse-proxy`;
const { startNginx } = await import(`${EXAMPLE}/nginx.js`);
const { startVarnish } = await import(`${EXAMPLE}/varnish.js`);
const { startCountingHop } = await import(`${EXAMPLE}/counting-hop.js`);

type Hop = { readonly port: number; take(): string[]; close(): void };
type Start = (directory: string, upstreamPort: number) => Promise<Server>;
type Proxy = {
	readonly name: string;
	readonly isThere: boolean;
	readonly plain: Start;
	readonly gateway: Start;
};

const PROXIES: readonly Proxy[] = [
	{
		name: "nginx",
		isThere: spawnSync("nginx", ["-v"]).status === 0,
		plain: startNginx,
		gateway: (at, port) => startNginx(at, port, { gateway: true }),
	},
	{
		name: "Varnish",
		isThere: spawnSync("varnishd", ["-V"]).status === 0,
		plain: startVarnish,
		gateway: (at, port) => startVarnish(at, port, undefined, "varve-gateway.vcl"),
	},
];

const LOOPBACK = "127.0.0.1";

let servers: Servers;
let directory: string;
beforeAll(async () => {
	servers = await startWithRoles({ trustedCaches: LOOPBACK, trustedProxies: LOOPBACK, tls: "off" });
	directory = mkdtempSync(join(tmpdir(), "varve-gateway-"));
});
afterAll(async () => {
	await servers.close();
	rmSync(directory, { recursive: true, force: true });
});

for (const proxy of PROXIES) {
	const skipped = proxy.isThere ? "" : ` (SKIPPED: ${proxy.name} is not installed)`;
	const block = proxy.isThere ? describe : describe.skip;
	block(`behind ${proxy.name}${skipped}`, () => behind(proxy));
}

function behind({ name, plain, gateway }: Proxy): void {
	let hop: Hop;
	let port: number;
	let plainPort: number;
	let stops: readonly (() => Promise<void>)[] = [];
	let category: string;
	let team: string;
	let open: string;

	beforeAll(async () => {
		hop = await startCountingHop(`http://127.0.0.1:${servers.port}`);
		const started = await Promise.all([
			gateway(join(directory, `${name}-gateway`), hop.port),
			plain(join(directory, `${name}-plain`), hop.port),
		]);
		stops = started.map(({ stop }) => stop);
		[port, plainPort] = started.map(({ url }) => Number(new URL(url).port)) as [number, number];
	});
	afterAll(async () => {
		for (const stop of stops) await stop();
		hop?.close();
	});
	beforeEach(async () => {
		category = `c${randomUUID().replaceAll("-", "")}`;
		[team, open] = [`${category}-team`, `${category}-open`];
		await setAcl(servers, team, allTo("team"));
		for (const stream of [team, open]) await append(stream, 20);
		hop.take();
	});

	test("ten consumers with three accounts cost the server each page once for each class", async () => {
		await append(team, 40);
		const roles: readonly Role[] = ["mel", "max", "admin"];
		const consumers = Array.from({ length: 10 }, (_, index) => roles[index % 3] as Role);
		const pages = [0, 20, 40].map((from) => `${team}/${from}/forward/20`);
		for (const page of pages) {
			const replies = await Promise.all(consumers.map((role) => read(role, page)));
			for (const { status, json } of replies) {
				expect([status, entriesOf(json).length]).toEqual([200, 20]);
			}
		}
		// mel and max are of one class.
		for (const page of pages) expect(askedFor(page)).toBe(2);
	});

	test("nobody is shown what somebody else may read, not even as a 304", async () => {
		const page = `${team}/0/forward/20`;
		const { headers } = await read("mel", page);
		expect((await read("mel", page)).headers["x-cache-status"]).toBe("HIT");
		for (const role of ["una", "anonymous", "operator"] as const) {
			for (const more of [{}, { "If-None-Match": headers.etag }, { "Varve-Rights": "1" }]) {
				const reply = await read(role, page, more);
				expect([role, reply.status]).toEqual([role, 401]);
				expect(reply.headers["content-type"]).toMatch("application/problem+json");
			}
		}
		expect((await read("mel", page, { "If-None-Match": headers.etag })).status).toBe(304);
	});

	test("an ACL counts at once, whatever is kept", async () => {
		const page = `${team}/0/forward/20`;
		const statuses = async () => {
			const replies = await Promise.all([read("mel", page), read("una", page)]);
			return replies.map(({ status }) => status);
		};
		for (const [role, expected] of [
			["team", [200, 401]],
			["una", [401, 200]],
			["$all", [200, 200]],
			["team", [200, 401]],
		] as const) {
			await setAcl(servers, team, allTo(role));
			expect(await statuses()).toEqual(expected);
			expect(await statuses()).toEqual(expected);
		}
	});

	test("a page that leaves entries out is another one for each class, and after each ACL", async () => {
		const page = `%24ce-${category}/0/forward/100`;
		const seen = async (role: Role) => entriesOf((await read(role, page)).json).length;
		const sealed = `%24ce-${category}/0/forward/20`;
		for (let times = 0; times < 2; times++) {
			expect([await seen("mel"), await seen("una")]).toEqual([40, 20]);
		}
		const titles = async (role: Role) => entriesOf((await read(role, sealed)).json).length;
		for (let times = 0; times < 2; times++) {
			expect([await titles("mel"), await titles("una")]).toEqual([20, 0]);
		}
		await setAcl(servers, team, allTo("una"));
		expect([await titles("mel"), await titles("una")]).toEqual([0, 20]);
	});

	test("a stream of links is asked for each time: the ACLs of others decide what it shows", async () => {
		const links = `links-${randomUUID()}`;
		await appendAll(
			links,
			Array.from({ length: 20 }, (_, at) => ({ eventType: "$>", data: `${at}@${team}` })),
		);
		const page = `${links}/0/forward/20?embed=body`;
		const shown = async (role: Role) => {
			const entries = entriesOf((await read(role, page)).json) as { eventType: string }[];
			return entries.every(({ eventType }) => eventType === "T");
		};
		expect([await shown("mel"), await shown("una"), await shown("mel")]).toEqual([
			true,
			false,
			true,
		]);
		await setAcl(servers, team, allTo("una"));
		expect([await shown("mel"), await shown("una")]).toEqual([false, true]);
	});

	test("what is deleted is gone at once", async () => {
		const page = `${team}/0/forward/20`;
		await read("mel", page);
		expect((await read("mel", page)).headers["x-cache-status"]).toBe("HIT");
		const path = `/streams/${team}`;
		const deletion = { method: "DELETE", path, headers: { "ES-HardDelete": "True" } };
		expect((await servers.ask(as("admin", deletion))).status).toBe(204);
		expect((await read("mel", page)).status).toBe(410);
	});

	test("followers of one class that wait at one place cost the server one question", async () => {
		const tail = `${team}/20/forward/20?wait=20`;
		const followers = Promise.all(["mel", "max", "mel"].map((role) => read(role as Role, tail)));
		while (askedFor(tail) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
		await append(team, 1);
		for (const { json } of await followers) expect(entriesOf(json)).toHaveLength(1);
		expect(askedFor(tail)).toBe(1);
		expect((await read("una", tail)).status).toBe(401);
	});

	test("readers, and caches between them and the gateway, get no lifetime of what is private", async () => {
		for (let times = 0; times < 2; times++) {
			const { headers } = await read("mel", `${team}/0/forward/20`);
			expect(headers["cache-control"]).toBe("max-age=31536000, private, immutable");
			for (const name of ["cdn-cache-control", "x-accel-expires", "cache-tag", "varve-rights"]) {
				expect(headers).not.toHaveProperty(name);
			}
		}
	});

	test("a reader does not decide what the links of a kept page start with", async () => {
		const headers = {
			"X-Forwarded-Host": "evil.test",
			"X-Forwarded-Prefix": "/evil",
			Forwarded: "host=evil.test",
		};
		for (const at of [port, plainPort]) {
			const path = `/streams/${open}/0/forward/20`;
			const reply = await ask(at, as("mel", get(path, ATOM_JSON, headers)));
			expect([reply.status, reply.text]).toEqual([200, expect.not.stringContaining("evil")]);
		}
	});

	test("the configuration without questions keeps nothing that is private", async () => {
		const at = (role: Role) =>
			ask(plainPort, as(role, get(`/streams/${team}/0/forward/20`, ATOM_JSON)));
		for (const [role, status] of [
			["mel", 200],
			["una", 401],
			["mel", 200],
			["anonymous", 401],
		] as const) {
			expect([role, (await at(role)).status]).toEqual([role, status]);
		}
	});

	const asked: string[] = [];
	function askedFor(path: string): number {
		asked.push(...hop.take());
		return asked.filter((one) => one === `GET /streams/${path}`).length;
	}

	function read(role: Role, path: string, headers = {}): Promise<Reply> {
		return ask(port, as(role, get(`/streams/${path}`, ATOM_JSON, headers)));
	}
}

async function append(stream: string, count: number): Promise<void> {
	await appendAll(stream, Array(count).fill({ eventType: "T", data: { of: stream } }));
}

async function appendAll(stream: string, all: readonly object[]): Promise<void> {
	const events = all.map((event) => ({ eventId: randomUUID(), ...event }));
	expect((await servers.ask(as("admin", batch(stream, events)))).status).toBe(201);
}

function entriesOf({ entries }: Reply["json"]): readonly unknown[] {
	return entries as readonly unknown[];
}
