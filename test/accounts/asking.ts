/** Requests of users, and servers whose passwords are cheap to check. */
import type { Settings } from "../../src/config.ts";
import type { StreamName } from "../../src/event.ts";
import type { Ask, Reply } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";

export function startWithUsers(overrides: Partial<Settings> = {}): Promise<Servers> {
	const settings = { insecure: false, insecureDefaults: true, passwordCost: 10 };
	return startServers({ ...settings, ...overrides });
}

export function basic(login: string, password: string): string {
	return `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`;
}

export const ADMIN = basic("admin", "changeit");
export const OPS = basic("ops", "changeit");
export const PASSWORD = "Pa55w0rd!";

/** A request with credentials; `body` is sent as JSON. */
export function as(authorization: string, line: string, body?: object): Ask {
	const [method = "", path = ""] = line.split(" ");
	const headers = authorization === "" ? {} : { Authorization: authorization };
	if (body === undefined) return { method, path, headers };
	const type = { "Content-Type": "application/json" };
	return { method, path, headers: { ...headers, ...type }, body: JSON.stringify(body) };
}

let created = 0;

/** A user of one test, on a server that several share. */
export class Ouro {
	readonly login = `ouro${created++}`;
	readonly own = basic(this.login, PASSWORD);
	readonly facts = {
		loginName: this.login,
		fullName: "Ouro",
		groups: ["readers"],
		password: PASSWORD,
	};
	readonly #servers: Servers;

	constructor(servers: Servers) {
		this.#servers = servers;
	}

	/** Sends a request; LOGIN in its line is this user's. */
	send(authorization: string, line: string, body?: object): Promise<Reply> {
		return this.#servers.ask(as(authorization, line.replace("LOGIN", this.login), body));
	}

	async statusOf(authorization: string, line: string, body?: object): Promise<number> {
		return (await this.send(authorization, line, body)).status;
	}

	/** The status of an answer to this user's own credentials, or others. */
	entrance(authorization = this.own): Promise<number> {
		return this.statusOf(authorization, "GET /users/$current");
	}

	async create(): Promise<this> {
		expect(await this.statusOf(ADMIN, "POST /users", this.facts)).toBe(201);
		return this;
	}

	/** What the log has of a stream, by default of this user. */
	async events(stream = `$user-${this.login}`): Promise<{ type: string; data: string }[]> {
		const range = { from: 0, limit: 100, direction: "forward", content: true } as const;
		const { entries } = await this.#servers.log.read({ stream: stream as StreamName, ...range });
		return entries.map(({ event }) => {
			return { type: event.type, data: Buffer.from(event.data).toString() };
		});
	}
}
