/**
 * The text of a session:
 *
 *     <login>.<end>.<signature>            of a user of the store; the login in Base64
 *     issuer.<facts>.<end>.<signature>     of a user of the issuer
 *
 * The facts are name and groups, as JSON in Base64. The end is in seconds since 1970. Whether the
 * signature is right, `sessions.ts` says.
 */
import { isTexts, membersOf } from "../json.ts";

/** What a browser shows. */
export type Shown = {
	readonly name: string;
	/** Undefined for a user of the store, who has the groups that the store knows. */
	readonly groups: readonly string[] | undefined;
	/** Milliseconds since 1970. */
	readonly endMs: number;
	/** All that is before the signature. */
	readonly head: string;
	readonly signature: string;
};

const OF_USER = /^([\w-]{1,400})\.(\d{1,12})\.([\w-]{43})$/;
const OF_ISSUER = /^issuer\.([\w-]{1,3500})\.(\d{1,12})\.([\w-]{43})$/;
/** With its name and what is said of it, a cookie has 4,096 bytes. */
const FACTS_LENGTH_MAX = 3500;

export function headOfUser(login: string, endSeconds: number): string {
	return `${Buffer.from(login).toString("base64url")}.${endSeconds}`;
}

/** @returns undefined if the groups are more than a cookie holds */
export function headOfIssued(
	{ name, groups }: { readonly name: string; readonly groups: readonly string[] },
	endSeconds: number,
): string | undefined {
	const facts = Buffer.from(JSON.stringify({ name, groups })).toString("base64url");
	return facts.length > FACTS_LENGTH_MAX ? undefined : `issuer.${facts}.${endSeconds}`;
}

/** @returns undefined if it is no session, or one whose time is over */
export function shownBy(text: string): Shown | undefined {
	const isIssued = text.startsWith("issuer.");
	const [, facts = "", end = "", signature = ""] =
		(isIssued ? OF_ISSUER : OF_USER).exec(text) ?? [];
	const endMs = Number(end) * 1000;
	if (signature === "" || endMs <= Date.now()) return undefined;
	const head = text.slice(0, -signature.length - 1);
	const bytes = Buffer.from(facts, "base64url");
	if (!isIssued) return { name: bytes.toString(), groups: undefined, endMs, head, signature };
	const { name, groups } = membersOf(bytes) ?? {};
	if (typeof name !== "string" || !isTexts(groups)) return undefined;
	return { name, groups, endMs, head, signature };
}
