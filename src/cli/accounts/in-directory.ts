/** The users in a data directory whose server is stopped: for whoever has lost a password. */
import { Accounts } from "../../accounts/accounts.ts";
import { defaultUsers, forgetMadePassword, newPassword } from "../../accounts/users/first-start.ts";
import type { User } from "../../accounts/users/user.ts";
import { Refusal } from "../../errors.ts";
import { DEFAULT_LOG_LIMITS } from "../../log/log.ts";
import { openLog } from "../../log/open.ts";
import { note } from "../output/standard.ts";
import type { People, Person } from "./people.ts";

/** As the server has it by default; a server with another one makes the hash anew at a login. */
const COST = 16;

/** @throws Refusal as `openLog` */
export async function peopleInDirectory(directory: string): Promise<People> {
	const { log, tree, moves } = await openLog(directory, DEFAULT_LOG_LIMITS);
	// A store that was never asked for a user has an admin, whose password is about to be set.
	const initial = defaultUsers({ adminPassword: newPassword(), insecureDefaults: false });
	const accounts = new Accounts(log, {
		initial,
		cost: COST,
		report: (error) => note(`varve: ${String(error)}\n`),
		onPassword: (login) => login === "admin" && forgetMadePassword(directory),
	});
	await accounts.load();
	const { users, userChanges } = accounts;
	return {
		list: async () => (await users.all()).map(personOf),
		async show(login) {
			const user = await users.get(login);
			if (user === undefined) throw new Refusal("user-not-found", { loginName: login });
			return personOf(user);
		},
		add: (person) => userChanges.create(person, ""),
		setDisabled: (login, isDisabled) => userChanges.setDisabled(login, isDisabled),
		setPassword: (login, password) => userChanges.resetPassword({ login, password, address: "" }),
		remove: (login) => accounts.removeUser(login),
		async close() {
			accounts.close();
			tree.close();
			moves.close();
			await log.close();
		},
	};
}

function personOf({ login, fullName, groups, isDisabled }: User): Person {
	return { login, fullName, groups, isDisabled };
}
