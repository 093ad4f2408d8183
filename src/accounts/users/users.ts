/**
 * The users of a store, in memory: those of the log, or, as long as the log has none, those of the
 * first start, who become events with the first change of any user. Events without a hash, as an
 * import may bring them, make no user.
 */

import { KeptStreams } from "../../following/kept-streams.ts";
import type { Log } from "../../log/log.ts";
import { hashPassword } from "../passwords/hash.ts";
import type { Turns } from "../passwords/turns.ts";
import { decodeUser, streamOf, USER_STREAMS, USER_STREAMS_END, type User } from "./user.ts";

/** A user of the first start, whose password is known in plain text. */
export type InitialUser = Pick<User, "login" | "fullName" | "groups"> & {
	readonly password: string;
};

export type UsersOptions = {
	readonly initial: readonly InitialUser[];
	/** Of hashes, see `passwords/hash.ts`. */
	readonly cost: number;
	readonly turns: Turns;
	readonly report: (error: unknown) => void;
};

const KIND = { from: USER_STREAMS, before: USER_STREAMS_END, decode: decodeUser };

/** Listens to the log until it is closed. */
export class Users {
	readonly #kept: KeptStreams<User>;
	readonly #options: UsersOptions;
	/** By login, once somebody has asked. */
	readonly #initial = new Map<string, User | Promise<User>>();

	constructor(log: Log, options: UsersOptions) {
		this.#kept = new KeptStreams(log, KIND, options.report);
		this.#options = options;
	}

	load(): Promise<void> {
		return this.#kept.load();
	}

	/** At once if it is known. */
	get(login: string): User | undefined | Promise<User | undefined> {
		const stored = this.#kept.get(streamOf(login));
		if (stored instanceof Promise) return stored.then((user) => user ?? this.#initialOf(login));
		return stored ?? this.#initialOf(login);
	}

	/**
	 * Whether a user may log in and is of the same groups as when it was looked up; true while that
	 * is being read, which ends before whoever changed it has the answer.
	 * @param withPassword whether the password has to be the same as well
	 */
	stands(user: User, withPassword: boolean): boolean {
		const { login, groups, hash } = user;
		const now = this.get(login);
		if (now === user) return !user.isDisabled;
		if (now instanceof Promise) return true;
		if (now === undefined || now.isDisabled || (withPassword && now.hash !== hash)) return false;
		return JSON.stringify(now.groups) === JSON.stringify(groups);
	}

	/**
	 * A question about users that is asked with each request, such as `stands`: once it was answered
	 * with yes, it is put again only if some user may have changed since.
	 */
	asLongAs(holds: () => boolean): () => boolean {
		let heldAt = -1;
		return () => {
			const { revision } = this.#kept;
			if (heldAt === revision) return true;
			if (!holds()) return false;
			heldAt = revision;
			return true;
		};
	}

	/** Sorted by login, as the contract has it. */
	async all(): Promise<User[]> {
		return [...(await this.stored()), ...(await this.initial())].sort((one, other) =>
			one.login < other.login ? -1 : 1,
		);
	}

	/** Those of the log. */
	stored(): Promise<User[]> {
		return this.#kept.all();
	}

	/** The users of the first start, as long as they are in no log. */
	async initial(): Promise<User[]> {
		if (!(await this.#kept.isEmpty())) return [];
		return Promise.all(this.#options.initial.map((user) => this.#hashed(user)));
	}

	close(): void {
		this.#kept.close();
	}

	#initialOf(login: string): User | undefined | Promise<User | undefined> {
		const initial = this.#options.initial.find((user) => user.login === login);
		const isEmpty = initial !== undefined && this.#kept.isEmpty();
		if (!isEmpty) return undefined;
		if (isEmpty === true) return this.#hashed(initial);
		return isEmpty.then((known) => (known ? this.#hashed(initial) : undefined));
	}

	/** It is hashed when it is first asked for, so that a start does not wait for it. */
	#hashed({ password, ...facts }: InitialUser): User | Promise<User> {
		const known = this.#initial.get(facts.login);
		if (known !== undefined) return known;
		const { turns, cost } = this.#options;
		const hashing = turns
			.take("", () => hashPassword(password, cost))
			.then((hash) => {
				const user = { ...facts, hash, isDisabled: false, version: -1, updated: Date.now() };
				this.#initial.set(facts.login, user);
				return user;
			});
		this.#initial.set(facts.login, hashing);
		// A line that was full is no reason to refuse for ever.
		hashing.catch(() => this.#initial.delete(facts.login));
		return hashing;
	}
}
