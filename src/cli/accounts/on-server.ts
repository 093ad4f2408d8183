/** The users of a running server, by its API. */
import type { Values } from "../../options.ts";
import { type Asked, membersIn, request } from "../reading/request.ts";
import type { NewPerson, People, Person } from "./people.ts";

export class PeopleOnServer implements People {
	readonly #values: Values;

	constructor(values: Values) {
		this.#values = values;
	}

	list(): Promise<readonly Person[]> {
		return request(this.#values, { method: "GET", path: "/users" }, (answer) => {
			const data = membersIn(answer)?.data;
			return Array.isArray(data) ? data.map(personIn) : undefined;
		});
	}

	show(login: string): Promise<Person> {
		return request(this.#values, { method: "GET", path: pathOf(login) }, (answer) => {
			const data = membersIn(answer)?.data;
			return data === undefined ? undefined : personIn(data);
		});
	}

	add({ login, fullName, groups, password }: NewPerson): Promise<void> {
		const body = { loginName: login, fullName, groups, password };
		return this.#ask({ method: "POST", path: "/users", body });
	}

	setDisabled(login: string, isDisabled: boolean): Promise<void> {
		const command = isDisabled ? "disable" : "enable";
		return this.#ask({ method: "POST", path: `${pathOf(login)}/command/${command}` });
	}

	setPassword(login: string, newPassword: string): Promise<void> {
		const path = `${pathOf(login)}/command/reset-password`;
		return this.#ask({ method: "POST", path, body: { newPassword } });
	}

	remove(login: string): Promise<void> {
		return this.#ask({ method: "DELETE", path: pathOf(login) });
	}

	async close(): Promise<void> {}

	async #ask(asked: Asked): Promise<void> {
		await request(this.#values, asked, membersIn);
	}
}

function pathOf(login: string): string {
	return `/users/${encodeURIComponent(login)}`;
}

function personIn(data: unknown): Person {
	const { loginName, fullName, groups, disabled } = data as Record<string, unknown>;
	return {
		login: String(loginName),
		fullName: typeof fullName === "string" ? fullName : "",
		groups: Array.isArray(groups) ? groups.map(String) : [],
		isDisabled: disabled === true,
	};
}
