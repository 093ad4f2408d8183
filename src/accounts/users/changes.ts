/**
 * Changes of users, one after another: each is an event of the user, and the hash of before is
 * erased when there is another. A change is heard of by the read model before it resolves.
 */
import { principalOf } from "../../access/principal.ts";
import { Refusal } from "../../errors.ts";
import type { Log } from "../../log/log.ts";
import { OneAtATime } from "../one-at-a-time.ts";
import { appendOwn, closeStream } from "../own-streams.ts";
import type { PasswordChecks } from "../passwords/checks.ts";
import { normalPassword, passwordFault } from "../passwords/rules.ts";
import { eraseOldHashes } from "./old-hashes.ts";
import {
	encodeUser,
	factsFault,
	loginFault,
	PASSWORD_NOTIFICATIONS,
	streamOf,
	USER_CREATED,
	USER_UPDATED,
	USERS,
	type User,
	type UserFacts,
} from "./user.ts";
import type { Users } from "./users.ts";

export type NewUser = UserFacts & { readonly login: string; readonly password: string };

/** Whom a change of a password is for, and from where it is asked. */
export type PasswordChange = {
	readonly login: string;
	readonly password: string;
	readonly address: string;
};

export type UserChangesOptions = {
	/** Told of what fails behind a change that is done. */
	readonly report: (error: unknown) => void;
	/** Told whose password was set. */
	readonly onPassword?: ((login: string) => void) | undefined;
	/** Whether somebody who is no user of the store can be an admin, too: one of the issuer. */
	readonly hasOtherAdmins: boolean;
};

/** More users than that are a matter for an issuer of tokens. */
const USERS_MAX = 10_000;
const NOTIFICATION_SECONDS = 3600;

export class UserChanges {
	readonly #log: Log;
	readonly #users: Users;
	readonly #checks: PasswordChecks;
	readonly #inTurn = new OneAtATime();
	readonly #options: UserChangesOptions;

	constructor(log: Log, users: Users, checks: PasswordChecks, options: UserChangesOptions) {
		this.#options = options;
		this.#log = log;
		this.#users = users;
		this.#checks = checks;
	}

	/**
	 * Creates a user. A repeat with the same password changes nothing.
	 * @returns whether it is a repeat
	 * @throws Refusal `invalid-user`, `user-exists`, `too-many-accounts`, `logins-busy`, and as
	 *   `Log.append`
	 */
	create({ login, password, ...facts }: NewUser, address: string): Promise<boolean> {
		const reason = loginFault(login);
		if (reason !== undefined) throw invalid("loginName", reason);
		checkFacts(facts);
		const normal = checkPassword(password, "password");
		return this.#inTurn.run(async () => {
			const known = await this.#users.get(login);
			if (known !== undefined) {
				if (await this.#checks.fits(normal, known.hash, address)) return true;
				throw new Refusal("user-exists", { loginName: login });
			}
			if ((await this.#users.all()).length >= USERS_MAX) {
				throw new Refusal("too-many-accounts", { kind: "users", max: USERS_MAX });
			}
			const hash = await this.#checks.hash(normal, address);
			await this.#settleInitial();
			await this.#write(newUser(login, facts, hash));
			return false;
		});
	}

	/**
	 * Replaces what is said of a user.
	 * @throws Refusal `invalid-user`, `user-not-found`, `last-admin`
	 */
	update(login: string, facts: UserFacts): Promise<void> {
		checkFacts(facts);
		return this.#change(login, (user) => ({ ...user, ...facts }));
	}

	/** @throws Refusal `user-not-found`, `last-admin` */
	setDisabled(login: string, isDisabled: boolean): Promise<void> {
		return this.#change(login, (user) => ({ ...user, isDisabled }));
	}

