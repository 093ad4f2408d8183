/** The users API (contract 9.1): list, look, create, change, delete. No answer has a password. */
import type { User } from "../../../accounts/users/user.ts";
import { Refusal } from "../../../errors.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { baseOf } from "../../request/base.ts";
import { type Document, readDocument, textIn, textsIn } from "../../request/bodies/document.ts";
import { negotiateType } from "../../request/negotiation.ts";
import { userUrl } from "../../urls.ts";
import {
	answerStructured,
	STRUCTURED_TYPES,
	type Structure,
	type StructuredType,
} from "./structured.ts";

/** Its `id` is the login, percent-decoded. */
export type UserTarget = { readonly id: string; readonly query: string };

const SUCCESS = { success: true, error: "Success" } as const;

/** GET /users */
export async function answerUsers(exchange: Exchange, target: UserTarget): Promise<Answer> {
	const type = typeFor(exchange, target);
	const base = baseOfLinks(exchange);
	const users = await exchange.context.accounts.users.all();
	const data = users.map((user) => shown(user, base));
	return answerStructured(type, {
		root: "AllUserDetailsResultHttpFormatted",
		value: { data, ...SUCCESS },
	});
}

/** GET /users/{login} */
export async function answerUser(exchange: Exchange, target: UserTarget): Promise<Answer> {
	const type = typeFor(exchange, target);
	const user = await userOf(exchange, target.id);
	const data = shown(user, baseOfLinks(exchange));
	return answerStructured(type, {
		root: "UserDetailsResultHttpFormatted",
		value: { data, ...SUCCESS },
	});
}

/** GET /users/$current: also one that the server knows by its issuer alone. */
export async function answerCurrentUser(exchange: Exchange, target: UserTarget): Promise<Answer> {
	const type = typeFor(exchange, target);
	const { principal, context } = exchange;
	const user =
		principal.via === "oidc" ? undefined : await context.accounts.users.get(principal.name);
	const groups = [...principal.groups];
	const data = user
		? facts(user)
		: { loginName: principal.name, fullName: "", groups, disabled: false };
	return answerStructured(type, { root: "UserDetailsResult", value: { data, ...SUCCESS } });
}

/** POST /users */
export async function answerUserCreation(exchange: Exchange, target: UserTarget): Promise<Answer> {
	const type = typeFor(exchange, target);
	const base = baseOfLinks(exchange);
	const { context, req } = exchange;
	const document = await documentOf(exchange);
	const login = neededText(document, "loginName");
	const password = neededText(document, "password");
	const user = { login, password, ...factsIn(document) };
	const isRepeat = await context.accounts.userChanges.create(user, context.addressOf(req));
	const repeated = isRepeat ? ["Varve-Repeated", "true"] : [];
	return done(type, login, 201, ["Location", userUrl(base, login), ...repeated]);
}

/** PUT /users/{login} */
export async function answerUserUpdate(exchange: Exchange, target: UserTarget): Promise<Answer> {
	const type = typeFor(exchange, target);
	const facts = factsIn(await documentOf(exchange));
	await exchange.context.accounts.userChanges.update(target.id, facts);
	return done(type, target.id);
}

/** DELETE /users/{login} */
export async function answerUserDeletion(exchange: Exchange, target: UserTarget): Promise<Answer> {
	const type = typeFor(exchange, target);
	await exchange.context.accounts.removeUser(target.id);
	return done(type, target.id);
}

/** POST /users/{login}/command/enable, and …/disable */
export function setDisabled(isDisabled: boolean) {
	return async (exchange: Exchange, target: UserTarget): Promise<Answer> => {
		const type = typeFor(exchange, target);
		await exchange.context.accounts.userChanges.setDisabled(target.id, isDisabled);
		return done(type, target.id);
	};
}

/** POST /users/{login}/command/reset-password */
export async function answerPasswordReset(exchange: Exchange, target: UserTarget): Promise<Answer> {
	const type = typeFor(exchange, target);
	const document = await documentOf(exchange);
	const { addressOf, accounts } = exchange.context;
	const address = addressOf(exchange.req);
	const password = neededText(document, "newPassword");
	await accounts.userChanges.resetPassword({ login: target.id, password, address });
	return done(type, target.id);
}

/** POST /users/{login}/command/change-password: by that user alone, and with a password. */
export async function answerPasswordChange(
	exchange: Exchange,
	target: UserTarget,
): Promise<Answer> {
	const { principal, context } = exchange;
	const isOwn = principal.name === target.id && ["password", "session"].includes(principal.via);
	if (!isOwn) throw new Refusal("unauthorized", { cause: "denied" });
	const type = typeFor(exchange, target);
	const document = await documentOf(exchange);
	const address = context.addressOf(exchange.req);
	const password = neededText(document, "newPassword");
	const current = neededText(document, "currentPassword");
	const change = { login: target.id, password, address };
	await context.accounts.userChanges.changePassword(current, change);
	return done(type, target.id);
}

function typeFor({ req }: Exchange, { query }: UserTarget): StructuredType {
	return negotiateType(req, query, STRUCTURED_TYPES);
}

function baseOfLinks({ req, context }: Exchange): string {
	return baseOf(req, context.settings.publicUrl);
}

function documentOf({ req, context }: Exchange): Promise<Document> {
	return readDocument(req, context.settings.bodyBytesMax);
}

async function userOf({ context }: Exchange, login: string): Promise<User> {
	const user = await context.accounts.users.get(login);
	if (user === undefined) throw new Refusal("user-not-found", { loginName: login.slice(0, 256) });
	return user;
}

function factsIn(document: Document) {
	const fullName = textIn(document, "fullName") ?? "";
	return { fullName, groups: textsIn(document, "groups") ?? [] };
}

function neededText(document: Document, field: string): string {
	const text = textIn(document, field);
	if (text === undefined) throw new Refusal("invalid-user", { field, reason: "it is missing" });
	return text;
}

function done(
	type: StructuredType,
	loginName: string,
	status = 200,
	headers: readonly string[] = [],
): Answer {
	const value = { loginName, ...SUCCESS };
	return answerStructured(type, { status, root: "UpdateResult", value }, headers);
}

function facts({ login, fullName, groups, isDisabled, version, updated }: User) {
	// One of the first start is in no log, so nothing of it has a time.
	const dateLastUpdated = version < 0 ? undefined : new Date(updated).toISOString();
	return { loginName: login, fullName, groups, dateLastUpdated, disabled: isDisabled };
}

function shown(user: User, base: string): Structure {
	const own = userUrl(base, user.login);
	const toggle = user.isDisabled ? "enable" : "disable";
	const command = (rel: string) => ({ href: `${own}/command/${rel}`, rel });
	const links = [
		command("reset-password"),
		command("change-password"),
		{ href: own, rel: "edit" },
		{ href: own, rel: "delete" },
		command(toggle),
	];
	return { ...facts(user), links };
}
