/** Users and tokens as screens show and change them. */

export type UserChanges = {
	create(user: Omit<ShownUser, "isDisabled" | "updated"> & { password: string }): Promise<void>;
	setDisabled(login: string, isDisabled: boolean): Promise<void>;
	resetPassword(login: string, password: string): Promise<void>;
	remove(login: string): Promise<void>;
};

export type TokenChanges = {
	/** @returns the token's text, which nobody can see again */
	create(token: NewToken): Promise<string>;
	revoke(id: string): Promise<void>;
};

export type NewToken = Pick<ShownToken, "name" | "user" | "prefixes" | "expires"> & {
	readonly mayWrite: boolean;
};

export type ShownUser = {
	readonly login: string;
	readonly fullName: string;
	readonly groups: readonly string[];
	readonly isDisabled: boolean;
	/** Milliseconds since 1970; undefined for one of the first start. */
	readonly updated: number | undefined;
};

export type ShownToken = {
	readonly id: string;
	readonly name: string;
	readonly user: string;
	readonly rights: string;
	/** Undefined for all streams. */
	readonly prefixes: readonly string[] | undefined;
	/** Milliseconds since 1970; undefined for never. */
	readonly expires: number | undefined;
	readonly made: number;
	/** Undefined if it was not used since this server started. */
	readonly used: number | undefined;
};
