/** What a browser brings with it: names that lead here, pages of other origins, and proxies. */
import { randomUUID } from "node:crypto";
import { type Ask, batch, get } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

const started: Servers[] = [];
afterAll(async () => {
	for (const servers of started) await servers.close();
});

async function start(settings: Parameters<typeof startServers>[0]): Promise<Servers> {
	const servers = await startServers({ allowAnonymous: false, ...settings });
	started.push(servers);
	return servers;
}

const write = (headers: Record<string, string> = {}): Ask =>
	batch("s", [{ eventId: randomUUID(), eventType: "T", data: {} }], headers);

async function statuses(servers: Servers, ask: Ask): Promise<unknown[]> {
	const replies = [await servers.ask(ask), await servers.express.ask(ask)];
	for (const reply of replies) {
		if (reply.status < 400) continue;
		expect(reply.json.type).toMatch(/host-not-ours|foreign-origin|unauthorized/);
	}
	return [...new Set(replies.map(({ status }) => status))];
}

describe("a server on loopback", () => {
	let servers: Servers;
	beforeAll(async () => {
		servers = await start({});
	});

	test.each(["localhost", "127.0.0.1:2113", "[::1]:9", "127.1.2.3", "a.localhost:1", "LOCALHOST."])(
		"is asked as %s",
		async (host) => {
			expect(await statuses(servers, get("/ping", "*/*", { Host: host }))).toEqual([200]);
		},
	);

	test.each([
		"evil.example",
		"localhost.evil.example:2113",
		"192.168.1.5:2113",
		"store",
		"127.0.0.1.evil.example",
	])("answers nothing under the name %s, which somebody else may have led here", async (host) => {
		const headers = { Host: host };
		expect(await statuses(servers, get("/streams/s", "*/*", headers))).toEqual([421]);
		expect(await statuses(servers, write(headers))).toEqual([421]);
	});

	test("takes the write of a program, and of a page of its own", async () => {
		expect(await statuses(servers, write())).toEqual([201]);
		const own = { Host: "localhost:2113", Origin: "http://localhost:2113" };
		expect(await statuses(servers, write(own))).toEqual([201]);
	});

	test.each(["http://evil.example", "https://localhost:1", "null", "file://", "not a URL"])(
		"refuses the write of a page of the origin %s, and lets it read",
		async (origin) => {
			expect(await statuses(servers, write({ Origin: origin }))).toEqual([403]);
			const remove = { method: "DELETE", path: "/streams/s", headers: { Origin: origin } };
			expect(await statuses(servers, remove)).toEqual([403]);
			const reply = await servers.ask(get("/ping", "*/*", { Origin: origin }));
			expect([reply.status, reply.headers["access-control-allow-origin"]]).toEqual([200, "*"]);
		},
	);

	test("refuses a write that the browser says comes from elsewhere, without an origin", async () => {
		expect(await statuses(servers, write({ "Sec-Fetch-Site": "cross-site" }))).toEqual([403]);
		expect(await statuses(servers, write({ "Sec-Fetch-Site": "same-origin" }))).toEqual([201]);
	});

	test.each(["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"])(
		"takes no anonymous request that a proxy has passed on, as %s says",
		async (name) => {
			expect(await statuses(servers, write({ [name]: "1.1 somewhere" }))).toEqual([401]);
			const read = get("/streams/s", "*/*", { [name]: "1.1 somewhere" });
			expect(await statuses(servers, read)).toEqual([401]);
			expect(await statuses(servers, get("/ping", "*/*", { [name]: "1.1 somewhere" }))).toEqual([
				200,
			]);
		},
	);
});

test("a named origin may write, and no other", async () => {
	const servers = await start({ corsOrigin: "https://app.example.com" });
	expect(await statuses(servers, write({ Origin: "https://app.example.com" }))).toEqual([201]);
	expect(await statuses(servers, write({ Origin: "https://app.example.com.evil" }))).toEqual([403]);
	expect(await statuses(servers, write({ Origin: "http://app.example.com" }))).toEqual([403]);
});

test("of several named origins each may write", async () => {
	const servers = await start({ corsOrigin: "https://a.example, https://b.example" });
	expect(await statuses(servers, write({ Origin: "https://b.example" }))).toEqual([201]);
	expect(await statuses(servers, write({ Origin: "https://c.example" }))).toEqual([403]);
});

test.each([{ publicUrl: "https://store.example" }, { trustedProxies: "10.0.0.0/8" }])(
	"with %j nobody comes in without credentials, unless that is allowed",
	async (settings) => {
		const closed = await start(settings);
		expect(await statuses(closed, write())).toEqual([401]);
		expect(await statuses(closed, get("/streams/s", "*/*"))).toEqual([401]);
		expect(await statuses(closed, get("/ping", "*/*"))).toEqual([200]);
		const open = await start({ ...settings, allowAnonymous: true });
		expect(await statuses(open, write({ Via: "1.1 proxy" }))).toEqual([201]);
	},
);

test("the public URL's host is a name of the server, and a page from there may write", async () => {
	const servers = await start({ publicUrl: "https://store.example", allowAnonymous: true });
	const headers = { Host: "store.example", Origin: "https://store.example" };
	expect(await statuses(servers, write(headers))).toEqual([201]);
	expect(await statuses(servers, get("/ping", "*/*", { Host: "other.example" }))).toEqual([421]);
});

test("a server that others reach has its addresses and the names of its network, too", async () => {
	const servers = await start({ host: "0.0.0.0", allowAnonymous: true });
	for (const host of ["192.168.1.5:2113", "store:2113", "[fd00::1]:2113", "localhost"]) {
		expect(await statuses(servers, get("/ping", "*/*", { Host: host }))).toEqual([200]);
	}
	expect(await statuses(servers, get("/ping", "*/*", { Host: "evil.example" }))).toEqual([421]);
});
