/** Who may not change users, and what cannot be one. */
import type { Servers } from "../http/harness.ts";
import { ADMIN, OPS, Ouro, startWithUsers } from "./asking.ts";

let servers: Servers;
let user: Ouro;
beforeAll(async () => {
	servers = await startWithUsers();
	user = await new Ouro(servers).create();
});
afterAll(() => servers.close());

describe("operators, the user itself and anonymous are refused, and nothing changes", () => {
	test.each([
		["GET /users", undefined],
		["GET /users/", undefined],
		["GET /users/LOGIN", undefined],
		["POST /users", { loginName: "made", password: "by a stranger" }],
		["POST /users/", { loginName: "made", password: "by a stranger" }],
		["PUT /users/LOGIN", { fullName: "x", groups: ["$admins"] }],
		["DELETE /users/LOGIN", undefined],
		["POST /users/LOGIN/command/enable", undefined],
		["POST /users/LOGIN/command/disable", undefined],
		["POST /users/LOGIN/command/reset-password", { newPassword: "another one" }],
		["GET /streams/$user-LOGIN", undefined],
		["GET /streams/$users", undefined],
		["POST /streams/$user-LOGIN", { groups: ["$admins"] }],
		["POST /streams/$$$user-LOGIN", { $acl: { $r: "$all" } }],
		["DELETE /streams/$user-LOGIN", undefined],
	])("%s", async (line, body) => {
		for (const other of [OPS, user.own, ""]) {
			expect(await user.statusOf(other, line, body)).toBe(401);
		}
		expect(await user.events()).toHaveLength(1);
	});

	test("$current is for all who are known", async () => {
		expect(await user.entrance(OPS)).toBe(200);
		expect(await user.entrance("")).toBe(401);
	});
});

describe("a user that cannot be is refused, with the field and the reason", () => {
	test.each([
		[{ loginName: "a:b" }, /loginName .*colon/],
		[{ loginName: "$admins" }, /loginName .*roles/],
		[{ loginName: "" }, /loginName .*empty/],
		[{ loginName: " a" }, /loginName .*space/],
		[{ loginName: ".." }, /loginName .*step in the path/],
		[{ loginName: "a\u0007" }, /loginName .*control/],
		[{ loginName: "x".repeat(300) }, /loginName .*limit/],
		[{ loginName: "u\u0308" }, /loginName .*normal form/],
		[{ loginName: undefined }, /loginName .*missing/],
		[{ loginName: 7 }, /loginName is not a text/],
		[{ password: "short" }, /password .*fewer than 8/],
		[{ password: undefined }, /password .*missing/],
		[{ fullName: "a\nb" }, /fullName .*control/],
		[{ groups: ["$all"] }, /groups .*everyone/],
		[{ groups: ["$users"] }, /groups .*only \$admins and \$ops/],
		[{ groups: ["a", "a"] }, /groups .*twice/],
		[{ groups: "a" }, /groups is not a list/],
		[{ groups: Array.from({ length: 101 }, (_, at) => `g${at}`) }, /groups .*more than 100/],
		[{ ["__proto__"]: { groups: ["$admins"] }, groups: [7] }, /groups is not a list/],
	])("%j", async (fields, reason) => {
		const whole = { loginName: "other", password: "a good password", ...fields };
		const answer = await user.send(ADMIN, "POST /users", whole);
		expect(answer.status).toBe(400);
		expect(answer.json.detail).toMatch(reason);
		// Not even a bad password is repeated.
		expect(answer.text).not.toContain(`"${whole.password}"`);
		expect(await user.events("$users")).toHaveLength(3);
	});
});

test.each([
	["application/json", "{", 400, "malformed-json"],
	["application/json", "[]", 400, "malformed-body"],
	["application/json", "", 400, "malformed-json"],
	["text/xml", "<!DOCTYPE a><a/>", 400, "malformed-body"],
	["text/xml", "<a>", 400, "malformed-body"],
	["text/plain", "{}", 415, "unsupported-media-type"],
	["application/json", " ".repeat(300_000), 413, "body-too-large"],
])("a body of the type %s that is '%.20s' is refused", async (type, body, status, word) => {
	const headers = { Authorization: ADMIN, "Content-Type": type };
	const answer = await servers.ask({ path: "/users", headers, body });
	expect([answer.status, answer.json.type]).toEqual([status, `urn:varve:problem:${word}`]);
});

test("a user who is not there is not found, whatever is asked of it", async () => {
	const lines = ["GET /users/nobody", "DELETE /users/nobody", "POST /users/nobody/command/disable"];
	for (const line of lines) {
		const { status, json } = await user.send(ADMIN, line);
		expect([status, json.success, json.error]).toEqual([404, false, "NotFound"]);
	}
});
