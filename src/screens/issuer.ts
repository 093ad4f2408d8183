/** The login by way of the issuer, as the admin UI sees it. */

export interface IssuerLogin {
	/** The host of the issuer. */
	readonly name: string;

	/**
	 * @param to the path that the login leads to in the end
	 * @returns where to send the browser, and the headers that it keeps the login by
	 * @throws Refusal `issuer-unreachable`, `plain-credentials`
	 */
	start(to: string): Promise<{ readonly url: string; readonly headers: readonly string[] }>;

	/**
	 * For the browser that came back.
	 * @returns who has logged in, the path to go on with, and the headers that begin a session
	 * @throws Refusal `login-unfinished`, `issuer-unreachable`, `logins-busy`, `plain-credentials`
	 */
	finish(query: URLSearchParams): Promise<FinishedLogin>;

	/** The headers that end a login which was started. */
	forget(): readonly string[];
}

export type FinishedLogin = {
	readonly login: string;
	readonly to: string;
	readonly headers: readonly string[];
};
