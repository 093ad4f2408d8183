/** The events that users are made of, from the first start on. */
import type { StreamName } from "../../src/event.ts";
import type { Servers } from "../http/harness.ts";
import { ADMIN, as, basic, Ouro, startWithUsers } from "./asking.ts";

let servers: Servers;
let user: Ouro;
beforeAll(async () => {
	servers = await startWithUsers();
	user = new Ouro(servers);
});
afterAll(() => servers.close());

// One after the other: the second sees what the first leaves.
test("an empty log stays empty until the first change, which makes those of the first start", async () => {
	expect(await user.entrance(ADMIN)).toBe(200);
	expect(Number(await servers.log.last("$all" as StreamName))).toBe(-1);
	await user.create();
	const { login } = user;
	expect((await user.events("$users")).map(({ data }) => data)).toEqual(["admin", "ops", login]);
	const [event, ...more] = await user.events();
	expect([event?.type, more]).toEqual(["$UserCreated", []]);
	expect(JSON.parse(event?.data ?? "")).toEqual({
		...{ loginName: login, fullName: "Ouro", salt: "", disabled: false, groups: ["readers"] },
		hash: expect.stringMatching(/^\$scrypt\$ln=10,/),
	});
});

test("events of users without a hash leave in who was in before them", async () => {
	const other = await startWithUsers();
	const stream = "$user-moved" as StreamName;
	const event = { id: "8c3d1f0e-6b0a-4f2e-9d55-0a1b2c3d4e5f", type: "$UserUpdated", isJson: true };
	const nothing = new Uint8Array(0);
	const events = [{ ...event, data: nothing, metadata: nothing }];
	await other.log.append({ stream, expected: "any", events });
	const moved = new Ouro(other);
	expect(await moved.entrance(ADMIN)).toBe(200);
	await moved.create();
	expect(await moved.entrance(ADMIN)).toBe(200);
	await other.close();
});

test("events that make no sense make nobody, and an admin can create the user anew", async () => {
	const nonsense: [string, object][] = [
		["8c3d1f0e-6b0a-4f2e-9d55-0a1b2c3d4e5f", {}],
		["f1f4a3e2-54b5-4b3b-8a53-6ff3a1e4f9a7", { loginName: "admin", groups: ["$admins"] }],
	];
	for (const [id, data] of nonsense) {
		const ask = as(ADMIN, `POST /streams/$user-${user.login}`, data);
		const headers = { ...ask.headers, "ES-EventType": "$UserUpdated", "ES-EventId": id };
		expect((await servers.ask({ ...ask, headers })).status).toBe(201);
		expect(await user.entrance()).toBe(401);
	}
	await user.create();
	expect(await user.entrance()).toBe(200);
});

test("the event that counts cannot be redacted, older ones can", async () => {
	const other = await new Ouro(servers).create();
	await other.statusOf(ADMIN, "PUT /users/LOGIN", { fullName: "U" });
	expect(await other.statusOf(ADMIN, "DELETE /streams/$user-LOGIN/1/data")).toBe(403);
	expect(await other.statusOf(ADMIN, "DELETE /streams/$user-LOGIN/0/data")).toBe(204);
	expect(await other.entrance()).toBe(200);
});

test("after a restart the events are all there is of a user, whatever the settings say", async () => {
	const line = "POST /users/admin/command/reset-password";
	await user.statusOf(ADMIN, line, { newPassword: "another one" });
	servers = await servers.restart();
	const statusOf = async (authorization: string) =>
		(await servers.ask(as(authorization, "GET /users/$current"))).status;
	expect(await statusOf(user.own)).toBe(200);
	expect(await statusOf(ADMIN)).toBe(401);
	expect(await statusOf(basic("admin", "another one"))).toBe(200);
});
