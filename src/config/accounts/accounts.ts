/** The options of accounts: the first password, and how passwords are kept. */
import type { Option } from "../../options.ts";

export type AccountSettings = {
	readonly adminPassword: string | undefined;
	readonly insecureDefaults: boolean;
	readonly passwordCost: number;
};

export const ACCOUNT_OPTIONS = [
	{
		name: "adminPassword",
		flag: "admin-password",
		kind: "text",
		default: undefined,
		placeholder: "PASSWORD",
		isOffCommandLine: true,
		shown: () => "***",
		help: "Password of admin at the first start. Default: one that the server makes, in DIR/admin-password.",
	},
	{
		name: "insecureDefaults",
		flag: "insecure-defaults",
		kind: "yes-no",
		default: false,
		help: "Start a new store with the users of EventStore, admin and ops, whose password is changeit.",
	},
	{
		name: "passwordCost",
		flag: "password-cost",
		kind: "whole-number",
		default: 16,
		min: 10,
		max: 19,
		help: "Cost of a password's hash: one more doubles the time and memory of a login, 64 MiB at 16.",
	},
] as const satisfies readonly Option[];
