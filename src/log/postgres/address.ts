/**
 * The address of a log in a database: `postgres://user:password@host:5432/database?schema=varve`.
 * The password is shown nowhere.
 */
import { Refusal } from "../../errors.ts";

export type StoreAddress = {
	/** As the driver takes it, with the password. */
	readonly connection: string;
	/** The schema that holds the log. */
	readonly schema: string;
	/** Whether statements are prepared by name; some poolers cannot have that. */
	readonly prepares: boolean;
	/** As logs and refusals name it. */
	readonly shown: string;
};

export const DEFAULT_SCHEMA = "varve";
/** PostgreSQL cuts longer names off, so two schemas would be one. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,58}$/;
const SCHEMES: ReadonlySet<string> = new Set(["postgres:", "postgresql:"]);

export function isStoreAddress(text: string): boolean {
	return /^postgres(?:ql)?:\/\//.test(text);
}

/** @throws Refusal `invalid-option` */
export function parseStoreAddress(text: string): StoreAddress {
	const url = parsed(text);
	const { searchParams } = url;
	const schema = searchParams.get("schema") ?? DEFAULT_SCHEMA;
	if (!SCHEMA.test(schema)) {
		throw invalid(text, "its schema must be a word of lower case letters, digits and _");
	}
	const prepare = searchParams.get("prepare") ?? "yes";
	if (prepare !== "yes" && prepare !== "no") throw invalid(text, "its prepare must be yes or no");
	searchParams.delete("schema");
	searchParams.delete("prepare");
	return {
		connection: url.href,
		schema,
		prepares: prepare === "yes",
		shown: storeShown(text),
	};
}

/** The address without its password. */
export function storeShown(text: string): string {
	try {
		const url = urlOf(text);
		if (url.password !== "") url.password = "***";
		for (const name of [...url.searchParams.keys()]) {
			if (/password|key/i.test(name)) url.searchParams.set(name, "***");
		}
		return url.href;
	} catch {
		return "postgres://***";
	}
}

function parsed(text: string): URL {
	let url: URL;
	try {
		url = urlOf(text);
	} catch {
		throw invalid(text, "it must be a URL such as postgres://varve@db.example:5432/varve");
	}
	if (!SCHEMES.has(url.protocol)) throw invalid(text, "it must begin with postgres://");
	return url;
}

/** The address of a socket may have no host, and its folder as a parameter. */
function urlOf(text: string): URL {
	return new URL(text.replace(/^(postgres(?:ql)?:\/\/[^/?@]*@)(?=\/)/, "$1localhost"));
}

function invalid(text: string, reason: string): Refusal {
	return new Refusal("invalid-option", { option: "store", value: storeShown(text), reason });
}
