/** Users of an issuer: its tokens let them in, and nothing that looks like one does. */
import { SignJWT, UnsecuredJWT } from "jose";
import { claimedBy } from "../../src/accounts/oidc/claims.ts";
import { Oidc } from "../../src/accounts/oidc/oidc.ts";
import { oidcOf, parseSettings } from "../../src/config.ts";
import { isRefusal } from "../../src/errors.ts";
import type { Servers } from "../http/harness.ts";
import { as, Ouro, startWithUsers } from "./asking.ts";
import { AUDIENCE, CLIENT, REDIRECT_URI, startIssuer, type TestIssuer } from "./issuer.ts";

let issuer: TestIssuer;
let servers: Servers;
const NAMES = "store-admins=$admins, store-ops=$ops, staff=readers";
const settingsFor = (url: string) => ({
	oidcIssuer: url,
	oidcAudience: AUDIENCE,
	oidcGroups: NAMES,
});
beforeAll(async () => {
	issuer = await startIssuer();
	servers = await startWithUsers(settingsFor(issuer.url));
});
afterAll(async () => {
	await servers.close();
	issuer.close();
});

const claims = () => {
	const now = Math.floor(Date.now() / 1000);
	return { iss: issuer.url, aud: AUDIENCE, sub: "alice", iat: now, exp: now + 60 };
};
const current = (token: string) => servers.ask(as(`Bearer ${token}`, "GET /users/$current"));
const statusOf = async (token: string) => (await current(token)).status;

test("an access token of the issuer lets its user in, with the groups that the operator names", async () => {
	const token = await issuer.tokenFor(AUDIENCE);
	expect((await current(token)).json.data).toEqual({
		...{ loginName: "ci", fullName: "", groups: ["$ops", "readers"], disabled: false },
	});
	const scavenge = await servers.ask(as(`Bearer ${token}`, "GET /admin/scavenge/last"));
	expect(scavenge.status).toBe(200);
	expect((await servers.ask(as(`Bearer ${token}`, "GET /users"))).status).toBe(401);
	expect((await servers.ask(as(`Bearer ${token}`, "POST /tokens", { name: "t" }))).status).toBe(
		401,
	);
});

test("a token that the issuer has signed lets in alice", async () => {
	expect(await statusOf(await issuer.sign(claims()))).toBe(200);
	const skewed = { ...claims(), exp: claims().iat - 10 };
	expect(await statusOf(await issuer.sign(skewed))).toBe(200);
});

test.each([
	["has expired", { exp: 1 }],
	["never expires", { exp: undefined }],
	["counts from later on", { nbf: 4_000_000_000 }],
	["is for another service", { aud: "urn:other" }],
	["is for none", { aud: undefined }],
	["is of another issuer", { iss: "https://other.example.com" }],
	["names nobody", { sub: undefined }],
	["names the admin of the store", { sub: "admin" }],
	["names a user of the store", { sub: "ops" }],
	["names a role", { sub: "$admins" }],
	["names what is no login", { sub: "a:b" }],
	["has groups that are none", { groups: [7] }],
])("a token that %s is refused", async (_what, changed) => {
	const token = await issuer.sign(JSON.parse(JSON.stringify({ ...claims(), ...changed })));
	expect(await statusOf(token)).toBe(401);
});

test("a token that the issuer has not signed is refused, whatever it says of its signature", async () => {
	const shared = new TextEncoder().encode("a secret that is thirty-two bytes!");
	const byOther = new SignJWT(claims()).setProtectedHeader({ alg: "HS256", kid: "test" });
	const good = await issuer.sign(claims());
	const [head, body, signature] = good.split(".");
	const other = Buffer.from(JSON.stringify({ ...claims(), sub: "mallory" })).toString("base64url");
	const tokens = [
		new UnsecuredJWT(claims()).encode(),
		await byOther.sign(shared),
		`${head}.${other}.${signature}`,
		`${head}.${body}.`,
		`${head}.${body}`,
		`${good}${"x".repeat(16_000)}`.slice(0, 15_000),
		"a.b.c",
	];
	for (const token of tokens) expect(await statusOf(token)).toBe(401);
});

test("a token of the store goes on to work beside it, and no issuer makes one", async () => {
	const user = await new Ouro(servers).create();
	const { token } = (await user.send(user.own, "POST /tokens", { name: "t" })).json;
	expect(await statusOf(String(token))).toBe(200);
	expect(await statusOf(await issuer.sign({ ...claims(), sub: user.login }))).toBe(401);
});

