/** The options of what the server sends by itself: webhooks, and its hub. */
import { parseNetworks } from "../../networks.ts";
import type { Option } from "../../options.ts";

export type PushSettings = {
	readonly pushAllow: string | undefined;
	readonly pushCa: string | undefined;
	readonly pushAttemptsMax: number;
	readonly pushKey: string | undefined;
	readonly hub: boolean;
};

export const PUSH_OPTIONS = [
	{
		name: "pushAllow",
		flag: "push-allow",
		kind: "text",
		default: undefined,
		pattern: {
			test: { test: (text) => parseNetworks(text) !== undefined },
			reason: "it must be a list of addresses and networks such as 10.0.0.0/8, ::1",
		},
		help: "Networks of yours that webhooks may reach, also by plain HTTP, such as 10.0.0.0/8, ::1. Default: none.",
	},
	{
		name: "pushCa",
		flag: "push-ca",
		kind: "text",
		default: undefined,
		placeholder: "FILE",
		help: "Authorities of the certificates of your targets, in PEM, in place of the usual ones.",
	},
	{
		name: "pushAttemptsMax",
		flag: "push-attempts-max",
		kind: "whole-number",
		default: 128,
		min: 1,
		max: 10_000,
		help: "Requests to targets that may be under way, all webhooks together.",
	},
	{
		name: "pushKey",
		flag: "push-key",
		kind: "text",
		default: undefined,
		isOffCommandLine: true,
		shown: () => "***",
		pattern: { test: /^.{32,1024}$/, reason: "it must have at least 32 characters" },
		help: "What the secrets of webhooks are made of. Default: a file in the data directory.",
	},
	{
		name: "hub",
		flag: "hub",
		kind: "yes-no",
		default: false,
		help: "Be a WebSub hub: the newest pages of streams name it, and subscribers get new entries.",
	},
] as const satisfies readonly Option[];
