/** The options of people's logins in a browser. */
import type { Option } from "../../options.ts";

export type SessionSettings = {
	/** Undefined for a key of the data directory. */
	readonly sessionKey: string | undefined;
	readonly sessionHours: number;
};

/** As many characters as 128 bits take in hexadecimal. */
const LONG_ENOUGH = /^.{32,}$/;

export const SESSION_OPTIONS = [
	{
		name: "sessionKey",
		flag: "session-key",
		kind: "text",
		default: undefined,
		pattern: { test: LONG_ENOUGH, reason: "it must have at least 32 characters" },
		shown: () => "***",
		help: "Secret that signs logins in a browser, the same on servers that share them. Default: one in the data directory.",
	},
	{
		name: "sessionHours",
		flag: "session-hours",
		kind: "whole-number",
		default: 12,
		min: 1,
		max: 24 * 30,
		help: "Hours after which a login in a browser ends.",
	},
] as const satisfies readonly Option[];
