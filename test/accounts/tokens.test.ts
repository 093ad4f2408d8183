/** Tokens of machines: made, used within their scope, rotated, revoked. */

import { newTokenId, newTokenText, tokenIdIn } from "../../src/accounts/tokens/text.ts";
import type { StreamName } from "../../src/event.ts";
import type { Servers } from "../http/harness.ts";
import { ADMIN, as, Ouro, startWithUsers } from "./asking.ts";

let servers: Servers;
let user: Ouro;
beforeAll(async () => {
	servers = await startWithUsers();
	user = await new Ouro(servers).create();
});
afterAll(() => servers.close());

const make = async (body: object, by = user.own) =>
	(await user.send(by, "POST /tokens", { name: "ci", ...body })).json as {
		token: string;
		id: string;
	};
const statusOf = (token: string, line: string, body?: object) =>
	user.statusOf(`Bearer ${token}`, line, body);

async function append(token: string, stream: string): Promise<number> {
	const ask = as(`Bearer ${token}`, `POST /streams/${stream}`, {});
	const headers = { ...ask.headers, "ES-EventType": "Placed", "ES-EventId": crypto.randomUUID() };
	return (await servers.ask({ ...ask, headers })).status;
}

describe("the text of a token", () => {
	test("has a word in front and a check sum behind, so that tools find whole ones", () => {
		const id = newTokenId();
		const text = newTokenText(id);
		expect(text).toMatch(/^varve_[0-9A-Za-z]{12}_[0-9A-Za-z]{46}$/);
		expect(tokenIdIn(text)).toBe(id);
		const other = text.endsWith("0") ? "1" : "0";
		for (const wrong of [text.slice(0, -1), `${text}x`, text.slice(0, -1) + other, "", "varve_"]) {
			expect(tokenIdIn(wrong)).toBeUndefined();
		}
	});
});

test("a token is shown once, and the log has but its hash", async () => {
	const made = await user.send(user.own, "POST /tokens", { name: "ci", streams: ["order-"] });
	const { token, ...shown } = made.json;
	expect(made.status).toBe(201);
	expect(made.headers.location).toBe(`${servers.url}/tokens/${shown.id}`);
	expect(shown).toEqual({
		...{ id: expect.any(String), name: "ci", user: user.login, rights: ["read"] },
		...{ streams: ["order-"], made: expect.any(String), expires: expect.any(String) },
	});
	const year = Date.parse(String(shown.expires)) - Date.parse(String(shown.made));
	expect(Math.abs(year - 365 * 86_400_000)).toBeLessThan(60_000);
	expect((await user.send(user.own, `GET /tokens/${shown.id}`)).json).toEqual(shown);
	const range = { from: 0, limit: 1000, direction: "forward", content: true } as const;
	const { entries } = await servers.log.read({ stream: "$all" as StreamName, ...range });
	const written = entries.map(({ event }) => Buffer.from(event.data).toString()).join("\n");
	expect(written).not.toContain(String(token));
});

test("a token reads and writes within its scope, and does nothing else", async () => {
	const { token } = await make({ rights: ["read", "write"], streams: ["order-", "invoice-"] });
	expect(await append(token, "order-1")).toBe(201);
	expect(await statusOf(token, "GET /streams/order-1")).toBe(200);
	expect(await append(token, "bill-1")).toBe(401);
	expect(await statusOf(token, "GET /streams/bill-1")).toBe(401);
	const { token: reading } = await make({ streams: ["order-"] });
	expect(await statusOf(reading, "GET /streams/order-1")).toBe(200);
	expect(await append(reading, "order-1")).toBe(401);
	const { token: ofAdmin } = await make({ rights: ["read", "write"] }, ADMIN);
	expect(await statusOf(ofAdmin, "GET /streams/$all")).toBe(200);
	const lines = ["GET /users", "POST /users", "DELETE /users/LOGIN", "POST /tokens"];
	for (const line of lines) expect(await statusOf(ofAdmin, line)).toBe(401);
});

