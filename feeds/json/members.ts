/**
 * Reads members of a received document: null counts as missing, and a wrong type is refused with
 * its place.
 */
import { FeedFormatError } from "../errors.ts";

export type Json = { readonly [name: string]: unknown };

export function objectOf(value: unknown, at: string): Json {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
	throw new FeedFormatError(`${at} is not an object`);
}

export function arrayIn(json: Json, name: string, at: string): readonly unknown[] {
	const value = json[name];
	if (Array.isArray(value)) return value;
	throw new FeedFormatError(`${at}.${name} is not an array`);
}

export function textIn(json: Json, name: string, at: string): string {
	const value = optionalText(json, name, at);
	if (value !== undefined) return value;
	throw new FeedFormatError(`${at}.${name} is missing`);
}

export function optionalText(json: Json, name: string, at: string): string | undefined {
	const value = json[name] ?? undefined;
	if (value === undefined || typeof value === "string") return value;
	throw new FeedFormatError(`${at}.${name} is not a string`);
}

export function optionalInteger(json: Json, name: string, at: string): number | undefined {
	const value = json[name] ?? undefined;
	if (value === undefined || Number.isSafeInteger(value)) return value as number | undefined;
	throw new FeedFormatError(`${at}.${name} is not a whole number`);
}
