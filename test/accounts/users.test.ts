/** The life of a user: created, looked at, changed, kept out, deleted; and its password. */
import { pbkdf2Sync } from "node:crypto";
import { type Servers, until } from "../http/harness.ts";
import { ADMIN, basic, Ouro, PASSWORD, startWithUsers } from "./asking.ts";

const OTHER = "another one";

let servers: Servers;
beforeAll(async () => {
	servers = await startWithUsers();
});
afterAll(() => servers.close());
const newUser = () => new Ouro(servers).create();

describe("a user", () => {
	test("is created, listed and shown, with links and without a hash", async () => {
		const user = new Ouro(servers);
		const { login } = user;
		const made = await user.send(ADMIN, "POST /users", user.facts);
		const at = `${servers.url}/users/${login}`;
		expect(made.headers.location).toBe(at);
		expect(made.json).toEqual({ loginName: login, success: true, error: "Success" });
		const current = {
			...{ loginName: login, fullName: "Ouro", groups: ["readers"], disabled: false },
			dateLastUpdated: expect.stringMatching(/^\d{4}-.*Z$/),
		};
		const links = [
			{ href: `${at}/command/reset-password`, rel: "reset-password" },
			{ href: `${at}/command/change-password`, rel: "change-password" },
			{ href: at, rel: "edit" },
			{ href: at, rel: "delete" },
			{ href: `${at}/command/disable`, rel: "disable" },
		];
		expect((await user.send(ADMIN, "GET /users/LOGIN")).json).toEqual({
			...{ data: { ...current, links }, success: true, error: "Success" },
		});
		expect((await user.send(user.own, "GET /users/$current")).json.data).toEqual(current);
		const { json } = await user.send(ADMIN, "GET /users");
		const logins = (json.data as { loginName: string }[]).map(({ loginName }) => loginName);
		expect(logins).toEqual(["admin", "ops", login]);
	});

	test("is created again by a repeat, and another password is a conflict", async () => {
		const user = await newUser();
		await user.create();
		const other = await user.send(ADMIN, "POST /users", { ...user.facts, password: OTHER });
		expect(other.status).toBe(409);
		const { login: loginName } = user;
		expect(other.json).toMatchObject({ loginName, success: false, error: "Conflict" });
		expect(await user.events()).toHaveLength(1);
	});

	test("is read and written in XML", async () => {
		const { login } = new Ouro(servers);
		const body =
			`<PostUserData><LoginName>${login}</LoginName><FullName>O &amp; U</FullName>` +
			`<Groups><string>a</string><string>b</string></Groups><Password>${PASSWORD}</Password></PostUserData>`;
		const headers = { Authorization: ADMIN, "Content-Type": "text/xml", Accept: "text/xml" };
		const made = await servers.ask({ path: "/users", headers, body });
		expect([made.status, made.headers["content-type"]]).toEqual([201, "text/xml; charset=utf-8"]);
		const shown = await servers.ask({ path: `/users/${login}`, headers });
		expect(shown.text).toContain(
			`<LoginName>${login}</LoginName><FullName>O &amp; U</FullName>` +
				"<Groups><string>a</string><string>b</string></Groups>",
		);
	});

	test("is updated whole: what is left out is gone", async () => {
		const user = await newUser();
		expect(await user.statusOf(ADMIN, "PUT /users/LOGIN", { fullName: "U" })).toBe(200);
		const { data } = (await user.send(ADMIN, "GET /users/LOGIN")).json;
		expect(data).toMatchObject({ fullName: "U", groups: [] });
		expect(await user.entrance()).toBe(200);
	});

	test("is kept out while it is disabled, at once, and so are its tokens", async () => {
		const user = await newUser();
		const { token } = (await user.send(user.own, "POST /tokens", { name: "t" })).json;
		const both = async () => [await user.entrance(), await user.entrance(`Bearer ${token}`)];
		expect(await both()).toEqual([200, 200]);
		expect(await user.statusOf(ADMIN, "POST /users/LOGIN/command/disable")).toBe(200);
		expect(await both()).toEqual([401, 401]);
		expect(await user.statusOf(ADMIN, "POST /users/LOGIN/command/enable")).toBe(200);
		expect(await both()).toEqual([200, 200]);
	});

	test("is deleted, and can be created again, without its tokens and hashes", async () => {
		const user = await newUser();
		const { token } = (await user.send(user.own, "POST /tokens", { name: "t" })).json;
		expect(await user.entrance(`Bearer ${token}`)).toBe(200);
		expect(await user.statusOf(ADMIN, "DELETE /users/LOGIN")).toBe(200);
		expect(await user.statusOf(ADMIN, "GET /users/LOGIN")).toBe(404);
		expect(await user.statusOf(ADMIN, "DELETE /users/LOGIN")).toBe(404);
		expect(await user.entrance()).toBe(401);
		const { text } = await user.send(ADMIN, "GET /admin/export?accounts=yes&stream=$user-LOGIN");
		expect(text).not.toContain("$scrypt");
		await user.create();
		expect(await user.entrance()).toBe(200);
		expect(await user.entrance(`Bearer ${token}`)).toBe(401);
	});

	test("with a login that needs escapes has URLs that work", async () => {
		const user = new Ouro(servers);
		const loginName = "a b/ü#?";
		const made = await user.send(ADMIN, "POST /users", { ...user.facts, loginName });
		const { pathname } = new URL(String(made.headers.location));
		const { json } = await user.send(ADMIN, `GET ${pathname}`);
		expect(json.data).toMatchObject({ loginName });
		expect(await user.entrance(basic(loginName, PASSWORD))).toBe(200);
	});
});