test("a rotation ends the text of before at once, and a revocation the token", async () => {
	const { token, id } = await make({});
	expect(await statusOf(token, "GET /users/$current")).toBe(200);
	const rotated = await user.send(user.own, `POST /tokens/${id}/command/rotate`);
	const again = String(rotated.json.token);
	expect(await statusOf(token, "GET /users/$current")).toBe(401);
	expect(await statusOf(again, "GET /users/$current")).toBe(200);
	const { lastUsed } = (await user.send(user.own, `GET /tokens/${id}`)).json;
	expect(Date.now() - Date.parse(String(lastUsed))).toBeLessThan(60_000);
	expect((await user.send(user.own, `DELETE /tokens/${id}`)).json).toEqual({ id, revoked: true });
	expect(await statusOf(again, "GET /users/$current")).toBe(401);
	expect(await user.statusOf(user.own, `GET /tokens/${id}`)).toBe(404);
	expect(await user.statusOf(user.own, `DELETE /tokens/${id}`)).toBe(404);
});

test("tokens are there after a restart, and end at their time", async () => {
	const { token } = await make({ expires: "never" });
	const { tokenChanges } = servers.server.context.accounts;
	const scope = { mayRead: true, mayWrite: false, prefixes: undefined, consumerGroups: undefined };
	const expires = Date.now() + 250;
	const short = await tokenChanges.create({ name: "s", user: user.login, scope, expires });
	servers = await servers.restart();
	user = Object.assign(new Ouro(servers), { login: user.login, own: user.own });
	expect(await statusOf(token, "GET /users/$current")).toBe(200);
	while (Date.now() < expires) await new Promise((done) => setTimeout(done, 10));
	expect(await statusOf(short.text, "GET /users/$current")).toBe(401);
});

test("users see and change their own tokens, admins all, and nobody makes one for another", async () => {
	const other = await new Ouro(servers).create();
	const { id } = await make({});
	const idsOf = async (authorization: string) => {
		const { tokens } = (await user.send(authorization, "GET /tokens")).json;
		return (tokens as { id: string }[]).map((one) => one.id);
	};
	expect(await idsOf(other.own)).toEqual([]);
	expect(await idsOf(user.own)).toContain(id);
	expect(await idsOf(ADMIN)).toContain(id);
	expect(await other.statusOf(other.own, `GET /tokens/${id}`)).toBe(404);
	expect(await other.statusOf(other.own, `DELETE /tokens/${id}`)).toBe(404);
	expect(await other.statusOf(other.own, `POST /tokens/${id}/command/rotate`)).toBe(404);
	expect(await other.statusOf("", "GET /tokens")).toBe(401);
	const forUser = { name: "ci", user: user.login };
	expect(await other.statusOf(other.own, "POST /tokens", forUser)).toBe(401);
	expect(await other.statusOf(ADMIN, "POST /tokens", forUser)).toBe(201);
	expect(await other.statusOf(ADMIN, "POST /tokens", { ...forUser, user: "nobody" })).toBe(404);
	expect(await other.statusOf(ADMIN, `DELETE /tokens/${id}`)).toBe(200);
});

test.each([
	[{ name: "" }, /name .*empty/],
	[{ rights: [] }, /rights .*neither/],
	[{ rights: ["admin"] }, /rights .*read and write/],
	[{ streams: "order-" }, /streams is not a list/],
	[{ streams: [""] }, /streams .*empty/],
	[{ consumerGroups: ["a\nb"] }, /consumerGroups .*control/],
	[{ expires: "tomorrow" }, /expires .*time such as/],
	[{ expires: "2001-01-01T00:00:00Z" }, /expires .*past/],
])("a token with %j is refused", async (fields, reason) => {
	const answer = await user.send(user.own, "POST /tokens", { name: "ci", ...fields });
	expect(answer.status).toBe(400);
	expect(answer.json.detail).toMatch(reason);
});