	/** Sets a password without the old one. @throws Refusal `invalid-user`, `user-not-found` */
	async resetPassword({ login, password, address }: PasswordChange): Promise<void> {
		const normal = checkPassword(password, "newPassword");
		await this.#known(login);
		const hash = await this.#checks.hash(normal, address);
		await this.#change(login, (user) => ({ ...user, hash }));
		// The password is set: what fails from here on is for the operator.
		await this.#announce(login).catch((error: unknown) => {
			this.#report(`the password of ${login} is set, and nobody was told`, error);
		});
	}

	/**
	 * Sets a password by its user, who knows the old one.
	 * @throws Refusal `invalid-user`, `user-not-found`, `unauthorized`, `logins-slowed`
	 */
	async changePassword(current: string, change: PasswordChange): Promise<void> {
		const { login, address } = change;
		checkPassword(change.password, "newPassword");
		const user = await this.#known(login);
		await this.#checks.check({ login, password: current, address }, user);
		await this.resetPassword(change);
	}

	/** Raises the hash of a user to what new ones are, unless there is another by now. */
	async rehash({ login, hash: before }: User, password: string): Promise<void> {
		const hash = await this.#checks.hash(password, "");
		await this.#change(login, (user) => (user.hash === before ? { ...user, hash } : user));
	}

	/**
	 * Deletes a user; the same login can be created again.
	 * @param between runs when the user cannot log in any more, and nobody else has the login yet
	 * @throws Refusal `user-not-found`, `last-admin`
	 */
	async remove(login: string, between: () => Promise<void>): Promise<void> {
		const without = { groups: [], isDisabled: true, hash: "" };
		await this.#change(login, (user) => ({ ...user, ...without }));
		await between();
		const stream = streamOf(login);
		await this.#inTurn.run(() => this.#log.delete({ stream, expected: "any", hard: false }));
		await this.#users.get(login);
	}

	async #change(login: string, change: (user: User) => User): Promise<void> {
		await this.#inTurn.run(async () => {
			await this.#known(login);
			await this.#settleInitial();
			const user = await this.#known(login);
			const changed = change(user);
			if (isAdmin(user) && !isAdmin(changed)) await this.#refuseLastAdmin(login);
			if (changed !== user) await this.#write(changed);
		});
	}

	/** A store without an admin could only be opened again with its directory. */
	async #refuseLastAdmin(login: string): Promise<void> {
		if (this.#options.hasOtherAdmins) return;
		const others = (await this.#users.all()).filter((user) => user.login !== login);
		if (!others.some(isAdmin)) throw new Refusal("last-admin", { loginName: login });
	}

	async #known(login: string): Promise<User> {
		const user = await this.#users.get(login);
		if (user === undefined) throw new Refusal("user-not-found", { loginName: login });
		return user;
	}

	/** Admins first: without the others, a store can still be run. */
	async #settleInitial(): Promise<void> {
		for (const user of await this.#users.initial()) await this.#write(user);
	}

	/** The list comes first: a login in it may lead to nobody, and no user is missing there. */
	async #write(user: User): Promise<void> {
		const { login, version } = user;
		const stream = streamOf(login);
		const isNew = version < 0;
		if (isNew) {
			await closeStream(this.#log, stream);
			await appendOwn(this.#log, USERS, { type: "$User", data: Buffer.from(login) });
		}
		const event = { type: isNew ? USER_CREATED : USER_UPDATED, data: encodeUser(user) };
		await appendOwn(this.#log, stream, event, isNew ? "any" : version);
		const written = await this.#users.get(login);
		// The change is done. The next one, and the next start, erase what is left.
		if (!written) return;
		await eraseOldHashes(this.#log, written).catch((error: unknown) => {
			this.#report(`an old hash of ${login} could not be erased`, error);
		});
	}

	/** A refusal by itself is told to nobody, as its client has it for an answer. */
	#report(what: string, error: unknown): void {
		this.#options.report(new Error(`${what}: ${String(error)}`, { cause: error }));
	}

	async #announce(login: string): Promise<void> {
		this.#options.onPassword?.(login);
		await closeStream(this.#log, PASSWORD_NOTIFICATIONS, { $maxAge: NOTIFICATION_SECONDS });
		const data = Buffer.from(JSON.stringify({ loginName: login }));
		await appendOwn(this.#log, PASSWORD_NOTIFICATIONS, { type: "$PasswordChanged", data });
	}
}

function isAdmin({ login, groups, isDisabled, hash }: User): boolean {
	return (
		!isDisabled && hash !== "" && principalOf({ name: login, groups, via: "password" }).isAdmin
	);
}

function newUser(login: string, facts: UserFacts, hash: string): User {
	return { login, ...facts, hash, isDisabled: false, version: -1, updated: 0 };
}

function checkFacts(facts: UserFacts): void {
	const [field, reason] = factsFault(facts) ?? [];
	if (field !== undefined && reason !== undefined) throw invalid(field, reason);
}

/** @returns the password as it is hashed */
function checkPassword(password: string, field: string): string {
	const normal = normalPassword(password);
	const reason = passwordFault(normal);
	if (reason !== undefined) throw invalid(field, reason);
	return normal;
}

function invalid(field: string, reason: string): Refusal {
	return new Refusal("invalid-user", { field, reason });
}
