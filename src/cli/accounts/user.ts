/** `varve user`: the users of a server, or, for a lost password, of the directory of one. */
import { resolve } from "node:path";
import { escapeInvisible } from "../../observe/visible.ts";
import type { Arguments, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer, report } from "../output/standard.ts";
import { actionOf, CLIENT_OPTIONS, EXIT, optionalText, type Verb } from "../verb.ts";
import { choosePassword, PASSWORD_OPTIONS } from "./password.ts";
import type { People, Person } from "./people.ts";

export const user: Verb = {
	name: "user",
	summary: "List and change the users of a store",
	operands: ["list|show|add|password|disable|enable|delete", "[NAME]"],
	purpose: `list prints the users, and show one of them. add creates a user, in the groups of
		--groups: members of $admins may do everything, members of $ops run the server, and ACLs name
		all others. password sets a new password; disable and enable keep a user out and let it in
		again; delete also revokes the user's tokens. The command asks the server at --url, as an
		admin. With --data it works on the directory of a stopped server, and needs no password: so a
		lost one is set anew.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "data",
			flag: "data",
			kind: "text",
			default: undefined,
			placeholder: "DIR",
			perCall: true,
			help: "Data directory of a stopped server, in place of --url.",
		},
		{
			name: "fullName",
			flag: "full-name",
			kind: "text",
			default: undefined,
			perCall: true,
			help: "With add: the user's full name.",
		},
		{
			name: "groups",
			flag: "groups",
			kind: "text",
			default: undefined,
			placeholder: "NAME,NAME",
			perCall: true,
			help: "With add: the user's groups.",
		},
		...PASSWORD_OPTIONS,
	],
	examples: [
		"VARVE_USER_FILE=admin.txt varve user add billing --groups readers --generate",
		"varve user password admin --data /var/lib/varve",
		"varve user list --user admin:secret",
	],
	run,
};

type Action = (people: People, login: string, values: Values) => Promise<void>;

const ACTIONS: ReadonlyMap<string, Action> = new Map([
	["show", async (people, login) => answer(`${lineOf(await people.show(login))}\n`)],
	["add", add],
	["password", setPassword],
	["disable", (people, login) => setDisabled(people, login, true)],
	["enable", (people, login) => setDisabled(people, login, false)],
	["delete", remove],
]);

async function run({ operands, values }: Arguments): Promise<number> {
	const [action = "", login = ""] = operands;
	const act = action === "list" ? list : actionOf(ACTIONS, action, ["list"]);
	if (act !== list && login === "") {
		throw new Failure(`NAME is missing: varve user ${action} NAME`, EXIT.usage);
	}
	const people = await peopleOf(values);
	try {
		await act(people, login, values);
	} finally {
		await people.close();
	}
	return EXIT.done;
}

async function peopleOf(values: Values): Promise<People> {
	const directory = optionalText(values, "data");
	if (directory === undefined) {
		const { PeopleOnServer } = await import("./on-server.ts");
		return new PeopleOnServer(values);
	}
	const { openPeople } = await import("./in-directory.ts");
	return openPeople(resolve(directory));
}

async function list(people: People): Promise<void> {
	for (const person of await people.list()) answer(`${lineOf(person)}\n`);
}

async function add(people: People, login: string, values: Values): Promise<void> {
	const { password, isMade } = await choosePassword(values);
	const fullName = optionalText(values, "fullName") ?? "";
	const groups = optionalText(values, "groups")?.split(",") ?? [];
	await people.add({ login, fullName, groups, password });
	tell(`user ${login} added`, isMade ? password : undefined);
}

async function setPassword(people: People, login: string, values: Values): Promise<void> {
	await people.show(login);
	const { password, isMade } = await choosePassword(values);
	await people.setPassword(login, password);
	tell(`password of ${login} set`, isMade ? password : undefined);
}

async function setDisabled(people: People, login: string, isDisabled: boolean): Promise<void> {
	await people.setDisabled(login, isDisabled);
	tell(`user ${login} ${isDisabled ? "disabled" : "enabled"}`);
}

async function remove(people: People, login: string): Promise<void> {
	await people.remove(login);
	tell(`user ${login} deleted`);
}

/** A password that was made here is what the command was asked for. */
function tell(done: string, password?: string): void {
	report(`${escapeInvisible(done)}\n`);
	if (password !== undefined) answer(`${password}\n`);
}

function lineOf({ login, fullName, groups, isDisabled }: Person): string {
	return JSON.stringify({ login, fullName, groups, ...(isDisabled ? { disabled: true } : {}) });
}