test("groups are found within objects, and roles only by the names of the operator", () => {
	const groups = new Map([["boss", "$admins"]]);
	const names = { nameClaim: "sub", groupsClaim: "realm_access.roles", groups };
	const of = (roles: unknown) => claimedBy({ sub: "a", realm_access: { roles } }, names)?.groups;
	expect(of(["boss", "$admins", "$ops", "$all", "staff", "a\nb"])).toEqual(["$admins", "staff"]);
	expect(of("boss")).toEqual(["$admins"]);
	expect(of(undefined)).toEqual([]);
	expect(of({ length: 1 })).toBeUndefined();
	expect(claimedBy({ sub: "a", "realm_access.roles": ["x"] }, names)?.groups).toEqual(["x"]);
});

describe("an issuer that does not answer", () => {
	test("is asked once in a while, and its users are refused for now", async () => {
		const gone = await startIssuer();
		const token = await gone.tokenFor(AUDIENCE);
		gone.close();
		const reported: unknown[] = [];
		const oidc = new Oidc(
			oidcOf({ ...parseSettings([], {}), ...settingsFor(gone.url) }) as never,
			servers.server.context.accounts.users,
			(error) => reported.push(error),
		);
		for (let count = 0; count < 3; count++) {
			const error = await oidc.verify(token).catch((thrown: unknown) => thrown);
			expect(isRefusal(error) && error.word).toBe("issuer-unreachable");
		}
		expect(reported).toHaveLength(1);
	});
});

describe("a login with a browser", () => {
	const oidcFor = () => {
		const client = { oidcClientId: CLIENT.id, oidcClientSecret: CLIENT.secret };
		const settings = { ...parseSettings([], {}), ...settingsFor(issuer.url), ...client };
		return new Oidc(
			oidcOf(settings) as never,
			servers.server.context.accounts.users,
			() => undefined,
		);
	};

	test("ends with the user that the issuer names, once", async () => {
		const oidc = oidcFor();
		const { url, kept } = await oidc.startLogin(REDIRECT_URI);
		const { searchParams: query } = await issuer.logIn(url, "alice");
		const returned = { redirectUri: REDIRECT_URI, query, kept };
		const { principal, untilMs } = await oidc.finishLogin(returned);
		expect(principal).toMatchObject({
			name: "alice",
			groups: ["$admins"],
			isAdmin: true,
			via: "oidc",
		});
		expect(untilMs).toBeGreaterThan(Date.now());
		await expect(oidc.finishLogin(returned)).rejects.toThrow("login-unfinished");
	});

	test("is refused with the code of another browser, or without one", async () => {
		const oidc = oidcFor();
		const mine = await oidc.startLogin(REDIRECT_URI);
		const theirs = await oidc.startLogin(REDIRECT_URI);
		const { searchParams: query } = await issuer.logIn(theirs.url, "mallory");
		const finish = (parameters: URLSearchParams, kept: string) =>
			oidc.finishLogin({ redirectUri: REDIRECT_URI, query: parameters, kept });
		await expect(finish(query, mine.kept)).rejects.toThrow("login-unfinished");
		await expect(finish(query, "")).rejects.toThrow("login-unfinished");
		await expect(finish(new URLSearchParams("error=denied"), theirs.kept)).rejects.toThrow(
			"login-unfinished",
		);
		// With the right state, the verifier and the nonce still have to be those of the login.
		const [state, nonce] = theirs.kept.split(".");
		const [, , verifier] = mine.kept.split(".");
		await expect(finish(query, [state, nonce, verifier].join("."))).rejects.toThrow(
			"login-unfinished",
		);
	});
});

test.each([
	[["--oidc-issuer", "https://id.example.com"], /needs --oidc-audience/],
	[["--oidc-audience", "x"], /needs --oidc-issuer/],
	[["--oidc-client-id", "x"], /needs --oidc-issuer/],
	[["--oidc-issuer", "http://id.example.com", "--oidc-audience", "x"], /must be https/],
	[["--oidc-groups", "a=$all"], /must be a list/],
	[["--oidc-client-secret", "x"], /command line/],
])("the settings %j are refused", (argv, reason) => {
	expect(() => parseSettings(argv, {})).toThrow(reason);
});
