/** The options of TLS: whether the server speaks it itself, and what it asks of browsers. */
import { Refusal } from "../errors.ts";
import type { Option } from "../options.ts";

export type TlsSettings = {
	readonly tls: string;
	/** Files in PEM. */
	readonly tlsCert: string | undefined;
	readonly tlsKey: string | undefined;
	readonly tlsClientCa: string | undefined;
	readonly hstsMaxAge: number;
};

/** Ten years: more than any list of browsers asks for. */
const HSTS_SECONDS_MAX = 10 * 365 * 24 * 3600;

export const TLS_OPTIONS = [
	{
		name: "tls",
		flag: "tls",
		kind: "text",
		default: "auto",
		pattern: { test: /^(auto|off)$/, reason: "it must be auto or off" },
		help: "auto: https if --tls-cert is given; without it, no password from another machine is taken. off: plain http, for passwords, too.",
	},
	{
		name: "tlsCert",
		flag: "tls-cert",
		kind: "text",
		default: undefined,
		placeholder: "FILE",
		help: "Certificate in PEM, with those that lead to its authority behind it. SIGHUP reads it again.",
	},
	{
		name: "tlsKey",
		flag: "tls-key",
		kind: "text",
		default: undefined,
		placeholder: "FILE",
		help: "Private key of the certificate, in PEM. SIGHUP reads it again.",
	},
	{
		name: "tlsClientCa",
		flag: "tls-client-ca",
		kind: "text",
		default: undefined,
		placeholder: "FILE",
		help: "Authority in PEM whose client certificates stand for users: their common name is the login.",
	},
	{
		name: "hstsMaxAge",
		flag: "hsts-max-age",
		kind: "whole-number",
		default: 0,
		min: 0,
		max: HSTS_SECONDS_MAX,
		help: "Seconds for which browsers use https for every port of this host name. 0 says nothing to them.",
	},
] as const satisfies readonly Option[];

/** @throws Refusal `invalid-option` if the options of TLS do not fit each other */
export function checkTls({ tls, tlsCert, tlsKey, tlsClientCa }: TlsSettings): void {
	const given = tlsCert ?? tlsKey ?? tlsClientCa;
	if (given === undefined) return;
	const refuse = (option: string, value: string, reason: string) => {
		throw new Refusal("invalid-option", { option, value, reason });
	};
	if (tls === "off") refuse("--tls", "off", "a certificate is given, too; leave one out");
	if (tlsCert === undefined) refuse("--tls-cert", "", "it is missing; TLS needs a certificate");
	if (tlsKey === undefined)
		refuse("--tls-key", "", "it is missing; TLS needs the certificate's key");
}
