/** The options that say who may do what. */
import { isIPv4 } from "node:net";
import type { Option } from "../options.ts";

export type AccessSettings = {
	readonly allowAnonymous: boolean;
	readonly insecure: boolean;
};

export const ACCESS_OPTIONS = [
	{
		name: "allowAnonymous",
		flag: "allow-anonymous",
		kind: "yes-no",
		default: false,
		help: "Let clients without credentials in from beyond this machine, too. ACLs still count.",
	},
	{
		name: "insecure",
		flag: "insecure",
		kind: "yes-no",
		default: false,
		help: "Treat clients without credentials as admins, wherever the server lets them in.",
	},
] as const satisfies readonly Option[];

type Reached = Pick<AccessSettings, "allowAnonymous"> & {
	readonly host: string;
	readonly publicUrl: string | undefined;
	readonly trustedProxies: string | undefined;
};

/**
 * Whether the server lets in clients without credentials. A request that a proxy has passed on
 * needs `allowAnonymous` in any case.
 */
export function isOpen({ allowAnonymous, host, publicUrl, trustedProxies }: Reached): boolean {
	if (allowAnonymous) return true;
	return isLoopback(host) && publicUrl === undefined && trustedProxies === undefined;
}

/**
 * Whether only this machine can reach `host`. A name other than localhost may resolve to anything.
 */
export function isLoopback(host: string): boolean {
	return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
