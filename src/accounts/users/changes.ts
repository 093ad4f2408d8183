/**
 * Changes of users, one after another: each is an event of the user, and the hash of before is
 * erased when there is another. A change is heard of by the read model before it resolves.
 */
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

/** More users than that are a matter for an issuer of tokens. */
const USERS_MAX = 10_000;
const NOTIFICATION_SECONDS = 3600;

export class UserChanges {
	readonly #log: Log;
	readonly #users: Users;
	readonly #checks: PasswordChecks;
	readonly #inTurn = new OneAtATime();
	readonly #onPassword: (login: string) => void;

	/** @param onPassword is told whose password was set */
	constructor(
		log: Log,
		users: Users,
		checks: PasswordChecks,
		onPassword: (login: string) => void = () => undefined,
	) {
		this.#onPassword = onPassword;
		this.#log = log;
		this.#users = users;
		this.#checks = checks;
	}

	/**
	 * Creates a user. A repeat with the same password changes nothing.
	 * @throws Refusal `invalid-user`, `user-exists`, `too-many-accounts`, `logins-busy`, and as
	 *   `Log.append`
	 */
	create({ login, password, ...facts }: NewUser, address: string): Promise<void> {
		const reason = loginFault(login);
		if (reason !== undefined) throw invalid("loginName", reason);
		checkFacts(facts);
		const normal = checkPassword(password, "password");
		return this.#inTurn.run(async () => {
			const known = await this.#users.get(login);
			if (known !== undefined) {
				if (await this.#checks.fits(normal, known.hash, address)) return;
				throw new Refusal("user-exists", { loginName: login });
			}
			if ((await this.#users.all()).length >= USERS_MAX) {
				throw new Refusal("too-many-accounts", { kind: "users", max: USERS_MAX });
			}
			const hash = await this.#checks.hash(normal, address);
			await this.#settleInitial();
			await this.#write(newUser(login, facts, hash));
		});
	}

	/** Replaces what is said of a user. @throws Refusal `invalid-user`, `user-not-found` */
	update(login: string, facts: UserFacts): Promise<void> {
		checkFacts(facts);
		return this.#change(login, (user) => ({ ...user, ...facts }));
	}

	/** @throws Refusal `user-not-found` */
	setDisabled(login: string, isDisabled: boolean): Promise<void> {
		return this.#change(login, (user) => ({ ...user, isDisabled }));
	}

	/** Sets a password without the old one. @throws Refusal `invalid-user`, `user-not-found` */
	async resetPassword({ login, password, address }: PasswordChange): Promise<void> {
		const normal = checkPassword(password, "newPassword");
		await this.#known(login);
		const hash = await this.#checks.hash(normal, address);
		await this.#change(login, (user) => ({ ...user, hash }));
		this.#onPassword(login);
		await this.#notify(login);
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

	/** Deletes a user; the same login can be created again. @throws Refusal `user-not-found` */
	async remove(login: string): Promise<void> {
		const without = { groups: [], isDisabled: true, hash: "" };
		await this.#change(login, (user) => ({ ...user, ...without }));
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
			if (changed !== user) await this.#write(changed);
		});
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
		if (written !== undefined) await eraseOldHashes(this.#log, written);
	}

	async #notify(login: string): Promise<void> {
		await closeStream(this.#log, PASSWORD_NOTIFICATIONS, { $maxAge: NOTIFICATION_SECONDS });
		const data = Buffer.from(JSON.stringify({ loginName: login }));
		await appendOwn(this.#log, PASSWORD_NOTIFICATIONS, { type: "$PasswordChanged", data });
	}
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
