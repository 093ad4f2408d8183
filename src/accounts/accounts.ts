/**
 * The accounts of a store: its users and tokens, what checks their passwords, and what changes
 * them.
 */
import { ADMINS } from "../access/principal.ts";
import { isRefusal } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { Oidc, type OidcOptions } from "./oidc/oidc.ts";
import { PasswordChecks } from "./passwords/checks.ts";
import { TokenChanges } from "./tokens/changes.ts";
import { Tokens } from "./tokens/tokens.ts";
import { UserChanges } from "./users/changes.ts";
import { eraseOldHashes } from "./users/old-hashes.ts";
import { type InitialUser, Users } from "./users/users.ts";

export type AccountsOptions = {
	/** The users of a log that has none. */
	readonly initial: readonly InitialUser[];
	/** Of hashes, see `passwords/hash.ts`. */
	readonly cost: number;
	readonly report: (error: unknown) => void;
	/** The issuer whose users are let in, if there is one. */
	readonly oidc?: OidcOptions | undefined;
	/** Told whose password was set. */
	readonly onPassword?: ((login: string) => void) | undefined;
};

/** Listens to the log until it is closed. */
export class Accounts {
	readonly checks: PasswordChecks;
	readonly users: Users;
	readonly userChanges: UserChanges;
	readonly tokens: Tokens;
	readonly tokenChanges: TokenChanges;
	readonly oidc: Oidc | undefined;
	readonly #log: Log;
	/** Told of what fails while nobody waits for it. */
	readonly report: (error: unknown) => void;

	constructor(log: Log, { initial, cost, report, oidc, onPassword }: AccountsOptions) {
		this.checks = new PasswordChecks(cost);
		this.users = new Users(log, { initial, cost, turns: this.checks.turns, report });
		this.userChanges = new UserChanges(log, this.users, this.checks, {
			report,
			onPassword,
			hasOtherAdmins: oidc !== undefined && [...oidc.groups.values()].includes(ADMINS),
		});
		this.tokens = new Tokens(log, report);
		this.tokenChanges = new TokenChanges(log, this.tokens, this.users);
		this.oidc = oidc && new Oidc(oidc, this.users, report);
		this.#log = log;
		this.report = report;
	}

	/** Reads all accounts. Where the log is damaged, it goes on: logins read again what they need. */
	async load(): Promise<void> {
		try {
			await this.users.load();
			await this.tokens.load();
			await this.#eraseOldHashes();
		} catch (error) {
			this.report(error);
		}
	}

	/**
	 * Deletes a user, and the user's tokens: another user may get the same login.
	 * @throws Refusal `user-not-found`, `last-admin`
	 */
	async removeUser(login: string): Promise<void> {
		await this.userChanges.remove(login, async () => {
			for (const { id, user } of await this.tokens.all()) {
				if (user === login) await this.tokenChanges.revoke(id);
			}
		});
	}

	close(): void {
		this.users.close();
		this.tokens.close();
	}

	/** Those that a process which ended too early left. A log that cannot be written keeps them. */
	async #eraseOldHashes(): Promise<void> {
		for (const user of await this.users.stored()) {
			try {
				await eraseOldHashes(this.#log, user);
			} catch (error) {
				if (!isRefusal(error)) throw error;
				return;
			}
		}
	}
}