describe("the last admin", () => {
	const REFUSED = "urn:varve:problem:last-admin";
	const groups = ["$admins"];

	test("cannot be deleted or locked out, until there is another one", async () => {
		const user = new Ouro(servers);
		for (const line of ["DELETE /users/admin", "POST /users/admin/command/disable"]) {
			const refused = await user.send(ADMIN, line);
			expect([refused.status, refused.json.type]).toEqual([409, REFUSED]);
		}
		await user.send(ADMIN, "POST /users", { ...user.facts, groups });
		expect(await user.statusOf(user.own, "POST /users/admin/command/disable")).toBe(200);
		const { token } = (await user.send(user.own, "POST /tokens", { name: "t" })).json;
		for (const [line, body] of [
			["PUT /users/LOGIN", { fullName: "U", groups: [] }],
			["DELETE /users/LOGIN", undefined],
		] as const) {
			const refused = await user.send(user.own, line, body);
			expect([refused.status, refused.json.type]).toEqual([409, REFUSED]);
		}
		expect(await user.entrance(`Bearer ${token}`)).toBe(200);
		expect(await user.statusOf(user.own, "POST /users/admin/command/enable")).toBe(200);
		expect(await user.statusOf(ADMIN, "DELETE /users/LOGIN")).toBe(200);
		expect(await user.entrance(`Bearer ${token}`)).toBe(401);
	});

	test("is not lost to two that delete each other at once", async () => {
		const pair = [new Ouro(servers), new Ouro(servers)] as const;
		for (const one of pair) await one.send(ADMIN, "POST /users", { ...one.facts, groups });
		const [one, other] = pair;
		expect(await one.statusOf(one.own, "POST /users/admin/command/disable")).toBe(200);
		const both = await Promise.all([
			one.statusOf(one.own, `DELETE /users/${other.login}`),
			other.statusOf(other.own, `DELETE /users/${one.login}`),
		]);
		// The other one is refused, or nobody any more by then.
		expect(both.filter((status) => status === 200)).toHaveLength(1);
		const left = (await one.entrance()) === 200 ? one : other;
		expect(await left.statusOf(left.own, "POST /users/admin/command/enable")).toBe(200);
		await left.statusOf(ADMIN, "DELETE /users/LOGIN");
	});
});

