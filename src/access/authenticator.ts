/** Says who sends a request. */
import type { IncomingMessage } from "node:http";
import { ANONYMOUS, type Principal } from "./principal.ts";

export interface Authenticator {
	/**
	 * The principal whose credential the request carries; `ANONYMOUS` if it carries none. At once if
	 * the credential is remembered: the fast lane waits for nothing else.
	 * @throws Refusal `unauthorized` if the credential is wrong; `logins-busy`
	 */
	principalOf(req: IncomingMessage): Principal | Promise<Principal>;
}

/** Knows no credentials: everyone is anonymous. */
export const NOBODY: Authenticator = { principalOf: () => ANONYMOUS };
