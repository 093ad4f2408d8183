/** Who may do what with projections, and what a projection may do. */
import { randomUUID } from "node:crypto";
import { type Servers, startServers, until } from "../harness.ts";
import { Asker, basic, COUNTER } from "./asker.ts";

let servers: Servers;
let admin: Asker;
let ops: Asker;
let user: Asker;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, insecure: false });
	admin = new Asker(servers);
	ops = admin.as(basic("ops", "changeit"));
	user = await userNamed("jane");
});
// The operator hears of projections that stop with a fault, and these are to.
afterEach(() => void servers.reported.splice(0));
afterAll(() => servers.close());

const newName = () => `projection-${randomUUID()}`;

async function userNamed(loginName: string): Promise<Asker> {
	const body = JSON.stringify({ loginName, fullName: "", groups: [], password: "a good secret" });
	const made = await admin.ask("POST", "/users", body, { "Content-Type": "application/json" });
	expect(made.status).toBe(201);
	return admin.as(basic(loginName, "a good secret"));
}

function close(stream: string, acl: object) {
	const path = `/streams/${encodeURIComponent(stream)}/metadata`;
	return admin.ask("POST", path, JSON.stringify({ $acl: acl }), {
		"Content-Type": "application/json",
		"ES-EventType": "$metadata",
		"ES-EventId": randomUUID(),
	});
}

test("everyone who is known asks; whoever keeps projections runs the server", async () => {
	const name = newName();
	expect((await user.create("continuous", { name }, COUNTER)).status).toBe(401);
	expect((await user.create("onetime", { name }, COUNTER)).status).toBe(401);
	await ops.made(name, COUNTER);
	for (const command of ["enable", "disable", "abort", "reset"]) {
		const { status } = await user.ask("POST", `/projection/${name}/command/${command}`);
		expect(status).toBe(401);
	}
	expect((await user.ask("PUT", `/projection/${name}/query`, COUNTER)).status).toBe(401);
	expect((await user.ask("DELETE", `/projection/${name}`)).status).toBe(401);
	expect((await user.ask("GET", `/projection/${name}/config`)).status).toBe(401);
	expect((await user.ask("POST", "/projections/restart", "")).status).toBe(401);
	expect((await user.ask("GET", `/projection/${name}/query`)).status).toBe(200);
	expect((await user.ask("GET", `/projection/${name}/state`)).status).toBe(401);
	// Whoever may read the results may see the states.
	await close(`$projections-${name}-result`, { $r: "$all" });
	expect((await user.ask("GET", `/projection/${name}/state`)).status).toBe(200);
});

test("a query is its author's own", async () => {
	const name = newName();
	expect((await user.create("transient", { name }, COUNTER)).status).toBe(201);
	await until(async () => (await user.standing(name)).status === "Completed");
	expect((await user.ask("GET", `/projection/${name}/state`)).status).toBe(200);
	const other = await userNamed("joe");
	expect((await other.ask("GET", `/projection/${name}/state`)).status).toBe(401);
	expect((await other.ask("POST", `/projection/${name}/command/enable`)).status).toBe(401);
	expect((await ops.ask("POST", `/projection/${name}/command/disable`)).status).toBe(200);
});

test("it reads what its author may read, and leaves out the rest", async () => {
	const [open, closed] = [`open-${randomUUID()}`, `closed-${randomUUID()}`];
	await admin.append(open, "Seen", { n: 1 });
	await admin.append(closed, "Seen", { n: 2 });
	await close(closed, { $r: ["$admins"] });
	const query = (source: string) => `${source}.when({
		$init: () => ({ seen: [] }), Seen(s, e) { s.seen.push(e.streamId); }
	})`;
	const [ofOps, ofAdmin] = [newName(), newName()];
	await ops.made(ofOps, query("fromAll()"));
	await admin.made(ofAdmin, query("fromAll()"));
	expect(await ops.state(ofOps)).toMatchObject({ seen: expect.arrayContaining([open]) });
	expect(JSON.stringify(await ops.state(ofOps))).not.toContain(closed);
	expect(JSON.stringify(await admin.state(ofAdmin))).toContain(closed);

	const refused = newName();
	await ops.create("continuous", { name: refused }, query(`fromStream('${closed}')`));
	const standing = await until(async () => {
		const now = await ops.standing(refused);
		return now.status === "Faulted (Enabled)" ? now : undefined;
	});
	expect(standing.stateReason).toMatch(/may not read/);
});

test("it writes where its author may write, and to no stream of others", async () => {
	const source = `source-${randomUUID()}`;
	await admin.append(source, "A", {});
	const emitting = (to: string) => `fromStream('${source}').when({
		A(s, e) { emit('${to}', 'B', { n: 1 }); }
	})`;
	const reasonOf = async (asker: Asker, to: string, more: object = {}) => {
		const name = newName();
		await asker.create("continuous", { name, emit: "yes", ...more }, emitting(to));
		return until(async () => {
			const { status, stateReason, lagEvents } = await admin.standing(name);
			if (status === "Running" && lagEvents === 0) return "none";
			return String(status).startsWith("Faulted") && String(stateReason);
		});
	};
	const closed = `closed-${randomUUID()}`;
	await close(closed, { $w: ["$admins"] });
	expect(await reasonOf(ops, closed)).toMatch(/may not write/);
	expect(await admin.events(closed)).toEqual([]);

	const foreign = `foreign-${randomUUID()}`;
	await admin.append(foreign, "Mine", {});
	expect(await reasonOf(admin, foreign)).toMatch(/has not written/);
	expect(await admin.events(foreign)).toHaveLength(1);
	expect(await reasonOf(admin, foreign, { sharesemittedstreams: "yes" })).toBe("none");
	expect(await admin.events(foreign)).toHaveLength(2);

	const own = `own-${randomUUID()}`;
	expect(await reasonOf(admin, own)).toBe("none");
	// Others read it; they do not write to it.
	expect(await user.events(own)).toHaveLength(1);
	await expect(user.append(own, "A", {})).rejects.toThrow(/unauthorized/);
});

test("its author's rights are looked at again with each start", async () => {
	const name = newName();
	const groups = ["$admins"];
	const body = { loginName: "gone", fullName: "", groups, password: "a good secret" };
	const headers = { "Content-Type": "application/json" };
	await admin.ask("POST", "/users", JSON.stringify(body), headers);
	await admin.as(basic("gone", "a good secret")).made(name, COUNTER);
	await admin.ask("POST", "/users/gone/command/disable", "");
	await admin.ask("POST", `/projection/${name}/command/disable`);
	await admin.ask("POST", `/projection/${name}/command/enable`);
	const standing = await until(async () => {
		const now = await admin.standing(name);
		return now.status === "Faulted (Enabled)" ? now : undefined;
	});
	expect(standing.stateReason).toMatch(/gone, cannot log in/);
	// Whoever sends the query again is its author from then on.
	await admin.ask("PUT", `/projection/${name}/query`, COUNTER);
	expect(await admin.atHead(name)).toMatchObject({ author: "admin" });
});