describe("a password", () => {
	test("is reset by an admin, and the old one counts no more, at once", async () => {
		const user = await newUser();
		expect(await user.entrance()).toBe(200);
		const line = "POST /users/LOGIN/command/reset-password";
		expect(await user.statusOf(ADMIN, line, { newPassword: OTHER })).toBe(200);
		expect(await user.entrance()).toBe(401);
		expect(await user.entrance(basic(user.login, OTHER))).toBe(200);
		expect((await user.events("$users-password-notifications")).at(-1)).toEqual({
			type: "$PasswordChanged",
			data: JSON.stringify({ loginName: user.login }),
		});
	});

	test("is changed by its user alone, who knows the old one", async () => {
		const user = await newUser();
		const line = "POST /users/LOGIN/command/change-password";
		const change = { currentPassword: PASSWORD, newPassword: OTHER };
		const { token } = (await user.send(user.own, "POST /tokens", { name: "t" })).json;
		expect(await user.statusOf(ADMIN, line, change)).toBe(401);
		expect(await user.statusOf(`Bearer ${token}`, line, change)).toBe(401);
		const wrong = { ...change, currentPassword: "wrong one" };
		expect(await user.statusOf(user.own, line, wrong)).toBe(401);
		expect(await user.statusOf(user.own, line, change)).toBe(200);
		expect(await user.entrance(basic(user.login, OTHER))).toBe(200);
	});

	test("leaves no old hash behind, and the one that counts is in no relay and no export", async () => {
		const user = await newUser();
		const hashIn = (text = "") => /\$scrypt[^"]*/.exec(text)?.[0];
		const first = hashIn((await user.events())[0]?.data);
		const update = { fullName: "U", groups: [] };
		expect(await user.statusOf(ADMIN, "PUT /users/LOGIN", update)).toBe(200);
		const line = "POST /users/LOGIN/command/reset-password";
		await user.statusOf(ADMIN, line, { newPassword: OTHER });
		const events = await user.events();
		expect(events.map(({ data }) => data === "")).toEqual([true, true, false]);
		const last = hashIn(events[2]?.data) ?? "";
		expect(last).not.toBe(first);
		for (const path of ["/streams/$all", "/streams/$et-$UserUpdated", "/admin/export"]) {
			const headers = { Authorization: ADMIN, Accept: "application/x-ndjson" };
			const { text, status } = await servers.ask({ path, headers });
			const found = [text.includes(`$user-${user.login}`), text.includes("$scrypt")];
			expect([path, status, ...found]).toEqual([path, 200, true, false]);
		}
		const asked = await user.send(ADMIN, "GET /admin/export?accounts=yes");
		expect(asked.text).toContain(last);
	});

	test("of EventStore lets its user in, and has a hash of ours after that", async () => {
		const user = new Ouro(servers);
		const salt = Buffer.from("0123456789abcdef");
		const hash = pbkdf2Sync(PASSWORD, salt, 1000, 20, "sha1").toString("base64");
		const data = { loginName: user.login, fullName: "O", groups: [], disabled: false };
		const id = "8c3d1f0e-6b0a-4f2e-9d55-0a1b2c3d4e5f";
		const headers = {
			...{ Authorization: ADMIN, "Content-Type": "application/json" },
			...{ "ES-EventType": "$UserCreated", "ES-EventId": id },
		};
		const body = JSON.stringify({ ...data, salt: salt.toString("base64"), hash });
		const written = await servers.ask({ path: `/streams/$user-${user.login}`, headers, body });
		expect(written.status).toBe(201);
		expect(await user.entrance(basic(user.login, "wrong one"))).toBe(401);
		expect(await user.entrance()).toBe(200);
		const newest = await until(async () => {
			const [old, made] = await user.events();
			return old?.data === "" ? made : undefined;
		});
		expect(JSON.parse(newest.data)).toMatchObject({ ...data, salt: "" });
		expect(newest.data).toContain("$scrypt$ln=10,");
		expect(await user.entrance()).toBe(200);
	});
});
