/** Who gets in: Basic to the letter, what is remembered, and what guessing costs. */
import { clientAddress } from "../../src/http/authentication/address.ts";
import { recordConnection } from "../../src/http/sockets/connection.ts";
import { parseNetworks } from "../../src/networks.ts";
import { head, raw } from "../http/ask.ts";
import type { Servers } from "../http/harness.ts";
import { ADMIN, as, basic, Ouro, PASSWORD, startWithUsers } from "./asking.ts";

let servers: Servers;
let user: Ouro;
beforeAll(async () => {
	servers = await startWithUsers();
	user = await new Ouro(servers).create();
});
afterAll(() => servers.close());

const base64 = (text: string, encoding: BufferEncoding = "utf8") =>
	Buffer.from(text, encoding).toString("base64");

describe("Basic", () => {
	test.each([
		["another case of the scheme", (text: string) => `bAsIc ${text}`, 200],
		["several spaces behind the scheme", (text: string) => `Basic   ${text}`, 200],
		["no padding", (text: string) => `Basic ${text.replace(/=+$/, "")}`, 200],
		["no space", (text: string) => `Basic${text}`, 401],
		["another scheme", (text: string) => `Digest ${text}`, 401],
		["the scheme alone", () => "Basic", 401],
		["characters that are not of Base64", (text: string) => `Basic ${text}!`, 401],
		["something behind", (text: string) => `Basic ${text}, Bearer x`, 401],
		["no colon", () => `Basic ${base64("admin")}`, 401],
		["a byte that is not UTF-8", () => `Basic ${base64("admin:changeit\xff", "latin1")}`, 401],
		["a control character", () => `Basic ${base64("admin:changeit\0")}`, 401],
		["nothing at all", () => "", 401],
	])("with %s", async (_what, header, status) => {
		const { own } = user;
		expect(await user.entrance(header(own.slice("Basic ".length)) || " ")).toBe(status);
	});

	test("takes a password with colons and other letters, however they were composed", async () => {
		const password = "pä:ss:wörd";
		const { login: loginName } = new Ouro(servers);
		const body = { loginName, password: password.normalize("NFD") };
		expect(await user.statusOf(ADMIN, "POST /users", body)).toBe(201);
		expect(await user.entrance(basic(loginName, password))).toBe(200);
		expect(await user.entrance(basic(loginName, password.normalize("NFD")))).toBe(200);
	});

	test("is refused twice, in one request, on both lanes", async () => {
		for (const path of ["/users/$current", "/streams/order-1"]) {
			const twice = [`Authorization: ${user.own}`, `authorization: ${ADMIN}`];
			const answer = await raw(servers.port, head(`GET ${path}`, ...twice));
			expect(answer).toMatch(/^HTTP\/1.1 400 /);
			expect(answer).toContain("malformed-header");
			for (const one of [user.own, ADMIN]) expect(answer).not.toContain(one.slice(6));
		}
	});

	test("that is wrong is refused where anonymous is let in, and on both lanes alike", async () => {
		const path = "/streams/order-1";
		expect((await servers.ask({ path })).status).toBe(404);
		for (const lane of [servers, servers.express]) {
			const answer = await lane.ask(as(basic("admin", "wrong one"), `GET ${path}`));
			expect(answer.status).toBe(401);
			expect(answer.headers["www-authenticate"]).toBe('Basic realm="Varve", charset="UTF-8"');
		}
	});
});

test("a login that nobody has is answered as a wrong password is, and checked as one", async () => {
	const answers = await Promise.all(
		["admin", "nobody", "a".repeat(3000), "$admins"].map((login) =>
			user.send(basic(login, "wrong one"), "GET /users/$current"),
		),
	);
	const [first, ...others] = answers.map(({ status, text }) => ({ status, text }));
	expect(first?.status).toBe(401);
	for (const other of others) expect(other).toEqual(first);
});

test("credentials that were checked once are remembered, and checked once for all at a time", async () => {
	const { checks } = servers.server.context.accounts;
	const other = await new Ouro(servers).create();
	const take = checks.turns.take.bind(checks.turns);
	let taken = 0;
	checks.turns.take = (address, work) => {
		taken++;
		return take(address, work);
	};
	try {
		const all = await Promise.all(Array.from({ length: 100 }, () => other.entrance()));
		expect(new Set(all)).toEqual(new Set([200]));
		expect(taken).toBe(1);
	} finally {
		checks.turns.take = take;
	}
});

