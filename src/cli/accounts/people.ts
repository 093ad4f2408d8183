/** What `varve user` does to users: on a server, or in the directory of one that is stopped. */

export type Person = {
	readonly login: string;
	readonly fullName: string;
	readonly groups: readonly string[];
	readonly isDisabled: boolean;
};

export type NewPerson = Omit<Person, "isDisabled"> & { readonly password: string };

export interface People {
	list(): Promise<readonly Person[]>;
	/** @throws Failure, Refusal, if there is no such user, as all that follow */
	show(login: string): Promise<Person>;
	add(person: NewPerson): Promise<void>;
	setDisabled(login: string, isDisabled: boolean): Promise<void>;
	setPassword(login: string, password: string): Promise<void>;
	remove(login: string): Promise<void>;
	close(): Promise<void>;
}
