/**
 * Checks of passwords: in turn, slowed down by failures, and the same for a login that nobody has.
 *
 *     slowed down? ─▶ a turn ─▶ slowed down by now? ─▶ the hash, or one of nothing ─▶ counted
 */
import { Refusal } from "../../errors.ts";
import { Failures } from "./failures.ts";
import { hashOfNothing, hashPassword, isOutdated, isPasswordOf, takesAsLong } from "./hash.ts";
import { normalPassword } from "./rules.ts";
import { Turns } from "./turns.ts";

/** Who claims to be whom, and from where. */
export type Attempt = {
	readonly login: string;
	readonly password: string;
	readonly address: string;
};

/** What a password has to fit. */
type Account = { readonly hash: string; readonly isDisabled: boolean };

export class PasswordChecks {
	readonly turns = new Turns();
	/** Of new hashes. */
	readonly cost: number;
	readonly #failures: Failures;
	readonly #nothing: string;

	constructor(cost: number, failures = new Failures()) {
		this.cost = cost;
		this.#failures = failures;
		this.#nothing = hashOfNothing(cost);
	}

	/**
	 * Resolves if the password is that of the account, and the account may log in.
	 * @param account undefined if nobody has the login
	 * @throws Refusal `unauthorized`, `logins-slowed`, `logins-busy`
	 */
	async check({ login, password, address }: Attempt, account: Account | undefined): Promise<void> {
		this.#failures.check(login, address);
		const isRight = await this.turns.take(address, async () => {
			this.#failures.check(login, address);
			const fits = await this.#fits(normalPassword(password), account?.hash ?? "");
			const isRight = fits && account?.isDisabled === false;
			if (isRight) this.#failures.succeeded(login, address);
			else this.#failures.failed(login, address);
			return isRight;
		});
		if (!isRight) throw new Refusal("unauthorized", { cause: "credentials" });
	}

	/** Whether a password fits a hash. @throws Refusal `logins-busy` */
	fits(password: string, hash: string, address: string): Promise<boolean> {
		return this.turns.take(address, () => this.#fits(password, hash));
	}

	/** A new hash of a password in its normal form. @throws Refusal `logins-busy` */
	hash(password: string, address: string): Promise<string> {
		return this.turns.take(address, () => hashPassword(password, this.cost));
	}

	/** Whether the hash of an account was made at another cost than new ones are. */
	isOutdated({ hash }: Pick<Account, "hash">): boolean {
		return isOutdated(hash, this.cost);
	}

	/** Where there is nothing to check, or it is quicker, it checks against nothing as well. */
	async #fits(password: string, hash: string): Promise<boolean> {
		const fits = await isPasswordOf(password, hash);
		if (!takesAsLong(hash, this.cost)) await isPasswordOf(password, this.#nothing);
		return fits;
	}
}