test("guesses slow down the account for their address, and let in who was let in before", async () => {
	const other = await new Ouro(servers).create();
	expect(await other.entrance()).toBe(200);
	const guess = (at: number) =>
		other.send(basic(other.login, `guess ${at}`), "GET /users/$current");
	const statuses: number[] = [];
	for (let at = 0; at < 7; at++) statuses.push((await guess(at)).status);
	expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429]);
	const slowed = await guess(7);
	expect(slowed.headers["retry-after"]).toBe("1");
	expect(slowed.json.type).toBe("urn:varve:problem:logins-slowed");
	expect(await other.entrance()).toBe(200);
	expect(await user.entrance()).toBe(200);
});

test("guesses by pages of other sites slow down those pages, and not who looks at them", async () => {
	const own = await new Ouro(servers).create();
	const guess = async (at: number, from: Record<string, string>) => {
		const headers = { ...from, Authorization: basic(own.login, `guess ${at}`) };
		return (await servers.ask({ path: "/users/$current", headers })).status;
	};
	for (let at = 0; at < 6; at++) {
		const from =
			at % 2 === 0 ? { "Sec-Fetch-Site": "cross-site" } : { Origin: `https://${at}.example` };
		expect(await guess(at, from)).toBe(401);
	}
	expect(await guess(6, { Origin: "https://another.example" })).toBe(429);
	expect(await guess(7, {})).toBe(401);
	expect(await own.entrance()).toBe(200);
});

test("no log line, problem or statistic holds a password or a token", async () => {
	const { token } = (await user.send(user.own, "POST /tokens", { name: "t" })).json;
	const texts = [JSON.stringify(servers.reported)];
	for (const path of ["/info", "/stats", "/metrics", "/users", "/tokens", "/streams/$all"]) {
		texts.push((await user.send(ADMIN, `GET ${path}`)).text);
	}
	texts.push((await user.send(`Bearer ${token}x`, "GET /users")).text);
	texts.push((await user.send(basic("admin", PASSWORD), "GET /users")).text);
	const secrets = [String(token), PASSWORD, "changeit", user.own.slice(6)];
	for (const secret of secrets) expect(texts.filter((text) => text.includes(secret))).toEqual([]);
});

describe("the address that failures are counted for", () => {
	const trusted = parseNetworks("10.0.0.0/8, 127.0.0.1");
	const slowClients = { budget: undefined } as never;

	test.each([
		["192.0.2.7", { "x-forwarded-for": "198.51.100.1" }, "192.0.2.7"],
		["::ffff:192.0.2.7", {}, "192.0.2.7"],
		["10.0.0.1", {}, "10.0.0.1"],
		["10.0.0.1", { "x-forwarded-for": "203.0.113.9, 198.51.100.1, 10.0.0.2" }, "198.51.100.1"],
		["10.0.0.1", { "x-forwarded-for": "198.51.100.1:4711" }, "198.51.100.1"],
		["10.0.0.1", { "x-forwarded-for": "made up, 10.0.0.2" }, "10.0.0.1"],
		[
			"10.0.0.1",
			{ forwarded: 'for=203.0.113.9, for="198.51.100.1:80";proto=https' },
			"198.51.100.1",
		],
		["10.0.0.1", { forwarded: 'for="[2001:db8:1:2:3::9]:80"' }, "2001:db8:1:2::/64"],
		["2001:db8::1", {}, "2001:db8:0:0::/64"],
		["2001:DB8:1:2:3:4:5:6", {}, "2001:db8:1:2::/64"],
	])("of a connection from %s with %j is %s", (remoteAddress, headers, expected) => {
		const socket = { remoteAddress } as never;
		recordConnection(socket, {
			slowClients,
			isTrusted: /^10\./.test(remoteAddress),
			isTrustedCache: false,
		});
		expect(clientAddress({ socket, headers } as never, trusted)).toBe(expected);
	});
});
