/** The users in a data directory whose server is stopped: for whoever has lost a password. */
import { Accounts } from "../../accounts/accounts.ts";
import { defaultUsers, forgetMadePassword, newPassword } from "../../accounts/users/first-start.ts";
import type { User } from "../../accounts/users/user.ts";
import { Audit } from "../../audit/audit.ts";
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
		report,
		onPassword: (login) => login === "admin" && forgetMadePassword(directory),
	});
	await accounts.load();
	return new PeopleInDirectory(opened, accounts);
}

export class PeopleInDirectory implements People {
	readonly #opened: OpenedLog;
	readonly #accounts: Accounts;
	readonly #audit: Audit;

	/** As `openPeople` makes it. */
	constructor(opened: OpenedLog, accounts: Accounts) {
		this.#opened = opened;
		this.#accounts = accounts;
		this.#audit = new Audit(opened.log, report);
	}

	async list(): Promise<readonly Person[]> {
		return (await this.#accounts.users.all()).map(personOf);
	}

	async show(login: string): Promise<Person> {
		const user = await this.#accounts.users.get(login);
		if (user === undefined) throw new Refusal("user-not-found", { loginName: login });
		return personOf(user);
	}

	async add(person: NewPerson): Promise<void> {
		const isRepeat = await this.#accounts.userChanges.create(person, "");
		if (!isRepeat) await this.#record("user-created", person.login);
	}

	async setDisabled(login: string, isDisabled: boolean): Promise<void> {
		await this.#accounts.userChanges.setDisabled(login, isDisabled);
		await this.#record(isDisabled ? "user-disabled" : "user-enabled", login);
	}

	async setPassword(login: string, password: string): Promise<void> {
		await this.#accounts.userChanges.resetPassword({ login, password, address: "" });
		await this.#record("password-reset", login);
	}

	async remove(login: string): Promise<void> {
		await this.#accounts.removeUser(login);
		await this.#record("user-deleted", login);
	}

	async close(): Promise<void> {
		this.#accounts.close();
		this.#opened.tree.close();
		this.#opened.moves.close();
		await this.#opened.log.close();
	}

	/** Whoever has the directory has no name that the store knows. */
	#record(what: string, about: string): Promise<void> {
		return this.#audit.record({ what, about, who: "", via: "directory", from: "" });
	}
}

function report(error: unknown): void {
	note(`varve: ${String(error)}\n`);
}

function personOf({ login, fullName, groups, isDisabled }: User): Person {
	return { login, fullName, groups, isDisabled };
}
