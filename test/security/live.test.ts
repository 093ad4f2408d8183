/** Answers that go on for hours end when what they stand on does. */
import { request } from "node:http";
import { ADMIN, Ouro, PASSWORD, startWithUsers } from "../accounts/asking.ts";
import { type Servers, until } from "../http/harness.ts";
import { append, events } from "../log/asking.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startWithUsers();
});
afterAll(() => servers.close());

type Live = { text: string; isOver: boolean };

/** Follows a stream as server-sent events. */
function follow(authorization: string, stream = "live-1"): Promise<Live> {
	const headers = { Accept: "text/event-stream", Authorization: authorization };
	const path = `/streams/${encodeURIComponent(stream)}`;
	return new Promise((resolve, reject) => {
		request({ port: servers.port, path, headers }, (reply) => {
			const live = { text: "", isOver: false };
			reply.setEncoding("utf8").on("data", (text: string) => {
				live.text += text;
				resolve(live);
			});
			reply
				.on("error", () => undefined)
				.on("close", () => {
					live.isOver = true;
				});
		})
			.on("error", reject)
			.end();
	});
}

async function hears(live: Live): Promise<boolean> {
	const before = live.text.length;
	await append(servers.log, "live-1", events(1));
	await until(() => live.isOver || live.text.length > before);
	return !live.isOver;
}

const ENDS: readonly [string, (user: Ouro) => Promise<unknown>][] = [
	["is disabled", (user) => user.send(ADMIN, "POST /users/LOGIN/command/disable")],
	["is deleted", (user) => user.send(ADMIN, "DELETE /users/LOGIN")],
	[
		"has another password",
		(user) =>
			user.send(ADMIN, "POST /users/LOGIN/command/reset-password", { newPassword: "another one" }),
	],
	[
		"is in other groups",
		(user) => user.send(ADMIN, "PUT /users/LOGIN", { fullName: "", groups: ["others"] }),
	],
];

test.each(ENDS)("a live stream ends when its user %s", async (_, change) => {
	for (const groups of [["readers"], ["$admins"]]) {
		const user = await new Ouro(servers).create();
		await user.send(ADMIN, "PUT /users/LOGIN", { fullName: "", groups });
		const live = await follow(user.own);
		expect(await hears(live)).toBe(true);
		await change(user);
		const { length } = live.text;
		expect(await hears(live)).toBe(false);
		expect(live.text).toHaveLength(length);
	}
});

test("a live stream of a token ends with the token, and goes on when its user has another name", async () => {
	const user = await new Ouro(servers).create();
	const { token, id } = (await user.send(user.own, "POST /tokens", { name: "t" })).json;
	const live = await follow(`Bearer ${token}`);
	const facts = { fullName: "Another name", groups: ["readers"] };
	await user.send(ADMIN, "PUT /users/LOGIN", facts);
	expect(await hears(live)).toBe(true);
	const body = { newPassword: PASSWORD };
	await user.send(ADMIN, "POST /users/LOGIN/command/reset-password", body);
	expect(await hears(live)).toBe(true);
	await user.send(ADMIN, `DELETE /tokens/${id}`);
	expect(await hears(live)).toBe(false);
});
