/** `varve user` and `varve token`, and the password of the first start. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newDirectory, removeDirectories, type Server, startServer, varve } from "./varve.ts";

const CHEAP = ["--password-cost", "10"];
const MADE = /^[a-z2-9]{5}(?:-[a-z2-9]{5}){3}$/;

let server: Server;
let file: string;
let admin: Record<string, string>;
beforeAll(async () => {
	server = await startServer(newDirectory(), undefined, CHEAP);
	file = join(server.data, "admin-password");
	admin = { VARVE_URL: server.url, VARVE_USER: `admin:${readFileSync(file, "utf8").trim()}` };
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

test("the first start makes a password, for its owner alone, and tells nobody but a terminal", () => {
	expect(readFileSync(file, "utf8").trim()).toMatch(MADE);
	expect(statSync(file).mode & 0o777).toBe(0o600);
	const said = server.greeting + server.stderr();
	expect(said).not.toContain(readFileSync(file, "utf8").trim());
	expect(said).toContain(`made a password for the user admin file=${file}`);
});

// One after the other, as an admin would.
test("users are added, listed, kept out, given another password, and deleted", async () => {
	const added = await varve(["user", "add", "billing", "--groups", "a,b", "--generate"], admin);
	expect(added.stderr).toBe("");
	const [done, password = ""] = added.stdout.trim().split("\n");
	expect([done, MADE.test(password)]).toEqual(["user billing added", true]);
	const listed = await varve(["user", "list"], admin);
	expect(
		listed.stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line)),
	).toEqual([
		{ login: "admin", fullName: "Event Store Administrator", groups: ["$admins"] },
		{ login: "billing", fullName: "", groups: ["a", "b"] },
	]);
	const own = { VARVE_URL: server.url, VARVE_USER: `billing:${password}` };
	const made = await varve(["token", "create", "ci", "--streams", "order-"], own);
	expect(made.stdout).toMatch(/^varve_\w{59}\n$/);
	expect(made.stderr).toMatch(/^varve: token \w{12}, until .*; keep it now.*\n$/);
	const machine = { VARVE_URL: server.url, VARVE_TOKEN: made.stdout.trim() };
	const read = await varve(["read", "order-1"], machine);
	expect(read.stderr).toContain("has no events");
	const refused = await varve(["append", "order-1", "--type", "T", "--data", "1"], machine);
	expect([refused.code, refused.stderr]).toEqual([
		1,
		expect.stringContaining("you may not do this"),
	]);
	const given = ["user", "password", "billing", "--password-file", "-"];
	expect((await varve(given, admin, "another one\n")).stdout).toBe("password of billing set\n");
	expect((await varve(["token", "list"], own)).stderr).toContain("credentials are wrong");
	const deleted = await varve(["user", "delete", "billing"], admin);
	expect([deleted.code, deleted.stdout]).toEqual([0, "user billing deleted\n"]);
	expect((await varve(["read", "order-1"], machine)).stderr).toContain("401");
});

test.each([
	[["user"], 2, /action is missing/],
	[["user", "add"], 2, /NAME is missing/],
	[["user", "add", "x"], 2, /no terminal.*--password-file, or --generate/],
	[["user", "add", "x", "--generate", "--password-file", "-"], 2, /leave one out/],
	[["user", "show", "nobody"], 1, /no user 'nobody'/],
	[["token", "revoke"], 2, /ID is missing/],
	[["token", "list", "--token", "varve_x"], 2, /--token: everyone .* VARVE_TOKEN/],
	[["serve", "--admin-password", "hidden one"], 2, /VARVE_ADMIN_PASSWORD/],
])("varve %j is refused with %i", async (argv, code, reason) => {
	const refused = await varve(argv, admin);
	expect([refused.code, refused.stdout]).toEqual([code, ""]);
	expect(refused.stderr).toMatch(reason);
	expect(refused.stderr).not.toMatch(/varve_x|hidden one/);
});

test("a user and a token at once are refused", async () => {
	const { code, stderr } = await varve(["user", "list"], { ...admin, VARVE_TOKEN: "varve_x" });
	expect([code, stderr]).toEqual([2, expect.stringContaining("leave one out")]);
});

test("a lost password is set anew in the directory of a stopped server, and its file goes", async () => {
	const lost = ["user", "password", "admin", "--generate", "--data", server.data];
	const inUse = await varve(lost);
	expect([inUse.code, inUse.stderr]).toEqual([1, expect.stringContaining("is in use")]);
	await server.stop();
	const unknown = await varve(["user", "password", "nobody", "--generate", "--data", server.data]);
	expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("no user nobody;")]);
	const last = await varve(["user", "disable", "admin", "--data", server.data]);
	expect([last.code, last.stderr]).toEqual([1, expect.stringContaining("the only admin who")]);
	const { stdout } = await varve(lost);
	const [, password = ""] = stdout.trim().split("\n");
	expect(password).toMatch(MADE);
	expect(existsSync(file)).toBe(false);
	server = await startServer(server.data, undefined, CHEAP);
	expect(existsSync(file)).toBe(false);
	const again = { VARVE_URL: server.url, VARVE_USER: `admin:${password}` };
	expect((await varve(["user", "list"], again)).stdout).toContain('"login":"admin"');
});

test("the password of the first start can come from a file, and then there is no other", async () => {
	const secret = join(newDirectory(), "secret");
	writeFileSync(secret, "from a file\n");
	const env = { VARVE_ADMIN_PASSWORD_FILE: secret };
	const other = await startServer(newDirectory(), undefined, CHEAP, env);
	expect(existsSync(join(other.data, "admin-password"))).toBe(false);
	const listed = await varve(["user", "list", "--user", "admin:from a file", "--url", other.url]);
	expect(listed.stdout).toContain('"login":"admin"');
	const { stderr } = await other.stop();
	expect(stderr).not.toContain("from a file");
});

test("--insecure-defaults says at each start that everybody knows the passwords", async () => {
	const options = [...CHEAP, "--insecure-defaults"];
	const other = await startServer(newDirectory(), undefined, options);
	const listed = await varve(["user", "list", "--user", "admin:changeit", "--url", other.url]);
	expect(listed.stdout).toMatch(/"login":"admin".*\n.*"login":"ops"/);
	expect((await other.stop()).stderr).toContain("everybody knows the passwords of admin and ops");
});
