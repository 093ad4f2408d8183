/** Where a JSON value is not as a schema of the document says: as much of the language as it uses. */
import { DOCUMENT } from "./document.ts";

export type Schema = {
	readonly $ref?: string;
	readonly type?: string | readonly string[];
	readonly enum?: readonly unknown[];
	readonly const?: unknown;
	readonly required?: readonly string[];
	readonly properties?: { readonly [name: string]: Schema };
	readonly additionalProperties?: boolean | Schema;
	readonly items?: Schema;
	readonly anyOf?: readonly Schema[];
};

/**
 * A member that the schema does not name is a fault as well, unless the schema speaks of others:
 * what is sent is to be documented.
 */
export function faults(value: unknown, schema: Schema, at = "$"): string[] {
	if (schema.$ref !== undefined) return faults(value, named(schema.$ref), at);
	if (schema.anyOf) {
		const found = schema.anyOf.map((one) => faults(value, one, at));
		return found.some((none) => none.length === 0) ? [] : found.flat();
	}
	if (schema.type !== undefined && ![schema.type].flat().some((type) => isOf(value, type))) {
		return [`${at}: ${JSON.stringify(value)} is no ${schema.type}`];
	}
	const allowed = schema.enum ?? ("const" in schema ? [schema.const] : undefined);
	if (allowed && !allowed.includes(value)) return [`${at}: ${JSON.stringify(value)}`];
	if (Array.isArray(value)) {
		const { items } = schema;
		return items ? value.flatMap((one, index) => faults(one, items, `${at}[${index}]`)) : [];
	}
	return typeof value === "object" && value !== null ? ofMembers(value, schema, at) : [];
}

function ofMembers(value: object, schema: Schema, at: string): string[] {
	const { properties, required = [], additionalProperties } = schema;
	const missing = required
		.filter((name) => !Object.hasOwn(value, name))
		.map((name) => `${at}.${name} is missing`);
	const wrong = Object.entries(value).flatMap(([name, member]) => {
		const rest = additionalProperties ?? properties === undefined;
		const own = properties?.[name] ?? rest;
		if (typeof own === "boolean") return own ? [] : [`${at}.${name} is not in the schema`];
		return faults(member, own, `${at}.${name}`);
	});
	return [...missing, ...wrong];
}

function isOf(value: unknown, type: string): boolean {
	if (type === "array") return Array.isArray(value);
	if (type === "integer") return Number.isInteger(value);
	if (type === "object") {
		return typeof value === "object" && value !== null && !Array.isArray(value);
	}
	if (type === "null") return value === null;
	return typeof value === type;
}

function named(reference: string): Schema {
	const { schemas } = DOCUMENT.components as unknown as {
		readonly schemas: { readonly [name: string]: Schema };
	};
	const schema = schemas[reference.slice("#/components/schemas/".length)];
	if (!schema) throw new Error(`no schema ${reference}`);
	return schema;
}
