/** The one function that says who may do what, on facts alone. */
import { type Acl, aclOfMetadata, effectiveAcl, NO_DEFAULTS } from "../../src/access/acl.ts";
import { mayPrincipal } from "../../src/access/policy.ts";
import { ANONYMOUS, principalOf, SYSTEM } from "../../src/access/principal.ts";

const to = (...roles: string[]): Acl => ({
	$r: roles,
	$w: roles,
	$d: roles,
	$mr: roles,
	$mw: roles,
});
const user = (name: string, ...groups: string[]) => principalOf({ name, groups, via: "password" });
const mayRead = (principal: typeof ANONYMOUS, acl: Acl) =>
	mayPrincipal(principal, "read", "s", acl);

test("nobody takes a group's role by being called like it", () => {
	for (const name of ["$admins", "$ops", "$all"]) {
		expect(user(name)).toMatchObject({ isAdmin: false, isOperator: false });
		expect(mayRead(user(name), to("$admins", "$ops"))).toBe(false);
	}
	expect(mayRead(ANONYMOUS, to(""))).toBe(false);
	expect(mayRead(user(""), to(""))).toBe(false);
});

test("the user admin is an admin, but not whoever an issuer calls so", () => {
	expect(user("admin").isAdmin).toBe(true);
	expect(principalOf({ name: "admin", groups: [], via: "oidc" }).isAdmin).toBe(false);
	expect(principalOf({ name: "x", groups: ["$admins"], via: "oidc" }).isAdmin).toBe(true);
	expect(SYSTEM.isAdmin).toBe(true);
});

test("a scope takes rights away, and gives none", () => {
	const scope = { mayRead: true, mayWrite: true, prefixes: ["s"], consumerGroups: undefined };
	const token = principalOf({ name: "una", groups: [], via: "token", scope });
	const may = (right: "read" | "write" | "administer", stream: string, acl: Acl) =>
		mayPrincipal(token, right, stream, acl);
	expect(may("read", "s-1", to("una"))).toBe(true);
	expect(may("read", "s-1", to("ugo"))).toBe(false);
	expect(may("read", "t-1", to("una"))).toBe(false);
	const all = { ...scope, prefixes: [] };
	const none = principalOf({ name: "una", groups: ["$admins"], via: "token", scope: all });
	expect(mayPrincipal(none, "read", "s", to("$all"))).toBe(false);
	expect(mayPrincipal(none, "administer", undefined, to("$all"))).toBe(false);
});

test("metadata that nobody can read leaves admins alone; metadata without an ACL says nothing", () => {
	const acl = (text: string) =>
		effectiveAcl("s", aclOfMetadata(Buffer.from(text)), NO_DEFAULTS, true).$r;
	expect(acl("")).toEqual(["$all"]);
	expect(acl('{"$maxAge":1}')).toEqual(["$all"]);
	expect(acl('{"$acl":{"$r":"una"},"$acl":{"$r":"ugo"}}')).toEqual(["ugo"]);
	expect(acl('{"\\u0024acl":{"\\u0024r":"ünа"}}')).toEqual(["ünа"]);
	for (const text of ["[]", "1", "{", '{"$acl":1}', '{"$acl":{"$r":[1]}}', '{"$acl":null}'])
		expect([text, acl(text)]).toEqual([text, ["$admins"]]);
	expect(acl(`{"$acl":{"$r":"una"},"x":${"[".repeat(600)}${"]".repeat(600)}}`)).toEqual([
		"$admins",
	]);
});

test("streams of which nothing was written share one ACL, whatever their names", () => {
	const plain = effectiveAcl("order-1", {}, NO_DEFAULTS, false);
	expect(effectiveAcl("order-2", {}, NO_DEFAULTS, false)).toBe(plain);
	const ofUsers = { user: { $r: ["team"] }, system: {} };
	expect(effectiveAcl("order-2", {}, ofUsers, false)).toEqual({ ...plain, $r: ["team"] });
	expect(effectiveAcl("order-2", { $w: ["una"] }, NO_DEFAULTS, false)).toMatchObject({
		$r: plain.$r,
		$w: ["una"],
	});
});
