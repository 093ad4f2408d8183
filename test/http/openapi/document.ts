/** The OpenAPI document as tests look at it: what it says of each operation, references followed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../structure/source.ts";
import type { Schema } from "./schema.ts";

export type Media = { readonly schema: Schema; readonly example?: unknown };
export type Content = { readonly [type: string]: Media };
export type Parameter = {
	readonly name: string;
	readonly in: "path" | "query" | "header";
	readonly example?: unknown;
};
export type Operation = {
	readonly operationId: string;
	readonly path: string;
	readonly method: string;
	readonly parameters: readonly Parameter[];
	/** By media type. */
	readonly body: Content;
	readonly responses: { readonly [status: string]: { readonly content?: Content } };
};

type Item = { readonly [member: string]: unknown };

export const FILE = join(ROOT, "openapi.json");
export const TEXT = readFileSync(FILE, "utf8");
export const DOCUMENT = JSON.parse(TEXT) as {
	readonly info: { readonly version: string };
	readonly paths: { readonly [path: string]: Item };
	readonly components: {
		readonly schemas: {
			readonly Problem: { readonly properties: { readonly type: { readonly enum: string[] } } };
		};
	};
};

const METHODS = ["get", "post", "delete", "put", "patch", "head", "options"];

export function operations(): Operation[] {
	return Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
		METHODS.filter((method) => method in item).map((method) => operation(path, method, item)),
	);
}

/** Every `$ref` replaced by what it points to. */
function followed(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(followed);
	if (typeof value !== "object" || value === null) return value;
	const { $ref } = value as { $ref?: string };
	// A schema may hold itself; none of these tests looks into one.
	if ($ref?.startsWith("#/components/schemas/")) return value;
	if ($ref !== undefined) return followed(pointed($ref));
	return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, followed(one)]));
}

function pointed(reference: string): unknown {
	return reference
		.slice("#/".length)
		.split("/")
		.reduce<unknown>((at, name) => (at as Item)[name], DOCUMENT);
}

function operation(path: string, method: string, item: Item): Operation {
	const own = followed(item[method]) as {
		readonly operationId: string;
		readonly parameters?: readonly Parameter[];
		readonly requestBody?: { readonly content: Content };
		readonly responses: Operation["responses"];
	};
	const shared = (followed(item.parameters) ?? []) as readonly Parameter[];
	return {
		operationId: own.operationId,
		path,
		method: method.toUpperCase(),
		parameters: [...shared, ...(own.parameters ?? [])],
		body: own.requestBody?.content ?? {},
		responses: own.responses,
	};
}
