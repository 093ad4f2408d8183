/** The users of a running server, by its API. */
import type { Values } from "../../options.ts";
import { type Asked, membersIn, request } from "../reading/request.ts";
import type { NewPerson, People, Person } from "./people.ts";

export function peopleOnServer(values: Values): People {
	const ask = (asked: Asked) => request(values, asked, membersIn);
	const path = (login: string, command = "") => `/users/${encodeURIComponent(login)}${command}`;
	const post = async (login: string, command: string, body?: object) => {
		await ask({ method: "POST", path: path(login, `/command/${command}`), body });
	};
	return {
		list: () =>
			request(values, { method: "GET", path: "/users" }, (answer) => {
				const data = membersIn(answer)?.data;
				return Array.isArray(data) ? data.map(personIn) : undefined;
			}),
		show: (login) =>
			request(values, { method: "GET", path: path(login) }, (answer) => {
				const data = membersIn(answer)?.data;
				return data === undefined ? undefined : personIn(data);
			}),
		async add({ login, fullName, groups, password }: NewPerson) {
			const body = { loginName: login, fullName, groups, password };
			await ask({ method: "POST", path: "/users", body });
		},
		setDisabled: (login, isDisabled) => post(login, isDisabled ? "disable" : "enable"),
		setPassword: (login, newPassword) => post(login, "reset-password", { newPassword }),
		async remove(login) {
			await ask({ method: "DELETE", path: path(login) });
		},
		close: async () => undefined,
	};
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
