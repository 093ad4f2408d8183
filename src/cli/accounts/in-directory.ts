/** The users in a data directory whose server is stopped: for whoever has lost a password. */
import { Accounts } from "../../accounts/accounts.ts";
import { defaultUsers, forgetMadePassword, newPassword } from "../../accounts/users/first-start.ts";
import type { User } from "../../accounts/users/user.ts";
import { Refusal } from "../../errors.ts";
import { DEFAULT_LOG_LIMITS } from "../../log/log.ts";
import { type OpenedLog, openLog } from "../../log/open.ts";
import { note } from "../output/standard.ts";
import type { NewPerson, People, Person } from "./people.ts";

/** As the server has it by default; a server with another one makes the hash anew at a login. */
const COST = 16;

/** @throws Refusal as `openLog` */
export async function openPeople(directory: string): Promise<PeopleInDirectory> {
	const opened = await openLog(directory, DEFAULT_LOG_LIMITS);
	const accounts = new Accounts(opened.log, {
		// A store that was never asked for a user has an admin, whose password is about to be set.
		initial: defaultUsers({ adminPassword: newPassword(), insecureDefaults: false }),
		cost: COST,
		report: (error) => note(`varve: ${String(error)}\n`),
		onPassword: (login) => login === "admin" && forgetMadePassword(directory),
	});
	await accounts.load();
	return new PeopleInDirectory(opened, accounts);
}

export class PeopleInDirectory implements People {
	readonly #opened: OpenedLog;
	readonly #accounts: Accounts;

	/** As `openPeople` makes it. */
	constructor(opened: OpenedLog, accounts: Accounts) {
		this.#opened = opened;
		this.#accounts = accounts;
	}

	async list(): Promise<readonly Person[]> {
		return (await this.#accounts.users.all()).map(personOf);
	}

	async show(login: string): Promise<Person> {
		const user = await this.#accounts.users.get(login);
		if (user === undefined) throw new Refusal("user-not-found", { loginName: login });
		return personOf(user);
	}

	add(person: NewPerson): Promise<void> {
		return this.#accounts.userChanges.create(person, "");
	}

	setDisabled(login: string, isDisabled: boolean): Promise<void> {
		return this.#accounts.userChanges.setDisabled(login, isDisabled);
	}

	setPassword(login: string, password: string): Promise<void> {
		return this.#accounts.userChanges.resetPassword({ login, password, address: "" });
	}

	remove(login: string): Promise<void> {
		return this.#accounts.removeUser(login);
	}

	async close(): Promise<void> {
		this.#accounts.close();
		this.#opened.tree.close();
		this.#opened.moves.close();
		await this.#opened.log.close();
	}
}

function personOf({ login, fullName, groups, isDisabled }: User): Person {
	return { login, fullName, groups, isDisabled };
}
